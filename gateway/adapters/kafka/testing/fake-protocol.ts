import { WireReader } from '../wire/wire-reader.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import type { FakeRequest } from './fake-broker.ts'

export const apiKeys = { fetch: 1, listOffsets: 2, metadata: 3, leaderEpoch: 23 } as const

export interface AskedFetch {
  readonly topicId: string | null
  readonly topic: string | null
  readonly maxWaitMs: number
  readonly rack: string
  readonly partitions: readonly {
    readonly partition: number
    readonly leaderEpoch: number
    readonly offset: number
    readonly maxBytes: number
  }[]
}

export function readFetch({ body, version }: FakeRequest): AskedFetch {
  const reader = begin(body)
  reader.skip(4)
  const maxWaitMs = reader.int32()
  reader.skip(4 + 4 + 1 + 4 + 4)
  const [topic] = reader.array(() => {
    const name = version >= 13 ? { topicId: reader.uuid(), topic: null } : { topicId: null, topic: reader.string() }
    const partitions = reader.array(() => {
      const [partition, leaderEpoch, offset] = [reader.int32(), reader.int32(), reader.int64()]
      reader.skip(4 + 8)
      const maxBytes = reader.int32()
      reader.tags()
      return { partition, leaderEpoch, offset, maxBytes }
    })
    reader.tags()
    return { ...name, partitions }
  })
  reader.array(() => undefined)
  return { topicId: null, topic: null, partitions: [], ...topic, maxWaitMs, rack: reader.string() ?? '' }
}

export interface FetchedToSay {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly preferredReplica: number
  readonly records: Buffer
}

export interface FetchToSay {
  readonly throttleMs?: number
  readonly errorCode?: number
  readonly partitions: readonly FetchedToSay[]
}

export function writeFetch(
  { version }: FakeRequest,
  { topicId, topic }: Pick<AskedFetch, 'topicId' | 'topic'>,
  { throttleMs = 0, errorCode = 0, partitions }: FetchToSay,
): Buffer {
  const writer = new WireWriter({ isFlexible: true }).int32(throttleMs).int16(errorCode).int32(0)
  writer.array([0], () => {
    if (version >= 13) writer.uuid(topicId)
    else writer.string(topic)
    writer.array(partitions, (said) => {
      writer.int32(said.partition).int16(said.errorCode).int64(said.highWatermark).int64(said.lastStableOffset).int64(said.logStartOffset)
      writer
        .array([], () => undefined)
        .int32(said.preferredReplica)
        .bytes(said.records)
        .tags()
    })
    writer.tags()
  })
  return writer.tags().done()
}

export function readListOffsets({ body }: FakeRequest): readonly { readonly partition: number; readonly timestampMs: number }[] {
  const reader = begin(body)
  reader.skip(4 + 1)
  return readOneTopic(reader, () => {
    const partition = reader.int32()
    reader.skip(4)
    return { partition, timestampMs: reader.int64() }
  })
}

export function writeListOffsets(
  topic: string,
  partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: number }[],
): Buffer {
  const writer = new WireWriter({ isFlexible: true }).int32(0)
  return writeOneTopic(writer, topic, partitions, ({ partition, errorCode, offset }) =>
    writer.int32(partition).int16(errorCode).int64(-1).int64(offset).int32(-1),
  )
}

export function readLeaderEpochs({
  body,
}: FakeRequest): readonly { readonly partition: number; readonly currentLeaderEpoch: number; readonly leaderEpoch: number }[] {
  const reader = begin(body)
  reader.skip(4)
  return readOneTopic(reader, () => ({ partition: reader.int32(), currentLeaderEpoch: reader.int32(), leaderEpoch: reader.int32() }))
}

export function writeLeaderEpochs(
  topic: string,
  partitions: readonly {
    readonly partition: number
    readonly errorCode: number
    readonly leaderEpoch: number
    readonly endOffset: number
  }[],
): Buffer {
  const writer = new WireWriter({ isFlexible: true }).int32(0)
  return writeOneTopic(writer, topic, partitions, ({ partition, errorCode, leaderEpoch, endOffset }) =>
    writer.int16(errorCode).int32(partition).int32(leaderEpoch).int64(endOffset),
  )
}

export interface MetadataToSay {
  readonly brokers: readonly { readonly id: number; readonly host: string; readonly port: number }[]
  readonly topic: string
  readonly topicId: string | null
  readonly errorCode: number
  readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[]
}

export function writeMetadata({ version }: FakeRequest, { brokers, topic, topicId, errorCode, partitions }: MetadataToSay): Buffer {
  const writer = new WireWriter({ isFlexible: true }).int32(0)
  writer.array(brokers, ({ id, host, port }) => writer.int32(id).string(host).int32(port).string(null).tags())
  writer.string('fake').int32(0)
  writer.array([0], () => {
    writer.int16(errorCode).string(topic)
    if (version >= 10) writer.uuid(topicId)
    writer.boolean(false)
    writer.array([...partitions.entries()], ([index, { leader, leaderEpoch }]) => {
      writer
        .int16(leader === -1 ? 5 : 0)
        .int32(index)
        .int32(leader)
        .int32(leaderEpoch)
      for (let list = 0; list < 3; list++) writer.array([leader], (id) => writer.int32(id))
      writer.tags()
    })
    writer.int32(0).tags()
  })
  if (version < 11) writer.int32(0)
  return writer.tags().done()
}

function begin(body: Buffer): WireReader {
  const reader = new WireReader(body, { isFlexible: true })
  reader.tags()
  return reader
}

function readOneTopic<T>(reader: WireReader, item: () => T): readonly T[] {
  const topics = reader.array(() => {
    reader.skipString()
    const items = reader.array(() => {
      const one = item()
      reader.tags()
      return one
    })
    reader.tags()
    return items
  })
  return topics.flat()
}

function writeOneTopic<T>(writer: WireWriter, topic: string, partitions: readonly T[], item: (one: T) => WireWriter): Buffer {
  writer.array([0], () =>
    writer
      .string(topic)
      .array(partitions, (one) => void item(one).tags())
      .tags(),
  )
  return writer.tags().done()
}
