import { decodesPartitions, negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import { WireWriter } from '../wire-writer.ts'

/** Kafka 2.1 supports 4; 6 is the first flexible version (2.6). */
const api: Api = { key: 2, name: 'ListOffsets', min: 4, max: 6 }
const firstFlexible = 6
const [noReplica, readCommitted] = [-1, 1]

/** Values in place of a time: the end for readers of committed records, the start of the log. */
export const [endOfLog, startOfLog] = [-1, -2]

export interface ListOffsetsArgs {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    /** -1: unknown. */
    readonly leaderEpoch: number
    /** `endOfLog`, `startOfLog`, or milliseconds: the first record that is not older. */
    readonly timestamp: number
  }[]
}

export interface ListedOffset {
  readonly partition: number
  readonly errorCode: number
  /** -1: no record is that young. */
  readonly offset: number
  /** -1: unknown. */
  readonly leaderEpoch: number
}

/** Asks a leader for offsets, as a reader of committed records sees them. */
export function listOffsetsRequest(broker: VersionedBroker, args: ListOffsetsArgs): WireRequest<readonly ListedOffset[]> {
  const version = negotiate(broker, api)
  const isFlexible = version >= firstFlexible
  const decoding = decodesPartitions(isFlexible, 26, (reader) => {
    const [partition, errorCode] = [reader.int32(), reader.int16()]
    reader.skip(8) // the record's time
    return { partition, errorCode, offset: reader.int64(), leaderEpoch: reader.int32() }
  })
  return { apiKey: api.key, apiName: api.name, version, body: encode(args, isFlexible), ...decoding }
}

function encode(args: ListOffsetsArgs, isFlexible: boolean): Buffer {
  const writer = new WireWriter({ isFlexible }).int32(noReplica).int8(readCommitted)
  writer.array([args], ({ topic, partitions }) => {
    writer.string(topic)
    writer
      .array(partitions, ({ partition, leaderEpoch, timestamp }) => writer.int32(partition).int32(leaderEpoch).int64(timestamp).tags())
      .tags()
  })
  return writer.tags().done()
}
