import { Deque, partitionPoint } from './deque.ts'
import type { Entry } from './entry.ts'
import type { PartitionOffsets } from './record-source.ts'

/**
 * The place of the replay log in each partition: `positions` (the next offset to read) and `floors` (the offset from which nothing was dropped).
 * It finds the entries that a vector does not cover, and the whole vector after an entry. An entry knows only its own offset. So the whole vector
 * is kept for every 32nd entry, and the entries between are replayed.
 *
 * A loss has a place among the entries: behind all that were read before it. The vector after an earlier entry does not cover the lost records,
 * the vector after a later one does. A client whose vector does not cover them cannot resume here, because `lostBelow` is a floor, too. A session
 * that reads on gets the earlier entries of the partition, and then the later ones.
 */
export class PositionIndex {
  readonly #positions: number[]
  readonly #floors: number[]
  readonly #entriesByPartition: Deque<Entry>[]
  readonly #entries: Deque<Entry>
  readonly #checkpoints = new Deque<Checkpoint>()
  /** Per partition, the offset below which the last loss lies; 0: none. */
  readonly #lostBelow: number[]
  /** Losses in order of their place; one for each partition at one place. None lies before the oldest entry. */
  readonly #losses = new Deque<Loss>()
  /** The vector before the oldest entry. */
  readonly #oldest: number[]

  constructor(startOffsets: PartitionOffsets, entries: Deque<Entry>) {
    this.#positions = [...startOffsets]
    this.#floors = [...startOffsets]
    this.#oldest = [...startOffsets]
    this.#lostBelow = startOffsets.map(() => 0)
    this.#entriesByPartition = startOffsets.map(() => new Deque<Entry>())
    this.#entries = entries
  }

  get positions(): PartitionOffsets {
    return this.#positions
  }

  get floors(): PartitionOffsets {
    return this.#floors
  }

  /** Bytes that the losses take. */
  get bytes(): number {
    return this.#losses.length * lossBytes
  }

  /** Makes room for new partitions of the topic, which are read from offset 0. */
  grow(partitions: number): void {
    for (let partition = this.#positions.length; partition < partitions; partition += 1) {
      this.#positions.push(0)
      this.#floors.push(0)
      this.#oldest.push(0)
      this.#lostBelow.push(0)
      this.#entriesByPartition.push(new Deque())
    }
  }

  /** The partition has been read up to `nextOffset`. */
  advance(partition: number, nextOffset: number): void {
    this.grow(partition + 1)
    if (nextOffset > (this.#positions[partition] ?? 0)) this.#positions[partition] = nextOffset
  }

  /** Notes that records below `offset` were read but not kept. Only while the partition has no entry; later, everything is kept. */
  raiseFloor(partition: number, offset: number): void {
    this.grow(partition + 1)
    if (this.#entriesByPartition[partition]?.length === 0 && offset > (this.#floors[partition] ?? 0)) this.#floors[partition] = offset
  }

  /**
   * Notes the loss of the records from the position up to `nextOffset`. @param seq of the next entry, before which the loss has its place
   * @returns false: the partition has been read as far
   */
  lose(partition: number, nextOffset: number, seq: number): boolean {
    this.grow(partition + 1)
    if (nextOffset <= (this.#positions[partition] ?? 0)) return false
    this.#positions[partition] = nextOffset
    this.#lostBelow[partition] = nextOffset
    const same = this.#lossAt(partition, seq)
    if (same === undefined) this.#losses.push({ seq, partition, nextOffset })
    else same.nextOffset = nextOffset
    return true
  }

  #lossAt(partition: number, seq: number): Loss | undefined {
    for (let index = this.#losses.length - 1; index >= 0; index -= 1) {
      const loss = this.#losses.at(index)
      if (loss === undefined || loss.seq !== seq) return undefined
      if (loss.partition === partition) return loss
    }
    return undefined
  }

  /** Returns true if a loss has its place behind an entry, which must be in the replay log. */
  hasLossAfter({ seq }: Entry): boolean {
    return (this.#losses.last()?.seq ?? seq) > seq
  }

  hasEntries(partition: number): boolean {
    return (this.#entriesByPartition[partition]?.length ?? 0) > 0
  }

  add(entry: Entry): void {
    this.grow(entry.partition + 1)
    if (entry.seq % checkpointEvery === 0) this.#checkpoints.push({ seq: entry.seq, before: [...this.#positions] })
    this.#entriesByPartition[entry.partition]?.push(entry)
    this.advance(entry.partition, entry.offset + 1)
  }

  /** Drops the oldest entry. */
  drop(entry: Entry): void {
    this.#entriesByPartition[entry.partition]?.shift()
    this.#floors[entry.partition] = Math.max(this.#floors[entry.partition] ?? 0, entry.offset + 1)
    const checkpoint = this.#checkpoints.first()
    if (checkpoint !== undefined && checkpoint.seq <= entry.seq) {
      this.#checkpoints.shift()
      checkpoint.before.forEach((offset, partition) => (this.#oldest[partition] = Math.max(this.#oldest[partition] ?? 0, offset)))
    }
    this.#oldest[entry.partition] = entry.offset + 1
    for (let loss = this.#losses.first(); loss !== undefined && loss.seq <= entry.seq; loss = this.#losses.first()) {
      this.#losses.shift()
      this.#oldest[loss.partition] = Math.max(this.#oldest[loss.partition] ?? 0, loss.nextOffset)
    }
  }

  /** Returns the sequence number of the first entry that the vector does not cover; null: it covers them all. */
  firstUncovered(offsets: PartitionOffsets): number | null {
    let first: number | null = null
    this.#entriesByPartition.forEach((entries, partition) => {
      const wanted = offsets[partition] ?? 0
      const entry = entries.at(partitionPoint(entries, (candidate) => candidate.offset < wanted))
      if (entry !== undefined && (first === null || entry.seq < first)) first = entry.seq
    })
    return first
  }

  /** Returns true if this replay log lacks records that the vector does not cover. */
  hasLost(offsets: PartitionOffsets): boolean {
    return this.#floors.some((floor, partition) => (offsets[partition] ?? 0) < Math.max(floor, this.#lostBelow[partition] ?? 0))
  }

  /** Returns true if the vector is beyond the positions of this pod: the client comes from a pod that is ahead. */
  isBehind(offsets: PartitionOffsets): boolean {
    return offsets.some((offset, partition) => offset > (this.#positions[partition] ?? 0))
  }

  /** Returns a vector that covers all before the entry, and not the entry itself. The entry must be in the replay log. */
  vectorBefore(entry: Entry): number[] {
    return this.vectorAfter(entry).with(entry.partition, entry.offset)
  }

  /** Returns a vector that covers the entry and all before it, and no entry after it. The entry must be in the replay log. */
  vectorAfter(entry: Entry): number[] {
    const oldestSeq = this.#entries.first()?.seq ?? entry.seq
    const aligned = entry.seq - (entry.seq % checkpointEvery)
    const firstCheckpoint = this.#checkpoints.first()
    const useCheckpoint = firstCheckpoint !== undefined && aligned >= firstCheckpoint.seq && aligned >= oldestSeq
    const checkpoint = useCheckpoint ? this.#checkpoints.at((aligned - firstCheckpoint.seq) / checkpointEvery) : undefined
    const vector = [...(checkpoint?.before ?? this.#oldest)]
    const from = checkpoint?.seq ?? oldestSeq
    for (let seq = from; seq <= entry.seq; seq += 1) {
      const earlier = this.#entries.at(seq - oldestSeq)
      if (earlier !== undefined) vector[earlier.partition] = earlier.offset + 1
    }
    this.#coverLosses(vector, from, entry.seq)
    // Records that were too old to keep raise a floor, and no checkpoint. No entry of the replay log lies below its partition's floor.
    return this.#floors.map((floor, partition) => Math.max(vector[partition] ?? 0, floor))
  }

  /** Raises the vector by the losses that lie at or after the entry `from`, and before the entry `to` or right before it. */
  #coverLosses(vector: number[], from: number, to: number): void {
    for (let index = partitionPoint(this.#losses, ({ seq }) => seq < from); index < this.#losses.length; index += 1) {
      const loss = this.#losses.at(index)
      if (loss === undefined || loss.seq > to) return
      vector[loss.partition] = Math.max(vector[loss.partition] ?? 0, loss.nextOffset)
    }
  }
}

/** Entries per checkpoint. A vector of 8 partitions costs 64 bytes: 2 bytes an entry at one in 32. */
const checkpointEvery = 32

/** Bytes of a loss, with its place in the deque. */
export const lossBytes = 64

interface Loss {
  /** Sequence number of the entry before which the loss has its place. */
  readonly seq: number
  readonly partition: number
  nextOffset: number
}

interface Checkpoint {
  readonly seq: number
  /** The vector before the entry with this seq. */
  readonly before: number[]
}
