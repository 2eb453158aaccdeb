import { describe, expect, it } from 'vitest'
import { encodeBatch } from '../records/encode-batch.ts'
import type { FakeRequest } from '../testing/fake-broker.ts'
import type { FakeCluster } from '../testing/fake-cluster.ts'
import { apiKeys, readFetch, writeFetch, type FetchedToSay } from '../testing/fake-protocol.ts'
import { aCluster, aStartedReader, endRigsAfterEach, eventually, type ReaderRig } from '../testing/reader-rig.ts'

endRigsAfterEach()

const noRecords = Buffer.alloc(0)
const fetched = (given: Partial<FetchedToSay> & { readonly partition: number }): FetchedToSay => ({
  errorCode: 0,
  highWatermark: 0,
  lastStableOffset: 0,
  logStartOffset: 0,
  preferredReplica: -1,
  records: noRecords,
  ...given,
})
const batch = (values: readonly string[]): Buffer =>
  encodeBatch(values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], timestampMs: 1 })))

type Hostility = (request: FakeRequest) => ReturnType<FakeCluster['intercept']>

/** Answers each partition of a request so. */
const saying =
  (given: Partial<FetchedToSay>) =>
  (request: FakeRequest): Buffer => {
    const asked = readFetch(request)
    return writeFetch(request, asked, { partitions: asked.partitions.map(({ partition }) => fetched({ partition, ...given })) })
  }

/** Behaviour of a broker at a fetch, by name. */
const hostilities: readonly (readonly [string, Hostility])[] = [
  ['announces 2 GiB', () => (socket) => void socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]))],
  ['announces a negative length', () => (socket) => void socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1]))],
  [
    'answers another request',
    ({ correlationId }) =>
      (socket) => {
        const bytes = Buffer.alloc(8)
        bytes.writeInt32BE(4)
        bytes.writeInt32BE(correlationId + 7, 4)
        socket.write(bytes)
      },
  ],
  ['answers with nothing', () => Buffer.alloc(0)],
  ['answers 10^9 partitions', () => Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0x80, 0x94, 0xeb, 0xdc, 0x03])],
  ['closes the connection', () => (socket) => void socket.destroy()],
  ['leaves out the partition', (request) => writeFetch(request, readFetch(request), { partitions: [] })],
  [
    'answers for other partitions',
    (request) =>
      writeFetch(request, readFetch(request), {
        partitions: [0, -1, 7, 2 ** 31 - 1].map((partition) =>
          fetched({ partition, highWatermark: 5, lastStableOffset: 5, records: batch(['x']) }),
        ),
      }),
  ],
  ['answers an error for all', (request) => writeFetch(request, readFetch(request), { errorCode: 70, partitions: [] })],
  ['answers an unknown error', saying({ errorCode: 12_345 })],
  ['reports that it does not lead, against the metadata', saying({ errorCode: 6 })],
  ['reports every offset as out of range', saying({ errorCode: 1 })],
  [
    'has a high watermark of 2^62',
    (request) => {
      const bytes = saying({ highWatermark: 7_777 })(request)
      const at = bytes.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0x1e, 0x61]))
      bytes.writeBigInt64BE(2n ** 62n, at)
      return bytes
    },
  ],
  ['has a last stable offset above its high watermark, and no records', saying({ highWatermark: 1, lastStableOffset: 2 ** 50 })],
  ['has negative offsets', saying({ highWatermark: -5, lastStableOffset: -7, logStartOffset: -9 })],
  ['has a log that begins above its end', saying({ highWatermark: 0, logStartOffset: 2 ** 50 })],
  ['names an unknown replica', saying({ preferredReplica: 99 })],
  ['sends the first bytes of a batch', saying({ highWatermark: 1, lastStableOffset: 1, records: batch(['a']).subarray(0, 40) })],
  [
    'sends a batch that claims 2 GiB',
    saying({
      highWatermark: 1,
      lastStableOffset: 1,
      records: Buffer.concat([Buffer.alloc(8), Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(100)]),
    }),
  ],
  ['sends bytes that are not a batch', saying({ highWatermark: 10, lastStableOffset: 10, records: Buffer.alloc(1_000, 0x55) })],
  [
    'sends the same batch from below the position at every fetch',
    saying({ highWatermark: 2 ** 40, lastStableOffset: 2 ** 40, records: batch(['again']) }),
  ],
]

/** These answers change nothing. */
const harmless = new Set(['has negative offsets', 'has a log that begins above its end', 'names an unknown replica'])

/** A loop that does not wait between attempts makes thousands of requests a second. One that backs off makes about ten. */
const hotLoopPerSecond = 200

/** Reads records of the healthy broker, one after the other. Returns the requests per second that each other broker got in that time. */
async function readBeside(rig: ReaderRig, forMs = 500): Promise<ReadonlyMap<string, number>> {
  const [started, before] = [performance.now(), rig.cluster.requests.length]
  const values: string[] = []
  while (performance.now() - started < forMs) {
    values.push(String(values.length))
    rig.cluster.append(0, String(values.length - 1))
    await rig.untilRead(0, values)
  }
  const seen = rig.cluster.requests.slice(before)
  const seconds = (performance.now() - started) / 1_000
  return new Map(hostilities.map(([name], index) => [name, seen.filter(({ broker }) => broker === index + 1).length / seconds]))
}

describe('a hostile broker', () => {
  it('loses only its own partition, which is named; all others are read on, and it is asked less often', async () => {
    // Broker 0 is healthy. Each other broker leads one partition and has one kind of hostility.
    const cluster = await aCluster({ brokers: hostilities.length + 1, partitions: hostilities.length + 1 })
    const rig = await aStartedReader(cluster, { kafkaBrokers: cluster.addresses.slice(0, 1) })
    await eventually(() => expect(rig.problem()).toBeNull())
    const heapBefore = process.memoryUsage().heapUsed
    cluster.intercept = (request, broker) => (request.apiKey === apiKeys.fetch ? hostilities[broker - 1]?.[1](request) : undefined)
    cluster.changed()
    rig.clock.aheadMs += 1_000
    const rates = await readBeside(rig)
    expect([...rates].filter(([, perSecond]) => perSecond > hotLoopPerSecond)).toEqual([])
    rig.clock.aheadMs += 1_000
    const isNamed = (broker: number): boolean =>
      rig.behind()[broker] !== undefined || rig.sink.losses.some(({ partition }) => partition === broker)
    await eventually(() =>
      expect(hostilities.filter(([name], index) => !harmless.has(name) && !isNamed(index + 1)).map(([name]) => name)).toEqual([]),
    )
    expect(rig.behind()[0]).toBeUndefined()
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200 * 1_048_576)
    cluster.intercept = () => undefined
    await eventually(() => {
      rig.clock.aheadMs += 5_000
      expect(rig.behind()).toEqual({})
    })
  })

  it('that repeats a partition in one answer is believed once', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    cluster.intercept = (request) => {
      const asked = request.apiKey === apiKeys.fetch ? readFetch(request) : null
      if (asked?.partitions[0]?.offset !== 0 || cluster.partition(0).end > 0) return undefined
      cluster.partition(0).append(['a'], 1)
      const one = fetched({ partition: 0, highWatermark: 1, lastStableOffset: 1, records: batch(['a']) })
      return writeFetch(request, asked, { partitions: [one, one, one] })
    }
    await rig.untilRead(0, ['a'])
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    expect(rig.sink.offsets(0)).toEqual([0, 1])
  })

  it('that throttles is left alone for that time', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.throttleMs = 300
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    const fetches = cluster.count(apiKeys.fetch)
    cluster.throttleMs = 0
    cluster.append(0, 'b')
    const started = performance.now()
    await rig.untilRead(0, ['a', 'b'])
    expect(performance.now() - started).toBeGreaterThan(200)
    expect(cluster.count(apiKeys.fetch)).toBeLessThanOrEqual(fetches + 2)
  })

  it('that cuts a batch is asked for it again, with enough room', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    const large = 'x'.repeat(400_000)
    cluster.intercept = (request) => {
      if (request.apiKey !== apiKeys.fetch) return undefined
      const asked = readFetch(request)
      const [wanted] = asked.partitions
      if (wanted === undefined || wanted.offset > 0 || cluster.partition(0).end === 0) return undefined
      const records = cluster.partition(0).read(0, 1).subarray(0, wanted.maxBytes)
      return writeFetch(request, asked, { partitions: [fetched({ partition: 0, highWatermark: 1, lastStableOffset: 1, records })] })
    }
    cluster.append(0, large)
    await eventually(() => expect(rig.sink.offsets(0)).toEqual([0]))
    expect(rig.sink.losses).toEqual([])
    expect(rig.sink.values(0)[0]).toHaveLength(large.length)
  })

  it('that throttles for long is reported', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.intercept = (request, broker) =>
      broker === 1 && request.apiKey === apiKeys.fetch
        ? writeFetch(request, readFetch(request), { throttleMs: 2 ** 31 - 1, partitions: [fetched({ partition: 1 })] })
        : undefined
    const fetches = cluster.count(apiKeys.fetch, 1)
    await eventually(() => expect(cluster.count(apiKeys.fetch, 1)).toBeGreaterThan(fetches))
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'stalled' }))
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
  })

  it.each([20_261_129, 2, 3])('with random or damaged answers does not end reading (seed %i)', async (seed) => {
    const cluster = await aCluster({ brokers: 3, partitions: 3 })
    const rig = await aStartedReader(cluster)
    const random = mulberry(seed)
    const [counted, started, heapBefore] = [cluster.requests.length, performance.now(), process.memoryUsage().heapUsed]
    cluster.damage = (answer) => (random() < 0.3 ? damaged(answer, random) : answer)
    await eventually(() => {
      cluster.append(Math.floor(random() * cluster.partitions.length), 'x')
      expect(performance.now() - started).toBeGreaterThan(800)
    })
    expect((cluster.requests.length - counted) / 0.8).toBeLessThan(2_000)
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200 * 1_048_576)
    cluster.damage = (answer) => answer
    // Records lost to false answers stay lost. Later records are read.
    await eventually(() => {
      rig.clock.aheadMs += 1_000
      for (const partition of [0, 1, 2]) cluster.append(partition, 'after')
      for (const partition of [0, 1, 2]) expect(rig.sink.values(partition)).toContain('after')
      expect(rig.sink.healths.at(-1)).toMatchObject({ problem: null, behind: [] })
    }, 15_000)
  })
})

/** A small generator of numbers in [0, 1), the same for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A throttle of half a minute is obeyed: the test keeps these bytes unchanged, or it takes as long. */
const throttleEnd = 5

/** Returns random bytes, the beginning of the answer, or the answer with some bytes changed. */
function damaged(answer: Buffer, random: () => number): Buffer {
  const how = random()
  if (how < 0.2) return Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)))
  if (how < 0.4) return answer.subarray(0, Math.floor(random() * answer.length))
  const copy = Buffer.from(answer)
  for (let left = 1 + Math.floor(random() * 4); left > 0 && copy.length > throttleEnd; left--)
    copy[throttleEnd + Math.floor(random() * (copy.length - throttleEnd))] = Math.floor(random() * 256)
  return copy
}
