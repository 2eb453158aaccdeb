import type { Broker, ProtocolRequest } from './kafkajs-internals.ts'

/** What Metadata says of a cluster and of the topics that were asked for. */
export interface ClusterMetadata {
  readonly clusterId: string | null
  /** One for each topic of the request, in no promised order. */
  readonly topics: readonly TopicMetadata[]
}

export interface TopicMetadata {
  readonly name: string
  /** 0, or one of the broker's error codes. */
  readonly errorCode: number
  /** A UUID; all zeros when the topic is missing. */
  readonly topicId: string
  readonly partitions: number
  /** Of the partition that has the fewest; one that is being moved has more for a while. 0 without partitions. */
  readonly replicas: number
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

/** Asks for topics (and creates none), as kafkajs cannot: its own versions of Metadata end at 6. Send it by a broker's connection. */
export function topicMetadataRequest(topics: readonly string[], version: number): ProtocolRequest {
  return {
    request: {
      apiKey: metadataKey,
      apiVersion: version,
      apiName: 'Metadata',
      encode: async () => {
        const bytes = encodeRequest(topics, version)
        return { buf: bytes, buffer: bytes }
      },
    },
    response: { decode: async (bytes) => decodeTopicMetadata(bytes), parse: async (decoded) => decoded },
  }
}

function encodeRequest(topics: readonly string[], version: number): Buffer {
  const withClusterOperations = version === 10
  return Buffer.concat([
    Buffer.from([0]), // the header's tagged fields: none
    unsignedVarint(topics.length + 1),
    ...topics.map(encodeTopic),
    Buffer.from([0]), // do not create them
    Buffer.alloc(withClusterOperations ? 2 : 1), // no authorized operations
    Buffer.from([0]), // the request's tagged fields
  ])
}

function encodeTopic(topic: string): Buffer {
  const name = Buffer.from(topic)
  const noId = Buffer.alloc(16)
  return Buffer.concat([noId, unsignedVarint(name.length + 1), name, Buffer.from([0])]) // no tagged fields
}

function unsignedVarint(value: number): Buffer {
  const bytes = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

/** Decodes a Metadata response (versions 10 to 12). @throws RangeError when the bytes end early */
export function decodeTopicMetadata(bytes: Buffer): ClusterMetadata {
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
  const clusterId = reader.string()
  reader.skip(4) // controller
  const topics: TopicMetadata[] = []
  for (let count = reader.arrayLength(); count > 0; count--) topics.push(decodeTopic(reader))
  return { clusterId, topics }
}

function decodeTopic(reader: CompactReader): TopicMetadata {
  const errorCode = reader.int16()
  const name = reader.string() ?? ''
  const topicId = reader.uuid()
  reader.skip(1) // internal
  const partitions = Math.max(0, reader.arrayLength())
  let replicas = partitions === 0 ? 0 : Number.POSITIVE_INFINITY
  for (let partition = 0; partition < partitions; partition++) replicas = Math.min(replicas, decodeReplicas(reader))
  reader.skip(4) // authorized operations
  reader.skipTags()
  return { name, errorCode, topicId, partitions, replicas }
}

/** Reads a partition. */
function decodeReplicas(reader: CompactReader): number {
  reader.skip(2 + 4 + 4 + 4) // error, partition, leader, its epoch
  const replicas = Math.max(0, reader.arrayLength())
  reader.skip(4 * replicas)
  for (let list = 0; list < 2; list++) reader.skip(4 * Math.max(0, reader.arrayLength())) // in-sync and offline replicas
  reader.skipTags()
  return replicas
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

  /** Null for null. */
  string(): string | null {
    const length = this.#varint() - 1
    if (length < 0) return null
    this.#at += length
    if (this.#at > this.#bytes.length) throw new RangeError('a text that is longer than the answer')
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
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
