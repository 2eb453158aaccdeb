import { decodeRecordSet, readInt64, type AbortedTransaction, type RecordSet } from '../records/decode-record-set.ts'

/** The version of the Fetch response that is decoded here: what kafkajs asks brokers of Kafka 2.3 and later for. */
export const fetchVersion = 11

/**
 * A fetch of one partition, in the clothes of the one message that kafkajs then believes it has fetched: it needs only the offset of the
 * last one, to know where to go on.
 */
export interface FetchedPartition extends RecordSet {
  /** What kafkajs takes for the offset of the last message. */
  readonly offset: string
  /** The first offset that the partition still has. */
  readonly logStartOffset: number
  /** The partition's end for a consumer that reads committed records only: an open transaction holds it back. */
  readonly endOffset: number
}

export interface FetchResponse {
  readonly throttleTime: 0
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly sessionId: number
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly FetchedByKafkajs[] }[]
}

interface FetchedByKafkajs {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
  readonly lastStableOffset: string
  readonly lastStartOffset: string
  readonly abortedTransactions: readonly never[]
  readonly preferredReadReplica: number
  readonly messages: readonly FetchedPartition[]
}

/** Decodes a Fetch response (version 11) for kafkajs, with one message per partition that carries all its records. */
export async function decodeFetchResponse(bytes: Buffer): Promise<FetchResponse> {
  const reader = new Reader(bytes)
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const responses = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topicName = reader.string()
    const partitions = []
    for (let count = reader.int32(); count > 0; count--) partitions.push(await decodePartition(reader))
    responses.push({ topicName, partitions })
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
}

async function decodePartition(reader: Reader): Promise<FetchedByKafkajs> {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  const logStartOffset = reader.int64()
  const aborted = reader.aborted()
  const preferredReadReplica = reader.int32()
  const set = await decodeRecordSet(reader.bytes(), partition, aborted)
  const fetched = { ...set, offset: String(set.nextOffset - 1), logStartOffset, endOffset: lastStableOffset }
  return {
    partition,
    errorCode,
    highWatermark: String(highWatermark),
    lastStableOffset: String(lastStableOffset),
    lastStartOffset: String(logStartOffset),
    abortedTransactions: [], // they are filtered already
    preferredReadReplica,
    messages: set.nextOffset === -1 ? [] : [fetched],
  }
}

/** Reads the primitive types of Kafka's protocol. */
class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  int64(): number {
    this.#at += 8
    return readInt64(this.#bytes, this.#at - 8)
  }

  string(): string {
    const length = Math.max(0, this.int16())
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  aborted(): AbortedTransaction[] {
    const transactions: AbortedTransaction[] = []
    for (let count = this.int32(); count > 0; count--) {
      const producerId = this.#bytes.readBigInt64BE(this.#at)
      this.#at += 8
      transactions.push({ producerId, firstOffset: this.int64() })
    }
    return transactions
  }
}
