import { encodeBatch } from '../records/encode-batch.ts'

interface StoredBatch {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly timestampMs: number
  readonly bytes: Buffer
}

/** The log of one partition in memory, with actions for tests. Readers of the fake cluster see it as a real broker's. */
export class FakePartition {
  /** Id of the leader; -1: none. */
  leader: number
  /** The controller's epoch: it never goes back, also when the log that had it was cut. */
  epoch = 0
  logStart = 0
  /** False values that the broker reports. */
  lies: { highWatermark?: number; lastStableOffset?: number; logStartOffset?: number } = {}
  /** Error of all fetches and ListOffsets of this partition. */
  errorCode = 0
  /** Replica that the leader names to a client with a rack; -1: none. */
  preferredReplica = -1
  /** Brokers that serve fetches as followers, up to this offset. */
  readonly followers = new Map<number, number>()
  /** True: reports records and sends none. */
  isStuck = false
  #epochs: { readonly epoch: number; readonly startOffset: number }[] = [{ epoch: 0, startOffset: 0 }]
  #batches: StoredBatch[] = []
  #end = 0

  constructor(leader: number) {
    this.leader = leader
  }

  get end(): number {
    return this.#end
  }

  get highWatermark(): number {
    return this.lies.highWatermark ?? this.#end
  }

  get lastStableOffset(): number {
    return this.lies.lastStableOffset ?? this.highWatermark
  }

  append(values: readonly string[], timestampMs: number): void {
    this.appendBatch(
      encodeBatch(values.map((value) => ({ key: null, value: Buffer.from(value), headers: [], timestampMs }))),
      values.length,
      timestampMs,
    )
  }

  /** Appends bytes unchanged, except for the offset and the leader epoch, which a broker fills in. */
  appendBatch(batch: Buffer, records: number, timestampMs = Date.now()): void {
    const bytes = Buffer.from(batch)
    if (bytes.length >= 16) {
      bytes.writeBigInt64BE(BigInt(this.#end), 0)
      bytes.writeInt32BE(this.epoch, 12)
    }
    this.#batches.push({ baseOffset: this.#end, nextOffset: this.#end + records, timestampMs, bytes })
    this.#end += records
  }

  /** Elects another leader, or the same one again, in the next epoch. */
  elect(broker: number): void {
    this.leader = broker
    this.epoch += 1
    this.#epochs.push({ epoch: this.epoch, startOffset: this.#end })
  }

  /** Drops batches that end above the offset, as a leader does that was elected without them. */
  truncate(offset: number): void {
    this.#batches = this.#batches.filter(({ nextOffset }) => nextOffset <= offset)
    this.#end = this.#batches.at(-1)?.nextOffset ?? this.logStart
    this.#epochs = this.#epochs.filter(({ startOffset }, index) => index === 0 || startOffset <= this.#end)
  }

  /** Drops batches that begin below the offset, as retention does. */
  trim(offset: number): void {
    this.logStart = offset
    this.#batches = this.#batches.filter(({ nextOffset }) => nextOffset > offset)
  }

  /** Returns where the epoch ends, as OffsetForLeaderEpoch reports it. */
  endOfEpoch(asked: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    if (asked === this.epoch) return { leaderEpoch: this.epoch, endOffset: this.#end }
    const higher = this.#epochs.find(({ epoch }) => epoch > asked)
    const floor = this.#epochs.findLast(({ epoch }) => epoch <= asked)
    if (higher === undefined) return { leaderEpoch: -1, endOffset: -1 }
    return { leaderEpoch: floor?.epoch ?? asked, endOffset: higher.startOffset }
  }

  offsetAt(timestampMs: number): number {
    return this.#batches.find((batch) => batch.timestampMs >= timestampMs)?.baseOffset ?? -1
  }

  /** Returns whole batches from the one that holds the offset; the first one also when it is larger. */
  read(offset: number, maxBytes: number, end = this.#end): Buffer {
    const found: Buffer[] = []
    let bytes = 0
    for (const batch of this.#batches) {
      if (batch.nextOffset <= offset) continue
      if (batch.baseOffset >= Math.min(end, this.lastStableOffset) || (found.length > 0 && bytes + batch.bytes.length > maxBytes)) break
      found.push(batch.bytes)
      bytes += batch.bytes.length
    }
    return this.isStuck ? Buffer.alloc(0) : Buffer.concat(found)
  }
}
