import { afterEach, describe, expect, it } from 'vitest'
import { useKafka } from '../../../../testing/use.ts'
import { freeze, thaw } from '../../../../testing/frozen-group.ts'
import { useTestClient, type KafkaTestOptions } from '../testing/test-topic.ts'
import { startWorker, type RunningWorker } from './testing/dead-letter-rig.ts'
import { startHoldingProxy, type HoldingProxy } from './testing/holding-proxy.ts'

const broker = useKafka()
const client = useTestClient(broker)
let running: RunningWorker[] = []
let proxies: HoldingProxy[] = []

afterEach(async () => {
  const stopping = running
  running = []
  await Promise.all(stopping.map(({ worker }) => worker.stop()))
  await Promise.all(proxies.map((proxy) => proxy.close()))
  proxies = []
})

const waiting = { timeout: 60_000, interval: 100 }

function start(topic: string, options: Partial<KafkaTestOptions> = {}): RunningWorker {
  const worker = startWorker({ kafkaBrokers: broker.brokers, kafkaTopic: topic, ...options })
  running.push(worker)
  return worker
}

async function startProxy(): Promise<HoldingProxy> {
  const proxy = await startHoldingProxy(broker.port)
  proxies.push(proxy)
  return proxy
}

async function makeTopics(partitions: number, dlqPartitions = partitions): Promise<string> {
  const topic = await client.createTopic(partitions)
  await client.createTopic(dlqPartitions, {}, `${topic}.dlq`)
  return topic
}

const letters = async (topic: string): Promise<readonly string[]> =>
  (await client.readAll(`${topic}.dlq`)).map(({ value }) => String(value)).sort()
const groupOffset = async (topic: string): Promise<number> =>
  Number((await client.admin.fetchOffsets({ groupId: `carillon.${topic}.dlq`, topics: [topic] }))[0]?.partitions[0]?.offset)
const apiKeys = { offsetCommit: 8, endTransaction: 26, transactionOffsets: 28 }

describe('the dead letter worker in trouble', () => {
  // K4: the partition count of the start was believed permanently. A dead letter went to no partition, and was counted as copied.
  it('loses nothing when its topic is recreated with fewer partitions', async () => {
    const topic = await makeTopics(2, 8)
    start(topic)
    await client.append(topic, [
      { partition: 0, value: 'bad-1' },
      { partition: 1, value: 'bad-2' },
    ])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2'])
    await client.admin.deleteTopics({ topics: [`${topic}.dlq`] })
    await client.createTopic(1, {}, `${topic}.dlq`)
    await client.append(topic, [
      { partition: 0, value: 'bad-3' },
      { partition: 1, value: 'bad-4' },
    ])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-3', 'bad-4'])
  })

  // KS5: a plain commit that arrived behind a transaction took the group back, and the next owner copied a second time.
  it('copies once when requests for progress are slow, and the worker dies after them', async () => {
    const topic = await makeTopics(1)
    const proxy = await startProxy()
    const first = start(topic, { kafkaBrokers: proxy.brokers })
    await client.append(topic, [{ partition: 0, value: 'bad-1' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1'])
    proxy.hold(apiKeys.offsetCommit)
    await client.append(topic, [{ partition: 0, value: 'good' }])
    await expect.poll(() => first.metrics.value('dlqLag'), waiting).toBe(0)
    // The time that the plain commits of old would have taken to come, and be held.
    const heldAt = performance.now()
    await expect.poll(() => proxy.held > 0 || performance.now() - heldAt > 4_000, waiting).toBe(true)
    await client.append(topic, [{ partition: 0, value: 'bad-2' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2'])
    const before = await groupOffset(topic)
    proxy.release()
    await expect.poll(() => performance.now() - heldAt > 6_000, waiting).toBe(true)
    expect(await groupOffset(topic)).toBeGreaterThanOrEqual(before)
    proxy.cut()
    void first.worker.stop()
    proxy.cut()
    start(topic)
    await client.append(topic, [{ partition: 0, value: 'bad-3' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2', 'bad-3'])
    expect(proxy.seen(apiKeys.offsetCommit)).toBe(0)
  })

  it.each([
    ['end', apiKeys.endTransaction],
    ['offsets', apiKeys.transactionOffsets],
  ])('copies once when the %s of a transaction arrives after another worker has taken over', async (_what, apiKey) => {
    const topic = await makeTopics(1)
    const proxy = await startProxy()
    const first = start(topic, { kafkaBrokers: proxy.brokers })
    await client.append(topic, [{ partition: 0, value: 'bad-1' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1'])
    proxy.hold(apiKey)
    await client.append(topic, [{ partition: 0, value: 'bad-2' }])
    await expect.poll(() => proxy.held, waiting).toBeGreaterThan(0)
    // It leaves the group, and its requests are still in transit.
    const stopping = first.worker.stop()
    start(topic)
    await client.append(topic, [{ partition: 0, value: 'bad-3' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2', 'bad-3'])
    proxy.release()
    await stopping
    await client.append(topic, [{ partition: 0, value: 'bad-4' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2', 'bad-3', 'bad-4'])
  })

  // KS9: after an outage the next copy came up to a minute later, and no metric showed it.
  it('goes on within seconds when the broker answers again, and its metrics show the outage', async () => {
    const topic = await makeTopics(1)
    const { metrics } = start(topic, { kafkaStallTimeoutMs: 2_000 })
    await client.append(topic, [{ partition: 0, value: 'bad-1' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1'])
    await expect.poll(() => [metrics.value('dlqHealthy'), metrics.value('dlqLag')], waiting).toEqual([1, 0])
    await freeze(broker.pid)
    try {
      await expect.poll(() => metrics.value('dlqHealthy'), waiting).toBe(0)
    } finally {
      thaw(broker.pid)
    }
    await client.append(topic, [{ partition: 0, value: 'bad-2' }])
    const backAt = performance.now()
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2'])
    expect(performance.now() - backAt).toBeLessThan(20_000)
    await expect.poll(() => [metrics.value('dlqHealthy'), metrics.value('dlqLag')], waiting).toEqual([1, 0])
  })

  // K6: each partition with undecodable records had a producer with its own connections as long as the pod lived: 200 partitions, 205
  // connections.
  it('has eight producers open at most', async () => {
    const topic = await makeTopics(24, 1)
    const before = await connectionsTo(broker.port)
    start(topic)
    const values = Array.from({ length: 24 }, (_, partition) => `bad-${partition}`)
    // One by one: the test's own producer sends all of a request again when one leader was not there yet.
    for (const [partition, value] of values.entries()) await client.append(topic, [{ partition, value }])
    const written = (await client.readAll(topic)).map(({ value }) => String(value)).sort()
    expect(new Set(written)).toEqual(new Set(values))
    await expect.poll(() => letters(topic), waiting).toEqual(written)
    // A producer has two connections: 24 of them would be 48, and stay for 30 s.
    await expect.poll(async () => (await connectionsTo(broker.port)) - before, { timeout: 10_000, interval: 50 }).toBeLessThan(36)
    expect(await connectionsTo(broker.port)).toBeGreaterThan(before + 8)
  })

  it('reads a recreated topic from its beginning', async () => {
    const topic = await makeTopics(1)
    start(topic)
    await client.append(
      topic,
      ['bad-1', 'bad-2', 'bad-3'].map((value) => ({ partition: 0, value })),
    )
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2', 'bad-3'])
    await client.admin.deleteTopics({ topics: [topic] })
    await client.createTopic(1, {}, topic)
    // More records than before: by the group's old progress, the worker would go on in the middle of the new topic.
    await client.append(
      topic,
      ['bad-4', 'bad-5', 'bad-6', 'bad-7'].map((value) => ({ partition: 0, value })),
    )
    const all = ['bad-1', 'bad-2', 'bad-3', 'bad-4', 'bad-5', 'bad-6', 'bad-7']
    await expect.poll(() => letters(topic), waiting).toEqual(all)
    // Records after that are behind the group's new progress, each once.
    await client.append(topic, [{ partition: 0, value: 'bad-8' }])
    await expect.poll(() => letters(topic), waiting).toEqual([...all, 'bad-8'])
    expect(await groupOffset(topic)).toBe(5)
  })
})

/** Returns the number of connections of this process to the port. */
async function connectionsTo(port: number): Promise<number> {
  const { readFile } = await import('node:fs/promises')
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = (await Promise.all(['tcp', 'tcp6'].map((file) => readFile(`/proc/self/net/${file}`, 'utf8').catch(() => ''))))
    .join('\n')
    .split('\n')
  return lines.filter((line) => line.split(/\s+/)[3]?.endsWith(`:${hex}`) === true && line.split(/\s+/)[4] === '01').length
}
