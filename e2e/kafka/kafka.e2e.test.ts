import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRandom, planEvents, planUsers } from '../proof/plan.ts'
import { kafkaObjects } from '../platform/manifests.ts'
import { type Crowd, flawless, openCrowd, settleAndJudge, sinceNow, type Witness } from '../testing/audience-of-users.ts'
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
  // Of its own: what is done to it would hurt the other suites.
  const { objects, bootstrapServers } = kafkaObjects(stage.namespace, { brokers: 3 })
  await stage.apply(...objects)
  await stage.demand(['rollout', 'status', 'statefulset/kafka', '--timeout=200s'])
  // The topic goes with its Kafka. A channel that were to delete it would wait for a Kafka that is going, and hold the namespace for five minutes.
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

/** Emits while something happens to Kafka; emits that fail are tried again, as a service would. Nobody may miss anything, nor get it twice. */
async function expectNobodyToMiss(name: string, happens: () => Promise<void>): Promise<void> {
  const witnesses = sinceNow(crowd)
  const events = planEvents(300, users, createRandom(name.length)).map((event) => ({ ...event, id: `${name} ${event.id}` }))
  const [{ abandoned }] = await Promise.all([crowd.emit(events, 20_000), happens()])
  const judgement = await settleAndJudge(crowd, `Kafka: ${name}`, { witnesses, events, abandoned })
  expect(judgement).toMatchObject({ ...flawless, delivered: judgement.owed })
}

/** All brokers are there, and all of them have all there is. */
async function isWhole(): Promise<void> {
  await stage.demand(['rollout', 'status', 'statefulset/kafka', '--timeout=200s'])
  const lacking = (): Promise<string> =>
    askTopics(stage, ['--describe', '--under-replicated-partitions'], stage.namespace).catch(() => 'no answer')
  await until(async () => (await lacking()).trim() === '', { what: 'all replicas to be in sync', everyMs: 1000 })
}

it('delivers all when one of three brokers is killed, with its disk', () =>
  expectNobodyToMiss('broker killed', async () => {
    await stage.demand(['delete', 'pod', 'kafka-1', '--grace-period=0', '--force'])
    await isWhole()
  }))

it('delivers all when the brokers are restarted, one after the other', () =>
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

it('delivers all when the topic gets more partitions', () =>
  expectNobodyToMiss('partitions grown', async () => {
    await stage.demand(['patch', `rtc/${channel}`, '--type=merge', '--patch', '{"spec": {"topic": {"partitions": 6}}}'])
    await stage.reaches(`rtc/${channel}`, 'jsonpath={.status.topic.partitions}=6')
  }))

it('makes a topic anew that was deleted behind its back, and clients go on after an honest gap', async () => {
  const topicId = (): Promise<string> => stage.demand(['get', `rtc/${channel}`, '--output', 'jsonpath={.status.topic.id}'])
  const before = await topicId()
  const gapsBefore = crowd.clients.map((client) => client.gaps.length)
  const gaps = (): number => crowd.clients.filter((client, index) => client.gaps.length > (gapsBefore[index] ?? 0)).length
  await askTopics(stage, ['--delete', '--topic', `${stage.namespace}.${channel}`], stage.namespace)
  // Kafka tells nobody: the operator sees it when it looks at the channel next.
  await stage.demand(['annotate', `rtc/${channel}`, 'e2e=look'])
  await until(async () => (await topicId()) !== before, { what: 'another topic', everyMs: 1000 })
  await stage.rolledOut(gatewayOf(channel))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  await until(() => gaps() === crowd.clients.length, { what: 'all clients to be told of the gap' })
  await until(() => crowd.clients.every(({ isOpen }) => isOpen), { what: 'all clients to be connected' })
  const witnesses = sinceNow(crowd)
  const events = planEvents(60, users, createRandom(60)).map((event) => ({ ...event, id: `anew ${event.id}` }))
  const { abandoned } = await crowd.emit(events, 3000)
  const since = (): readonly Witness[] => witnesses().map((witness) => ({ ...witness, gaps: [] }))
  const judgement = await settleAndJudge(crowd, 'Kafka: topic deleted and made anew', { witnesses: since, events, abandoned })
  expect(judgement).toMatchObject({ ...flawless, delivered: judgement.owed })
})
