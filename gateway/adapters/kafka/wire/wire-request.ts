import { BrokerError } from '../kafka-error.ts'
import { brokerName, type BrokerAddress } from './broker-address.ts'
import { WireReader } from './wire-reader.ts'

/** One request to a broker, and the decoder of its response. */
export interface WireRequest<T> {
  readonly apiKey: number
  /** Name such as 'Fetch', for logs and errors. */
  readonly apiName: string
  /** Version that was negotiated. */
  readonly version: number
  /** Body of the request. A flexible request begins with the header's tagged fields (one 0 byte). */
  readonly body: Buffer
  /**
   * Decodes the response.
   * @throws RangeError when bytes are missing, or a count cannot fit
   */
  decode(bytes: Buffer): T
  /**
   * Returns the throttle time of the response (KIP-219). Absent: the response has none.
   * @throws RangeError as `decode`
   */
  throttleMs?(bytes: Buffer): number
}

/** Versions that a broker supports, by API key. */
export type ApiVersions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>>

/** A broker as a request needs it. Each `BrokerLink` is one. */
export interface VersionedBroker {
  readonly address: BrokerAddress
  version(apiKey: number, min: number, max: number): number | null
}

/** Returns the highest version that both sides support; null without one. */
export function highestVersion(
  versions: ApiVersions,
  apiKey: number,
  { min, max }: { readonly min: number; readonly max: number },
): number | null {
  const spoken = versions[apiKey]
  if (spoken === undefined) return null
  const version = Math.min(spoken.maxVersion, max)
  return version < Math.max(spoken.minVersion, min) ? null : version
}

/** Returns a kafkajs broker as a request needs it. */
export function versionedBroker(versions: ApiVersions | null, address: BrokerAddress): VersionedBroker {
  return { address, version: (apiKey, min, max) => highestVersion(versions ?? {}, apiKey, { min, max }) }
}

export interface Api {
  readonly key: number
  readonly name: string
  readonly min: number
  readonly max: number
}

/** @throws BrokerError `refused` when broker and Carillon have no version in common */
export function negotiate(broker: VersionedBroker, { key, name, min, max }: Api, asks: number = max): number {
  const version = broker.version(key, min, asks)
  if (version !== null) return version
  throw new BrokerError(
    'refused',
    brokerName(broker.address),
    `the broker ${brokerName(broker.address)} does not support versions ${min} to ${asks} of ${name}: Carillon needs Kafka 2.8 or later`,
  )
}

/** Reads a response that begins with the throttle time, as most do. */
export function answerReader(bytes: Buffer, isFlexible: boolean): { readonly throttleMs: number; readonly reader: WireReader } {
  const reader = new WireReader(bytes, { isFlexible })
  reader.tags() // the header's
  return { throttleMs: reader.int32(), reader }
}

/** Returns `decode` and `throttleMs` of a request whose response begins with the throttle time. */
export function decodesThrottled<T>(
  isFlexible: boolean,
  decode: (reader: WireReader) => T,
): Required<Pick<WireRequest<T>, 'decode' | 'throttleMs'>> {
  return {
    decode: (bytes) => decode(answerReader(bytes, isFlexible).reader),
    throttleMs: (bytes) => answerReader(bytes, isFlexible).throttleMs,
  }
}

/**
 * Returns `decode` and `throttleMs` of a request about partitions. Its response is the throttle time and then topics with partitions.
 * @param leastBytes least size of one partition in the response, so that a count that cannot fit is refused
 * @param readOne reads the fields of one partition, without its tagged fields
 */
export function decodesPartitions<T>(
  isFlexible: boolean,
  leastBytes: number,
  readOne: (reader: WireReader) => T,
): Required<Pick<WireRequest<readonly T[]>, 'decode' | 'throttleMs'>> {
  return decodesThrottled(isFlexible, (reader) => {
    const topics = reader.array(() => {
      reader.skipString()
      const partitions = reader.array(() => {
        const one = readOne(reader)
        reader.tags()
        return one
      }, leastBytes)
      reader.tags()
      return partitions
    }, 2)
    reader.tags()
    return topics.flat()
  })
}
