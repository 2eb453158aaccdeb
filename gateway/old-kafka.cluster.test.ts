import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createClusterAdmin, type ClusterAdmin } from './testing/failover/cluster-admin.ts'
import { type Pod, startPod } from './testing/failover/pod.ts'
import { startPoison } from './testing/failover/poison.ts'
import { copiesIn, poisonIn } from './testing/failover/read-topic.ts'
import { type KafkaCluster, startKafkaCluster } from '../testing/kafka/kafka-cluster.ts'
import { installKafka } from '../testing/kafka/old-kafka.ts'
import { openSocket, type TestSocket } from './testing/test-socket.ts'

/** The last Kafka before 4: clusters live long. Maven gets it once. */

const topic = 'old'
let cluster: KafkaCluster
let admin: ClusterAdmin
let pod: Pod
let token = ''

beforeAll(async () => {
  cluster = await startKafkaCluster({ size: 1, command: await installKafka('3.9.1') })
  admin = createClusterAdmin(cluster.internal)
  await admin.createTopic(topic, [[1], [1], [1]])
  await admin.createTopic(`${topic}.dlq`, [[1], [1], [1]])
  pod = await startPod('A', { KAFKA_BROKERS: cluster.bootstrap.join(','), KAFKA_TOPIC: topic })
  await pod.untilReady(30_000)
  token = await pod.token('ann')
}, 700_000) // the first time Maven fetches it

afterAll(async () => {
  await pod?.kill()
  await cluster?.stop()
})

const open = (cursor: string): Promise<TestSocket> => openSocket(pod.socketUrl, { token, cursor })
const cursorOf = (socket: TestSocket): string => socket.messages.findLast((event) => event.cursor !== undefined)?.cursor ?? ''

/** Emits until accepted: a topic that was just made may have no leader yet. */
async function emit(id: string): Promise<void> {
  const message = JSON.stringify({ id, type: 't', broadcast: true })
  await vi.waitFor(async () =>
    expect((await fetch(`${pod.url}/api/chrome-service/v1/emit-message`, { method: 'POST', body: message })).status).toBe(202),
  )
}

it('events are emitted, delivered, and resumed by cursor, with Kafka 3.9', async () => {
  const socket = await open('latest')
  const live = Array.from({ length: 20 }, (_, index) => `live-${index}`)
  await Promise.all(live.map(emit))
  await Promise.all(live.map((id) => socket.untilReceived(id)))
  const cursor = cursorOf(socket)
  socket.terminate()
  const away = Array.from({ length: 20 }, (_, index) => `away-${index}`)
  await Promise.all(away.map(emit))
  const again = await open(cursor)
  // An event that was accepted a moment ago may come after `resumed`, because the pod had not read it yet.
  await Promise.all(['!resumed', ...away].map((what) => again.untilReceived(what)))
  again.terminate()
  expect(again.ids.filter((what) => !what.startsWith('!')).toSorted()).toEqual(away.toSorted())
})

it('each poison record is copied to the dead letter topic once, with Kafka 3.9', async () => {
  const poison = await startPoison({ brokers: cluster.internal, topic, partitions: 3, rate: 20 })
  await vi.waitFor(async () => expect((await admin.ends(topic)).reduce((sum, end) => sum + end, 0)).toBeGreaterThan(55))
  await poison.stop()
  const written = await poisonIn(cluster.internal, topic, await admin.ends(topic))
  expect(written.length).toBeGreaterThan(10)
  await vi.waitFor(
    async () => expect((await copiesIn(cluster.internal, `${topic}.dlq`)).map((copy) => copy.of).toSorted()).toEqual(written),
    { timeout: 20_000, interval: 500 },
  )
})

it('a recreated topic is another epoch: clients get a gap and then new events, with Kafka 3.9', async () => {
  const socket = await open('latest')
  await socket.untilReceived('!resumed')
  await admin.deleteTopic(topic)
  await admin.createTopic(topic, [[1], [1], [1]])
  await vi.waitFor(() => expect(socket.ids).toContain('!gap'))
  await emit('in the new topic')
  await socket.untilReceived('in the new topic')
  const gaps = socket.messages.filter(({ type }) => type === 'dev.carillon.gap')
  socket.terminate()
  expect(gaps.map(({ data }) => data)).toMatchObject([{ reason: 'epoch' }])
})
