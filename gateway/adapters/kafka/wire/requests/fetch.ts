import { answerReader, negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import type { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Kafka 2.3 supports 11. Version 12 is the first flexible one (2.7), and finds truncated logs; 13 names topics by id (3.1). */
const api: Api = { key: 1, name: 'Fetch', min: 11, max: 13 }
const firstFlexible = 12
const firstWithIds = 13
const [noReplica, noSession, noEpoch, readCommitted] = [-1, 0, -1, 1]

export interface FetchArgs {
  readonly topic: string
  /** Null: the broker reports no ids, and versions from 13 on are not used. */
  readonly topicId: string | null
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  /** Rack of this client, for a replica nearby; '': none. */
  readonly rack: string
  readonly partitions: readonly FetchPosition[]
}

export interface FetchPosition {
  readonly partition: number
  /** Epoch of the leader that is asked, so that a past leader refuses; -1: unknown. */
  readonly leaderEpoch: number
  readonly offset: number
  readonly maxBytes: number
  /** Epoch of the record before the offset, so that a leader with a truncated log reports it; -1: unknown. */
  readonly lastFetchedEpoch: number
}

export interface FetchAnswer {
  readonly throttleMs: number
  readonly errorCode: number
  readonly partitions: readonly FetchedPartition[]
}

export interface FetchedPartition {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Partitions in the broker's order: not sorted. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[]
  /** Point at which this leader's log diverges from the fetched one; null: it does not. */
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number } | null
  /** Broker to fetch from instead; -1: none. */
  readonly preferredReplica: number
  /** A view of the response. */
  readonly records: Buffer
}

/** Asks a leader for records of one topic: committed ones only, without a fetch session. */
export function fetchRequest(broker: VersionedBroker, args: FetchArgs): WireRequest<FetchAnswer> {
  const version = negotiate(broker, api, args.topicId === null ? firstWithIds - 1 : api.max)
  return {
    apiKey: api.key,
    apiName: api.name,
    version,
    body: encode(args, version),
    decode: (bytes) => decode(bytes, version),
    throttleMs: (bytes) => answerReader(bytes, version >= firstFlexible).throttleMs,
  }
}

function encode(args: FetchArgs, version: number): Buffer {
  const writer = new WireWriter({ isFlexible: version >= firstFlexible })
  writer
    .int32(noReplica)
    .int32(args.maxWaitMs)
    .int32(args.minBytes)
    .int32(args.maxBytes)
    .int8(readCommitted)
    .int32(noSession)
    .int32(noEpoch)
  writer.array([args], ({ topic, topicId, partitions }) => {
    if (version >= firstWithIds) writer.uuid(topicId)
    else writer.string(topic)
    writer.array(partitions, (position) => encodePosition(writer, position, version)).tags()
  })
  return writer
    .array([], () => undefined)
    .string(args.rack)
    .tags()
    .done() // no forgotten topics
}

function encodePosition(
  writer: WireWriter,
  { partition, leaderEpoch, offset, lastFetchedEpoch, maxBytes }: FetchPosition,
  version: number,
): void {
  writer.int32(partition).int32(leaderEpoch).int64(offset)
  if (version >= firstFlexible) writer.int32(lastFetchedEpoch)
  writer.int64(-1).int32(maxBytes).tags() // the log start offset is for replicas
}

function decode(bytes: Buffer, version: number): FetchAnswer {
  const { throttleMs, reader } = answerReader(bytes, version >= firstFlexible)
  const errorCode = reader.int16()
  reader.skip(4) // session id
  const topics = reader.array(() => {
    if (version >= firstWithIds) reader.skip(16)
    else reader.skipString()
    const partitions = reader.array(() => decodePartition(reader), 35)
    reader.tags()
    return partitions
  }, 3)
  reader.tags()
  return { throttleMs, errorCode, partitions: topics.flat() }
}

function decodePartition(reader: WireReader): FetchedPartition {
  const [partition, errorCode, highWatermark, lastStableOffset, logStartOffset] = [
    reader.int32(),
    reader.int16(),
    reader.int64(),
    reader.int64(),
    reader.int64(),
  ]
  const aborted = reader.array(() => {
    const transaction = { producerId: reader.bigint64(), firstOffset: reader.int64() }
    reader.tags()
    return transaction
  }, 16)
  const [preferredReplica, records] = [reader.int32(), reader.bytes()]
  let divergingEpoch: FetchedPartition['divergingEpoch'] = null
  reader.tags((tag, field) => {
    if (tag === 0) divergingEpoch = { epoch: field.int32(), endOffset: field.int64() }
  })
  return { partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, divergingEpoch, preferredReplica, records }
}
