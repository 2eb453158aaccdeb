import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createRecordingSink } from '../../../testing/recording-sink.ts'
import type { ConsumerHandler } from './consumer-life.ts'
import type { FetchedBatch } from './fetched-partition.ts'
import { TopicReader, type TopicReaderOptions } from './topic-reader.ts'
import { looksUntilCut } from './topic-identity.ts'
import type { TopicDescription } from '../wire/topic-inspector.ts'

/** A consumer that does what the test says. */
interface FakeConsumer {
  readonly groupId: string
  readonly handler: ConsumerHandler
  readonly seeks: [number, number][]
  crash(detail: string): void
  isEnded: boolean
}

function aTopic(options: Partial<TopicReaderOptions> & { readonly mayCreate?: boolean } = {}) {
  const sink = createRecordingSink()
  const log = createRecordingLogger()
  const metrics = createRecordingMetrics()
  const consumers: FakeConsumer[] = []
  const world = {
    nowMs: 1_000_000,
    description: { topicId: 'id-1', partitions: 2 } as TopicDescription | null,
    starts: [0, 0],
    ends: [0, 0],
    at: [-1, -1],
    /** Answers before `ends`, each given once. */
    endsOnce: [] as number[][],
    failure: null as Error | null,
    created: 0,
  }
  const answer = async <T>(value: () => T): Promise<T> => {
    if (world.failure !== null) throw world.failure
    return value()
  }
  const reader = new TopicReader(
    { channel: 'c', kafkaBrokers: ['b:1'], kafkaClientId: 'carillon', kafkaTopic: 't', kafkaTopicEpoch: '', kafkaStallTimeoutMs: 15_000, ...options },
    {
      sink,
      logger: log.logger,
      metrics: metrics.metrics,
      clock: { now: () => world.nowMs },
      inspectEveryMs: 1,
      inspector: {
        describe: () => answer(() => world.description),
        startOffsets: () => answer(() => world.starts),
        endOffsets: () => answer(() => world.endsOnce.shift() ?? world.ends),
        offsetsAt: () => answer(() => world.at),
        close: async () => undefined,
      },
      startConsumer(groupId, handler) {
        const { promise: broken, resolve } = Promise.withResolvers<string>()
        const seeks: [number, number][] = []
        const consumer: FakeConsumer = { groupId, handler, seeks, crash: resolve, isEnded: false }
        consumers.push(consumer)
        return { broken, seek: (partition, offset) => void seeks.push([partition, offset]), commit: async () => undefined, end: async () => void (consumer.isEnded = true) }
      },
      createTopic: options.mayCreate === true ? async () => void ((world.created += 1), (world.description = { topicId: 'id-1', partitions: 2 })) : null,
    },
  )
  return { reader, sink, log, metrics, consumers, world }
}

type Topic = ReturnType<typeof aTopic>

function batchOf(offsets: readonly number[], from: number, partition = 0): FetchedBatch {
  const records = offsets.map((offset): LogRecord => ({ partition, offset, timestampMs: 0, key: null, value: null, headers: {} }))
  const nextOffset = (offsets.at(-1) ?? from - 1) + 1
  return { partition, fetchOffset: from, fetched: { records, nextOffset, unreadable: null, offset: String(nextOffset - 1), logStartOffset: 0, endOffset: nextOffset } }
}

const live = new AbortController().signal
const coded = (type: string): Error => Object.assign(new Error(type), { type })

describe('the topic reader', () => {
  let topic: Topic | null = null

  afterEach(async () => {
    await topic?.reader.stop()
    topic = null
  })

  async function started(options: Parameters<typeof aTopic>[0] = {}, prepare: (topic: Topic) => void = () => undefined): Promise<Topic> {
    topic = aTopic(options)
    prepare(topic)
    await topic.reader.start(topic.world.nowMs - 300_000)
    return topic
  }

  /** The n-th consumer, once it was started. */
  const consumerOf = async ({ consumers }: Topic, n: number): Promise<FakeConsumer> => vi.waitUntil(() => consumers[n], { timeout: 5_000, interval: 1 })

  /** Resolves when the topic was looked at twice more. */
  async function looked({ sink }: Topic): Promise<void> {
    const before = sink.endsTold.length
    await vi.waitFor(() => expect(sink.endsTold.length).toBeGreaterThan(before + 1), { interval: 1 })
  }

  const problems = ({ sink }: Topic): readonly (string | null)[] => sink.problems.map((problem) => /^(crashed|rebuilding|stalled): /.exec(problem?.detail ?? '')?.[1] ?? problem?.kind ?? null)

  it('begins at the offsets of the time, and at the end where there is nothing since', async () => {
    const { sink } = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [7, -1] }))
    expect(sink.starts).toEqual([{ epoch: 'id-1', startOffsets: [7, 4], endOffsets: [9, 4] }])
  })

  it('tells each consumer where to begin, in a group of its own', async () => {
    const made = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [7, 2] }))
    const first = await consumerOf(made, 0)
    expect(first.handler.offsetsToSeek([0, 1])).toEqual(new Map([[0, 7], [1, 2]]))
    first.handler.fetched()
    await first.handler.batch(batchOf([7, 8], 7), live)
    first.crash('for the test')
    const second = await consumerOf(made, 1)
    expect(second.handler.offsetsToSeek([0, 1])).toEqual(new Map([[0, 9], [1, 2]]))
    expect(first.isEnded).toBe(true)
    expect(new Set(made.consumers.map(({ groupId }) => groupId)).size).toBe(2)
    expect(second.groupId).toMatch(/^carillon\.c\.[0-9a-f-]{36}$/)
  })

  it('drops what a replaced consumer still brings', async () => {
    const made = await started()
    const first = await consumerOf(made, 0)
    first.crash('for the test')
    const second = await consumerOf(made, 1)
    await first.handler.batch(batchOf([0], 0), live)
    await second.handler.batch(batchOf([0, 1], 0), live)
    expect(made.sink.offsets(0)).toEqual([0, 1])
  })

  it('is unready from a crash until the next consumer reads, and says it once', async () => {
    const made = await started()
    const first = await consumerOf(made, 0)
    first.handler.fetched()
    first.crash('the broker went away')
    const second = await consumerOf(made, 1)
    second.crash('still away')
    const third = await consumerOf(made, 2)
    third.handler.fetched()
    expect(problems(made)).toEqual(['connecting', null, 'crashed', 'rebuilding', 'crashed', 'rebuilding', null])
    expect(made.metrics.value('sourceRebuilds', { cause: 'crash' })).toBe(2)
    expect(made.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.detail)).toEqual(['the broker went away'])
  })

  it('replaces a consumer that is behind and does not move, and is unready until it does', async () => {
    const made = await started()
    const first = await consumerOf(made, 0)
    first.handler.fetched()
    made.world.ends = [3, 0]
    await looked(made)
    made.world.nowMs += 14_999
    await looked(made)
    expect(made.consumers).toHaveLength(1)
    made.world.nowMs += 1
    const second = await consumerOf(made, 1)
    second.handler.fetched()
    await looked(made)
    expect(problems(made)).toEqual(['connecting', null, 'stalled'])
    await second.handler.batch(batchOf([0, 1, 2], 0), live)
    await vi.waitFor(() => expect(problems(made)).toEqual(['connecting', null, 'stalled', null]))
    expect(made.metrics.value('sourceRebuilds', { cause: 'stall' })).toBe(1)
  })

  it('does not blame the consumer for a slow sink', async () => {
    const made = await started()
    const first = await consumerOf(made, 0)
    made.sink.hold(0)
    const delivering = first.handler.batch(batchOf([0], 0), live)
    made.world.ends = [3, 0]
    await looked(made)
    made.world.nowMs += 60_000
    await looked(made)
    expect(made.consumers).toHaveLength(1)
    made.sink.release()
    await delivering
  })

  it('is unready when the brokers have not answered twice, and ready when they do again', async () => {
    const made = await started()
    ;(await consumerOf(made, 0)).handler.fetched()
    made.world.failure = new Error('nobody answers')
    await vi.waitFor(() => expect(made.sink.problems.at(-1)).toEqual({ kind: 'connecting', detail: 'nobody answers' }))
    made.world.failure = null
    await vi.waitFor(() => expect(made.sink.problems.at(-1)).toBeNull())
    expect(made.consumers).toHaveLength(1)
  })

  it('is unready while the topic is missing, and reads the one that takes its place from its beginning', async () => {
    const made = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [7, 2] }))
    made.world.description = null
    await vi.waitFor(() => expect(made.sink.problems.at(-1)).toMatchObject({ kind: 'connecting', detail: expect.stringContaining('the topic t does not exist') }))
    Object.assign(made.world, { description: { topicId: 'id-2', partitions: 1 }, ends: [5], starts: [1] })
    const second = await consumerOf(made, 1)
    expect(made.sink.starts[1]).toEqual({ epoch: 'id-2', startOffsets: [1], endOffsets: [5] })
    expect(second.handler.offsetsToSeek([0])).toEqual(new Map([[0, 1]]))
  })

  it('keeps the epoch that it was told until the topic is another one', async () => {
    const made = await started({ kafkaTopicEpoch: 'told' })
    expect(made.sink.starts[0]?.epoch).toBe('told')
    made.world.description = { topicId: 'id-2', partitions: 2 }
    await vi.waitFor(() => expect(made.sink.starts[1]?.epoch).toBe('told~id-2'))
  })

  it('begins another epoch when offsets run backwards, but not for as long as an election may take', async () => {
    // Three brokers were restarted one after the other: the new leader was not yet sure of what the old one had given out, for two looks. That was
    // taken for a log that was cut: every client got a gap, and all events of the window once more.
    const made = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [9, 4] }))
    made.world.endsOnce.push(...Array.from({ length: looksUntilCut - 1 }, () => [8, 4]))
    await vi.waitFor(() => expect(made.world.endsOnce).toEqual([]))
    await looked(made)
    expect(made.sink.starts).toHaveLength(1)
    expect(made.sink.endsTold).not.toContainEqual([8, 4])
    Object.assign(made.world, { ends: [3, 4], at: [2, -1] })
    await vi.waitFor(() => expect(made.sink.starts.at(-1)?.startOffsets).toEqual([2, 4]))
    expect(made.sink.starts.at(-1)?.epoch).toMatch(/^id-1~/)
    expect(made.sink.starts).toHaveLength(2)
  })

  it('does not take a partition without a leader for one that was cut', async () => {
    const made = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [9, 4] }))
    made.world.endsOnce.push(...Array.from({ length: 2 * looksUntilCut }, () => [-1, 5]))
    await vi.waitFor(() => expect(made.world.endsOnce).toEqual([]))
    expect(made.sink.starts).toHaveLength(1)
    await vi.waitFor(() => expect(made.sink.endsTold).toContainEqual([9, 5]))
    expect(made.sink.endsTold.flat()).not.toContain(-1)
  })

  it('begins only when every partition has a leader', async () => {
    const made = await started({}, ({ world }) => Object.assign(world, { ends: [9, 4], at: [-1, -1], endsOnce: [[-1, 4], [9, -1]] }))
    expect(made.sink.starts).toEqual([{ epoch: 'id-1', startOffsets: [9, 4], endOffsets: [9, 4] }])
  })

  it('takes new partitions from their beginning', async () => {
    const made = await started()
    Object.assign(made.world, { description: { topicId: 'id-1', partitions: 3 }, ends: [0, 0, 6] })
    await vi.waitFor(() => expect(made.sink.endsTold.at(-1)).toEqual([0, 0, 6]))
    expect(made.consumers[0]?.handler.offsetsToSeek([0, 1, 2])).toEqual(new Map([[0, 0], [1, 0], [2, 0]]))
    expect(made.sink.starts).toHaveLength(1)
  })

  it('has another epoch for another topic where brokers tell no ids', async () => {
    const made = await started({}, ({ world }) => Object.assign(world, { description: { topicId: null, partitions: 2 } }))
    expect(made.sink.starts[0]?.epoch).toBe('topic:t')
    Object.assign(made.world, { description: { topicId: null, partitions: 1 }, ends: [0], starts: [0] })
    await vi.waitFor(() => expect(made.sink.starts[1]?.epoch).toMatch(/^topic:t~/))
  })

  it.each([
    ['TOPIC_AUTHORIZATION_FAILED', /unauthorized/],
    ['SASL_AUTHENTICATION_FAILED', /unauthenticated/],
  ])('does not start when the brokers refuse it (%s)', async (type, message) => {
    await expect(started({}, ({ world }) => void (world.failure = coded(type)))).rejects.toThrow(message)
  })

  it('does not start when the topic is missing and not its own to create', async () => {
    await expect(started({}, ({ world }) => void (world.description = null))).rejects.toThrow('the topic t does not exist: create it')
  })

  it('creates a missing topic when it may', async () => {
    const { sink, world } = await started({ mayCreate: true }, (made) => void (made.world.description = null))
    expect(world.created).toBe(1)
    expect(sink.starts).toHaveLength(1)
  })

  it('waits for brokers that do not answer yet', async () => {
    topic = aTopic()
    topic.world.failure = new Error('nobody answers')
    const starting = topic.reader.start(0)
    await vi.waitFor(() => expect(topic?.sink.problems).toEqual([{ kind: 'connecting', detail: 'nobody answers' }]))
    topic.world.failure = null
    await starting
    expect(topic.sink.starts).toHaveLength(1)
  })

  it('ends its consumer when it is stopped', async () => {
    const made = await started()
    const consumer = await consumerOf(made, 0)
    await made.reader.stop()
    expect(consumer.isEnded).toBe(true)
    const calls = made.sink.calls.length
    consumer.handler.fetched()
    await consumer.handler.batch(batchOf([0], 0), live)
    expect(made.sink.calls).toHaveLength(calls)
    expect(made.metrics.value('sourceRebuilds')).toBe(0)
  })
})
