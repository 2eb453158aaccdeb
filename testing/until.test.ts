import { expect, it } from 'vitest'
import { until } from './until.ts'

it('waits until the condition holds, and names what did not happen in time', async () => {
  let asked = 0
  await until(() => ++asked > 2, { seconds: 5, what: 'three questions', everyMs: 1 })
  expect(asked).toBe(3)
  await expect(until(() => false, { seconds: 0.01, what: 'the end', everyMs: 1 })).rejects.toThrow('waited 0.01 s for the end')
})

it('stops waiting when the condition cannot hold any more', async () => {
  await expect(until(() => false, { what: 'the end', isPossible: () => false })).rejects.toThrow(
    'waited for the end, but that cannot happen any more',
  )
})
