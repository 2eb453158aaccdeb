import type { Broker, ProtocolRequest } from './kafkajs-internals.ts'

/** What Metadata says of one topic. */
export interface TopicMetadata {
  /** 0, or one of the broker's error codes. */
  readonly errorCode: number
  /** A UUID; all zeros when the topic is missing. */
  readonly topicId: string
  readonly partitions: number
}

const metadataKey = 3
/** Version 10 is the first that tells topic ids (Kafka 2.8), version 12 the last that needs no more than this. */
const firstVersion = 10
const lastVersion = 12

/** The version of Metadata with topic ids that this broker speaks, or null. */
export function metadataVersion(broker: Broker): number | null {
  const version = Math.min(broker.versions[metadataKey]?.maxVersion ?? 0, lastVersion)
  return version < firstVersion ? null : version
}

/** Asks for one topic, as kafkajs cannot: its own versions of Metadata end at 6. Send it by a broker's connection. */
export function topicMetadataRequest(topic: string, version: number): ProtocolRequest {
  return {
    request: {
      apiKey: metadataKey,
      apiVersion: version,
      apiName: 'Metadata',
      encode: async () => {
        const bytes = encodeRequest(topic, version)
        return { buf: bytes, buffer: bytes }
      },
    },
    response: { decode: async (bytes) => decodeTopicMetadata(bytes), parse: async (decoded) => decoded },
  }
}

function encodeRequest(topic: string, version: number): Buffer {
  const name = Buffer.from(topic)
  const withClusterOperations = version === 10
  return Buffer.concat([
    Buffer.from([0]), // the header's tagged fields: none
    unsignedVarint(2), // one topic
    Buffer.alloc(16), // its id: unknown
    unsignedVarint(name.length + 1),
    name,
    Buffer.from([0]), // the topic's tagged fields
    Buffer.from([0]), // do not create it
    Buffer.alloc(withClusterOperations ? 2 : 1), // no authorized operations
    Buffer.from([0]), // the request's tagged fields
  ])
}

function unsignedVarint(value: number): Buffer {
  const bytes = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** Decodes a Metadata response (versions 10 to 12) to a request for one topic. @throws RangeError when the bytes end early */
export function decodeTopicMetadata(bytes: Buffer): TopicMetadata {
  const reader = new CompactReader(bytes)
  reader.skipTags() // of the header
  reader.skip(4) // throttle time
  for (let brokers = reader.arrayLength(); brokers > 0; brokers--) {
    reader.skip(4)
    reader.skipString()
    reader.skip(4)
    reader.skipString()
    reader.skipTags()
  }
  reader.skipString() // cluster id
  reader.skip(4) // controller
  if (reader.arrayLength() < 1) throw new RangeError('the broker answered nothing about the topic')
  const errorCode = reader.int16()
  reader.skipString()
  const topicId = reader.uuid()
  reader.skip(1) // internal
  return { errorCode, topicId, partitions: reader.arrayLength() }
}

class CompactReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(bytes: number): void {
    this.#at += bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  /** -1 for null. */
  arrayLength(): number {
    return this.#varint() - 1
  }

  skipString(): void {
    const length = this.#varint() - 1 // moves #at itself
    this.#at += Math.max(0, length)
  }

  skipTags(): void {
    for (let count = this.#varint(); count > 0; count--) {
      this.#varint()
      const length = this.#varint()
      this.#at += length
    }
  }

  uuid(): string {
    this.#at += 16
    const hex = this.#bytes.toString('hex', this.#at - 16, this.#at)
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  #varint(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result >>> 0
    }
    throw new RangeError('a number of more than 5 bytes')
  }
}
