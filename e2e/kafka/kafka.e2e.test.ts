import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRandom, planEvents, planUsers } from '../proof/plan.ts'
import { kafkaObjects } from '../platform/manifests.ts'
import { type Crowd, flawless, openCrowd, settleAndCheck, sinceNow, type Witness } from '../testing/audience-of-users.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf } from '../testing/test-channel.ts'
import { askTopics } from '../testing/topics.ts'
import { until } from '../../testing/until.ts'

const channel = 'sturdy'
const users = planUsers(20, 4)
let stage: Stage
let crowd: Crowd

beforeAll(async () => {
  stage = await openStage('kafka')
  // A Kafka of its own: these tests would hurt the other suites.
  const { objects, bootstrapServers } = kafkaObjects(stage.namespace, { brokers: 3 })
  await stage.apply(...objects)
  await stage.demand(['rollout', 'status', 'statefulset/kafka', '--timeout=200s'])
  // The topic goes with its Kafka. A channel that deletes its topic would wait for a Kafka that is going, and hold the namespace for five
  // minutes.
  crowd = await openCrowd(stage, {
    channel,
    spec: { kafka: { bootstrapServers }, topic: { partitions: 3, replicas: 3, deletionPolicy: 'Retain' } },
    users,
    clients: 60,
  })
})
afterAll(async () => {
  crowd?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Emits while something happens to Kafka; failed emits are retried, as a service would. No client may miss an event or get one twice. */
async function expectNobodyToMiss(name: string, happens: () => Promise<void>): Promise<void> {
  const witnesses = sinceNow(crowd)
  const events = planEvents(300, users, createRandom(name.length)).map((event) => ({ ...event, id: `${name} ${event.id}` }))
  const [{ abandoned }] = await Promise.all([crowd.emit(events, 20_000), happens()])
  const verdict = await settleAndCheck(crowd, `Kafka: ${name}`, { witnesses, events, abandoned })
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
}

/** All brokers are up, with all replicas in sync. */
async function isWhole(): Promise<void> {
  await stage.demand(['rollout', 'status', 'statefulset/kafka', '--timeout=200s'])
  const lacking = (): Promise<string> =>
    askTopics(stage, ['--describe', '--under-replicated-partitions'], stage.namespace).catch(() => 'no answer')
  await until(async () => (await lacking()).trim() === '', { what: 'all replicas to be in sync', everyMs: 1000 })
}

it('a channel delivers everything when one of three brokers is killed with its disk', () =>
  expectNobodyToMiss('broker killed', async () => {
    await stage.demand(['delete', 'pod', 'kafka-1', '--grace-period=0', '--force'])
    await isWhole()
  }))

it('a channel delivers everything when the brokers restart one after the other', () =>
  expectNobodyToMiss('brokers restarted', async () => {
    for (const broker of ['kafka-0', 'kafka-1', 'kafka-2']) {
      const restarts = await restartsOf(broker)
      await stage.demand(['exec', broker, '--', 'sh', '-c', 'kill -TERM 1'])
      await until(async () => (await restartsOf(broker)) !== restarts, { what: `${broker} to be started again`, everyMs: 500 })
      await isWhole()
    }
  }))

const restartsOf = (pod: string): Promise<string> =>
  stage.demand(['get', `pod/${pod}`, '--output', 'jsonpath={.status.containerStatuses[0].restartCount}'])

it('a channel delivers everything when the topic gets more partitions', () =>
  expectNobodyToMiss('partitions grown', async () => {
    await stage.demand(['patch', `rtc/${channel}`, '--type=merge', '--patch', '{"spec": {"topic": {"partitions": 6}}}'])
    await stage.reaches(`rtc/${channel}`, 'jsonpath={.status.topic.partitions}=6')
  }))

it('a channel recreates its topic after a deletion, and clients go on after a gap', async () => {
  const topicId = (): Promise<string> => stage.demand(['get', `rtc/${channel}`, '--output', 'jsonpath={.status.topic.id}'])
  const before = await topicId()
  const gapsBefore = crowd.clients.map((client) => client.gaps.length)
  const gaps = (): number => crowd.clients.filter((client, index) => client.gaps.length > (gapsBefore[index] ?? 0)).length
  await askTopics(stage, ['--delete', '--topic', `${stage.namespace}.${channel}`], stage.namespace)
  // Kafka sends no notice: the operator sees it at its next look at the channel.
  await stage.demand(['annotate', `rtc/${channel}`, 'e2e=look'])
  await until(async () => (await topicId()) !== before, { what: 'another topic', everyMs: 1000 })
  await stage.rolledOut(gatewayOf(channel))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  await until(() => gaps() === crowd.clients.length, { what: 'all clients to get the gap' })
  await until(() => crowd.clients.every(({ isOpen }) => isOpen), { what: 'all clients to be connected' })
  const witnesses = sinceNow(crowd)
  const events = planEvents(60, users, createRandom(60)).map((event) => ({ ...event, id: `again ${event.id}` }))
  const { abandoned } = await crowd.emit(events, 3000)
  const since = (): readonly Witness[] => witnesses().map((witness) => ({ ...witness, gaps: [] }))
  const verdict = await settleAndCheck(crowd, 'Kafka: topic deleted and recreated', { witnesses: since, events, abandoned })
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
})
