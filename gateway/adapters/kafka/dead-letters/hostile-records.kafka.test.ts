import { zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { useKafka } from '../../../../testing/use.ts'
import { crc32c } from '../records/crc32c.ts'
import { encodeBatch } from '../records/encode-batch.ts'
import { useTestClient, type KafkaTestOptions } from '../testing/test-topic.ts'
import { appendBatch, startWorker, type RunningWorker, checkByValue } from './testing/dead-letter-rig.ts'
import { createRecordCheck } from '../kafka-log.ts'

const broker = useKafka()
const client = useTestClient(broker)
let running: RunningWorker[] = []

afterEach(async () => {
  const stopping = running
  running = []
  await Promise.all(stopping.map(({ worker }) => worker.stop()))
})

const waiting = { timeout: 60_000, interval: 100 }
const gatewayCheck = createRecordCheck({ maxEventBytes: 1_048_576, maxAudienceNames: 1_000 })

function start(
  topic: string,
  options: Partial<KafkaTestOptions> = {},
  check = checkByValue,
  more: Parameters<typeof startWorker>[2] = {},
): RunningWorker {
  const worker = startWorker({ kafkaBrokers: broker.brokers, kafkaTopic: topic, ...options }, check, more)
  running.push(worker)
  return worker
}

async function makeTopics(
  partitions: number,
  config: Readonly<Record<string, string>> = {},
  dlqConfig: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = await client.createTopic(partitions, config)
  await client.createTopic(partitions, dlqConfig, `${topic}.dlq`)
  return topic
}

const header = (record: { readonly headers: Readonly<Record<string, unknown>> } | undefined, name: string): string =>
  String(record?.headers[`carillon_dlq_${name}`])
const letters = (topic: string) => client.readAll(`${topic}.dlq`)

describe('the dead letter worker and records that no client should send', () => {
  // K3a: a producer that writes nanoseconds stopped all dead letters of its pod permanently: `Invalid time value`.
  it('copies a record whose time no date can hold, with its time as a number', async () => {
    const topic = await makeTopics(1, { 'message.timestamp.after.max.ms': '9223372036854775807' })
    start(topic)
    await appendBatch(
      broker.brokers,
      topic,
      0,
      encodeBatch([{ key: null, value: Buffer.from('bad-1'), headers: [], timestampMs: 1_700_000_000_000_000_000 }]),
    )
    await client.append(topic, [{ partition: 0, value: 'bad-2' }])
    await expect.poll(async () => (await letters(topic)).map(({ value }) => String(value)), waiting).toEqual(['bad-1', 'bad-2'])
    expect(header((await letters(topic))[0], 'time')).toBe('1700000000000000000')
  })

  // K3b: headers of nearly `max.message.bytes` stopped this partition, and all others of the pod with it.
  it('copies only the place of a record whose headers leave no room for more', async () => {
    const topic = await makeTopics(2)
    start(topic)
    await appendBatch(
      broker.brokers,
      topic,
      0,
      encodeBatch([{ key: null, value: Buffer.from('bad-1'), headers: [['x', 'x'.repeat(1_048_430)]], timestampMs: Date.now() }]),
    )
    await client.append(topic, [
      { partition: 0, value: 'bad-2' },
      { partition: 1, value: 'bad-3' },
    ])
    await expect
      .poll(async () => (await letters(topic)).map(({ value }) => String(value)).sort(), waiting)
      .toEqual(['bad-2', 'bad-3', 'null'])
    const [first] = (await letters(topic)).filter(({ value }) => value === null)
    expect([header(first, 'omitted'), header(first, 'offset'), header(first, 'reason')]).toEqual(['key,headers,value', '0', 'not-json'])
    expect(first?.headers.x).toBeUndefined()
  })

  // K3, the last resort: a topic that accepts no record without a key.
  it('skips a record that the brokers refuse in each form, with an error and a count', async () => {
    const topic = await makeTopics(2, {}, { 'cleanup.policy': 'compact' })
    const { log, metrics } = start(topic)
    await client.append(topic, [
      { partition: 0, value: 'bad-1' },
      { partition: 0, value: 'bad-2', key: 'k' },
      { partition: 1, value: 'bad-3', key: 'k' },
    ])
    await expect.poll(async () => (await letters(topic)).map(({ value }) => String(value)).sort(), waiting).toEqual(['bad-2', 'bad-3'])
    const errors = log.lines.filter(({ level }) => level === 'error')
    expect(errors).toMatchObject([{ message: 'dead letter skipped', fields: { topic, partition: 0, offset: 0, reason: 'refused' } }])
    expect([metrics.value('dlqSkipped', { reason: 'refused' }), metrics.value('dlqRecords')]).toEqual([1, 2])
  })

  // K6: 200 records of 12 KB were one transaction of 2.4 MB, refused; 78 were copied in 40 s.
  it('copies 200 records of 12 KB in transactions that the broker takes', async () => {
    const topic = await makeTopics(1)
    const value = `bad${'x'.repeat(12_000)}`
    await client.append(
      topic,
      Array.from({ length: 200 }, () => ({ partition: 0, value })),
      4,
    )
    const startedAt = performance.now()
    const { log } = start(topic)
    await expect.poll(async () => (await letters(topic)).length, waiting).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(20_000)
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([])
  })

  // K11: null headers and __proto__ were dropped, and the order changed.
  it('copies headers unchanged', async () => {
    const topic = await makeTopics(1)
    start(topic)
    const headers: readonly (readonly [string, string | null])[] = [
      ['n', null],
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['9', 'y'],
      ['1', 'x'],
      ['__proto__', 'p'],
      ['', ''],
      ['e', ''],
    ]
    await appendBatch(broker.brokers, topic, 0, encodeBatch([{ key: 'k', value: Buffer.from('bad'), headers, timestampMs: Date.now() }]))
    await expect.poll(async () => (await letters(topic)).length, waiting).toBe(1)
    const [copy] = await letters(topic)
    const kept = copy?.rawHeaders?.().map(([name, value]) => [name, value === null ? null : String(value)])
    expect(kept?.slice(0, headers.length)).toEqual(headers)
    expect(kept?.slice(headers.length).map(([name]) => name)).toEqual(
      ['reason', 'detail', 'topic', 'partition', 'offset', 'time'].map((name) => `carillon_dlq_${name}`),
    )
  })

  // S3: two million empty records were a backlog of hours, and 300 MB of another topic.
  it('counts a flood in summaries, and goes on with the records after it', async () => {
    const topic = await makeTopics(1)
    const count = 1_000_000
    await appendBatch(broker.brokers, topic, 0, emptyRecords(count))
    await client.append(topic, [{ partition: 0, value: 'after the flood' }])
    const { metrics, log } = start(topic, {}, gatewayCheck, { summaryEveryMs: 1_000 })
    const written = async () => {
      const all = await letters(topic)
      const summaries = all.filter((letter) => header(letter, 'reason') === 'summary')
      const copies = all.length - summaries.length
      return { copies, accounted: summaries.reduce((sum, letter) => sum + Number(header(letter, 'count')), copies) }
    }
    // The last record is copied or counted: that depends on the time that the flood took.
    await expect.poll(async () => (await written()).accounted, waiting).toBe(count + 1)
    const { copies } = await written()
    expect(copies).toBeLessThan(count / 100)
    expect([metrics.value('dlqRecords'), metrics.value('dlqSummarised')]).toEqual([copies, count + 1 - copies])
    await expect
      .poll(() => log.lines.filter(({ message }) => message.includes('summaries were written')).length, waiting)
      .toBeGreaterThanOrEqual(1)
  })

  // S4: a gateway with another's topic for its dead letters must not put events there. Two of them must not copy without end.
  it("never copies a copy: two gateways that read each other's dead letter topics come to rest", async () => {
    const [one, other] = [await client.createTopic(1), await client.createTopic(1)]
    const workers = [start(one, { kafkaDlqTopic: other }, gatewayCheck), start(other, { kafkaDlqTopic: one }, gatewayCheck)]
    await client.append(one, [{ partition: 0, value: 'bad-1' }])
    await client.append(other, [{ partition: 0, value: 'bad-2' }])
    const values = async (topic: string) => (await client.readAll(topic)).map(({ value }) => String(value)).sort()
    await expect
      .poll(async () => [await values(one), await values(other)], waiting)
      .toEqual([
        ['bad-1', 'bad-2'],
        ['bad-1', 'bad-2'],
      ])
    await expect
      .poll(() => workers.map(({ metrics }) => [metrics.value('dlqHealthy'), metrics.value('dlqLag')]), waiting)
      .toEqual([
        [1, 0],
        [1, 0],
      ])
    expect([await values(one), await values(other)]).toEqual([
      ['bad-1', 'bad-2'],
      ['bad-1', 'bad-2'],
    ])
    const copies = (await client.readAll(one)).filter(({ headers }) => headers.carillon_dlq_reason !== undefined)
    expect(copies.map((record) => gatewayCheck(record)?.reason)).toEqual(['dead-letter'])
  })
})

/** A batch of records without key, value and headers, compressed with zstd: a million take 800 KB. */
function emptyRecords(count: number): Buffer {
  const bytes = Buffer.alloc(count * 12)
  let at = 0
  for (let index = 0; index < count; index++) at = writeEmptyRecord(bytes, at, index)
  const body = zstdCompressSync(bytes.subarray(0, at))
  const head = Buffer.from(encodeBatch([{ key: null, value: null, headers: [], timestampMs: Date.now() }]).subarray(0, 61))
  const batch = Buffer.concat([head, body])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(4, 21)
  batch.writeInt32BE(count - 1, 23)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function writeEmptyRecord(bytes: Buffer, from: number, index: number): number {
  let at = from + 1
  at = bytes.writeUInt8(0, at) // attributes
  at = bytes.writeUInt8(0, at) // the time, as a difference
  for (let rest = index * 2; ; rest = Math.floor(rest / 128)) {
    at = bytes.writeUInt8(rest < 128 ? rest : (rest % 128) | 128, at)
    if (rest < 128) break
  }
  at = bytes.writeUInt8(1, at) // no key
  at = bytes.writeUInt8(1, at) // no value
  at = bytes.writeUInt8(0, at) // no headers
  bytes.writeUInt8((at - from - 1) * 2, from)
  return at
}
