import { errorOfCode } from '../../kafka-error.ts'
import { decodesThrottled, negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import { WireWriter } from '../wire-writer.ts'

/** Kafka 2.5 supports 7, the first version that can ask for stable offsets (KIP-447). Later ones ask for many groups at once. */
const api: Api = { key: 9, name: 'OffsetFetch', min: 7, max: 7 }

export interface OffsetFetchArgs {
  readonly groupId: string
  readonly topic: string
  readonly partitions: readonly number[]
}

export interface FetchedOffset {
  readonly partition: number
  /** UNSTABLE_OFFSET_COMMIT (88) while an open transaction has an offset for it. */
  readonly errorCode: number
  /** -1: nothing is committed. */
  readonly offset: number
}

/**
 * Asks a coordinator for the offsets of a group, without partitions whose offset an open transaction may still change.
 * @throws from `decode`: BrokerError when it refuses
 */
export function offsetFetchRequest(broker: VersionedBroker, args: OffsetFetchArgs): WireRequest<readonly FetchedOffset[]> {
  const { groupId, topic, partitions } = args
  const writer = new WireWriter({ isFlexible: true }).string(groupId)
  writer.array(
    [topic],
    (name) =>
      void writer
        .string(name)
        .array(partitions, (partition) => void writer.int32(partition))
        .tags(),
  )
  const body = writer.boolean(true).tags().done()
  const decoding = decodesThrottled(true, (reader) => {
    const found = reader.array(() => {
      reader.skipString()
      const offsets = reader.array(() => {
        const [partition, offset] = [reader.int32(), reader.int64()]
        reader.skip(4) // the leader's epoch
        reader.skipString() // metadata
        const errorCode = reader.int16()
        reader.tags()
        return { partition, errorCode, offset }
      }, 20)
      reader.tags()
      return offsets
    }, 3)
    const errorCode = reader.int16()
    if (errorCode !== 0) throw errorOfCode(errorCode, `report the offsets of the group ${groupId}`)
    return found.flat()
  })
  return { apiKey: api.key, apiName: api.name, version: negotiate(broker, api), body, ...decoding }
}
