import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { fieldManager } from '../platform/kubectl.ts'
import { listOf } from '../platform/manifests.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { testChannel } from '../testing/test-channel.ts'
import { topicsOf } from '../testing/topics.ts'

const small = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } } as const
const channel = 'steady'
let stage: Stage

beforeAll(async () => {
  stage = await openStage('channel-life')
  await stage.apply(testChannel(stage, { name: channel, spec: small }))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

const topic = (name: string, namespace = stage.namespace): string => `${namespace}.${name}`
const withPolicy = (name: string, deletionPolicy: 'Retain' | 'Delete') =>
  testChannel(stage, { name, spec: { ...small, topic: { partitions: 1, deletionPolicy }, route: { type: 'None' } } })

it('a channel shows no drift after it was applied', async () => {
  const manifest = testChannel(stage, { name: channel, spec: small })
  const diff = await stage.kubectl(['diff', '--server-side', '--force-conflicts', `--field-manager=${fieldManager}`, '--filename', '-'], {
    input: listOf([manifest]),
  })
  expect(diff).toMatchObject({ code: 0, stdout: '' })
})

it('a channel leaves its topic under Retain, and deletes it under Delete', async () => {
  await stage.apply(withPolicy('kept', 'Retain'), withPolicy('dropped', 'Delete'))
  await stage.reaches('rtc/kept', 'condition=Ready')
  await stage.reaches('rtc/dropped', 'condition=Ready')
  expect(await topicsOf(stage)).toEqual(expect.arrayContaining([topic('kept'), topic('dropped')]))
  await stage.demand(['delete', 'rtc', 'kept', 'dropped', '--wait', '--timeout=120s'])
  const left = await topicsOf(stage)
  expect(left).toContain(topic('kept'))
  expect(left).not.toContain(topic('dropped'))
})

it('a channel finds its topic again when it comes back, and a foreground deletion takes all of its objects', async () => {
  await stage.apply(withPolicy('kept', 'Retain'))
  await stage.reaches('rtc/kept', 'condition=Ready')
  await stage.demand(['delete', 'rtc/kept', '--cascade=foreground', '--wait', '--timeout=120s'])
  expect(
    await stage.demand([
      'get',
      'deployments,services,serviceaccounts,poddisruptionbudgets,networkpolicies',
      '--selector',
      'app.kubernetes.io/instance=kept',
      '--output',
      'name',
    ]),
  ).toBe('')
})

it('a channel goes with its namespace, and does not hold it', async () => {
  const inner = await openStage('channel-life-inner')
  await inner.apply(
    testChannel(inner, { name: 'short', spec: { ...small, topic: { partitions: 1, deletionPolicy: 'Delete' }, route: { type: 'None' } } }),
  )
  await inner.reaches('rtc/short', 'condition=Ready')
  await stage.demand(['delete', 'namespace', inner.namespace, '--wait', '--timeout=120s'])
  await expect.poll(() => topicsOf(stage), { interval: 1000 }).not.toContain(topic('short', inner.namespace))
})
