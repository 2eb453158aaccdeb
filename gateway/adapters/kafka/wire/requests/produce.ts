import { negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import { WireReader } from '../wire-reader.ts'
import { WireWriter } from '../wire-writer.ts'

/** Kafka 2.1 supports 7; 8 has the broker's message (2.4); 9 is the first flexible version (2.8). */
const api: Api = { key: 0, name: 'Produce', min: 7, max: 9 }
const firstWithWords = 8
const firstFlexible = 9

export interface ProduceArgs {
  readonly topic: string
  /** All in-sync replicas. */
  readonly acks: -1
  /** Time for the other replicas, in milliseconds. */
  readonly timeoutMs: number
  /** `records`: one batch (version 2), or several. */
  readonly partitions: readonly { readonly partition: number; readonly records: Buffer }[]
}

export interface Produced {
  readonly partition: number
  readonly errorCode: number
  /** The broker's message, or null. */
  readonly message: string | null
  /** Offset of the first record; -1 when it was refused. */
  readonly baseOffset: number
}

/** Asks a leader to append records, and to respond when all in-sync replicas have them. */
export function produceRequest(broker: VersionedBroker, args: ProduceArgs): WireRequest<readonly Produced[]> {
  const version = negotiate(broker, api)
  return {
    apiKey: api.key,
    apiName: api.name,
    version,
    body: encode(args, version),
    decode: (bytes) => decode(bytes, version).produced,
    throttleMs: (bytes) => decode(bytes, version).throttleMs,
  }
}

function encode(args: ProduceArgs, version: number): Buffer {
  const writer = new WireWriter({ isFlexible: version >= firstFlexible }).string(null) // no transaction
  writer.int16(args.acks).int32(args.timeoutMs)
  writer.array([args], ({ topic, partitions }) => {
    writer.string(topic)
    writer.array(partitions, ({ partition, records }) => writer.int32(partition).bytes(records).tags()).tags()
  })
  return writer.tags().done()
}

function decode(bytes: Buffer, version: number): { readonly produced: readonly Produced[]; readonly throttleMs: number } {
  const reader = new WireReader(bytes, { isFlexible: version >= firstFlexible })
  reader.tags() // the header's
  const topics = reader.array(() => {
    reader.skipString()
    const partitions = reader.array(() => decodePartition(reader, version), 30)
    reader.tags()
    return partitions
  }, 2)
  const throttleMs = reader.int32()
  reader.tags()
  return { produced: topics.flat(), throttleMs }
}

function decodePartition(reader: WireReader, version: number): Produced {
  const [partition, errorCode, baseOffset] = [reader.int32(), reader.int16(), reader.int64()]
  reader.skip(8 + 8) // the time of appending, the start of the log
  const words =
    version < firstWithWords
      ? { perRecord: [], all: null }
      : { perRecord: reader.array(() => decodeRecordError(reader), 5), all: reader.string() }
  reader.tags()
  return { partition, errorCode, message: words.all ?? words.perRecord.find((text) => text !== null) ?? null, baseOffset }
}

function decodeRecordError(reader: WireReader): string | null {
  reader.skip(4) // which record of the batch
  const text = reader.string()
  reader.tags()
  return text
}
