import { expect, it } from 'vitest'
import { waitFor, waitForDefinitions } from './kubectl.ts'

const answering = (...results: readonly { readonly code: number; readonly stderr: string }[]) => {
  const left = [...results]
  return { left, run: async () => ({ stdout: '', ...(left.shift() ?? { code: 0, stderr: '' }) }) }
}
const tooNew = { code: 1, stderr: 'error: .status.conditions accessor error: <nil> is of the type <nil>, expected []interface{}' }

it('waitFor asks again for a definition that is too new to have conditions', async () => {
  const { run, left } = answering(tooNew, tooNew, { code: 0, stderr: '' })
  expect(await waitForDefinitions(run, ['a.b'], { seconds: 5, pauseMs: 0 })).toMatchObject({ code: 0 })
  expect(left).toEqual([])
})

it('waitFor waits for an object that does not exist yet', async () => {
  const { run, left } = answering(
    { code: 1, stderr: 'Error from server (NotFound): httproutes.gateway.networking.k8s.io "news-gateway" not found' },
    { code: 0, stderr: '' },
  )
  expect(await waitFor(run, 'condition=Ready', 'httproute/news-gateway', { namespace: 'shop', seconds: 5, pauseMs: 0 })).toMatchObject({
    code: 0,
  })
  expect(left).toEqual([])
})

it('waitFor reports any other failure at once, and gives up after its time', async () => {
  const { run, left } = answering({ code: 1, stderr: 'no such definition' }, tooNew)
  expect(await waitForDefinitions(run, ['a.b'], { seconds: 5, pauseMs: 0 })).toMatchObject({ code: 1, stderr: 'no such definition' })
  expect(left).toHaveLength(1)
  expect(await waitForDefinitions(answering(tooNew, tooNew).run, ['a.b'], { seconds: -1, pauseMs: 0 })).toMatchObject(tooNew)
})
