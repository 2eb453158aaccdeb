import { decodesPartitions, negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import { WireWriter } from '../wire-writer.ts'

/** Kafka 2.3 supports 3; 4 is the first flexible version (2.8). */
const api: Api = { key: 23, name: 'OffsetForLeaderEpoch', min: 3, max: 4 }
const firstFlexible = 4
const noReplica = -1

export interface LeaderEpochArgs {
  readonly topic: string
  readonly partitions: readonly {
    readonly partition: number
    /** Epoch of the leader that is asked; -1: unknown. */
    readonly currentLeaderEpoch: number
    /** Epoch whose end is asked for. */
    readonly leaderEpoch: number
  }[]
}

export interface EpochEnd {
  readonly partition: number
  readonly errorCode: number
  /** Highest epoch of the log that is not above the requested one; -1: none. */
  readonly leaderEpoch: number
  /** End of that epoch; -1: unknown. */
  readonly endOffset: number
}

/** Asks a leader where an epoch ended: records that were read beyond are no longer in the log (KIP-320). */
export function leaderEpochRequest(broker: VersionedBroker, args: LeaderEpochArgs): WireRequest<readonly EpochEnd[]> {
  const version = negotiate(broker, api)
  const isFlexible = version >= firstFlexible
  const decoding = decodesPartitions(isFlexible, 18, (reader) => {
    const [errorCode, partition] = [reader.int16(), reader.int32()]
    return { partition, errorCode, leaderEpoch: reader.int32(), endOffset: reader.int64() }
  })
  return { apiKey: api.key, apiName: api.name, version, body: encode(args, isFlexible), ...decoding }
}

function encode(args: LeaderEpochArgs, isFlexible: boolean): Buffer {
  const writer = new WireWriter({ isFlexible }).int32(noReplica)
  writer.array([args], ({ topic, partitions }) => {
    writer.string(topic)
    writer
      .array(partitions, ({ partition, currentLeaderEpoch, leaderEpoch }) =>
        writer.int32(partition).int32(currentLeaderEpoch).int32(leaderEpoch).tags(),
      )
      .tags()
  })
  return writer.tags().done()
}
