import { Deque, partitionPoint } from './deque.ts'
import type { Entry } from './entry.ts'
import type { PartitionOffsets } from './record-source.ts'

/**
 * Where the log stands in each partition: `positions` (the next offset to be read) and `floors` (from which offset on nothing was
 * dropped); which entries a vector does not cover; and, for an entry, the whole vector after it. An entry knows only its own offset:
 * every 32 entries the whole vector is kept, and what lies between is replayed.
 */
export class PositionIndex {
  readonly #positions: number[]
  readonly #floors: number[]
  readonly #entriesByPartition: Deque<Entry>[]
  readonly #entries: Deque<Entry>
  readonly #checkpoints = new Deque<Checkpoint>()
  /** The vector before the oldest entry. */
  readonly #oldest: number[]

  constructor(startOffsets: PartitionOffsets, entries: Deque<Entry>) {
    this.#positions = [...startOffsets]
    this.#floors = [...startOffsets]
    this.#oldest = [...startOffsets]
    this.#entriesByPartition = startOffsets.map(() => new Deque<Entry>())
    this.#entries = entries
  }

  get positions(): PartitionOffsets {
    return this.#positions
  }

  get floors(): PartitionOffsets {
    return this.#floors
  }

  /** Makes room for partitions that are new in the topic; they are read from offset 0. */
  grow(partitions: number): void {
    for (let partition = this.#positions.length; partition < partitions; partition += 1) {
      this.#positions.push(0)
      this.#floors.push(0)
      this.#oldest.push(0)
      this.#entriesByPartition.push(new Deque())
    }
  }

  /** The partition has been read up to `nextOffset`. */
  advance(partition: number, nextOffset: number): void {
    this.grow(partition + 1)
    if (nextOffset > (this.#positions[partition] ?? 0)) this.#positions[partition] = nextOffset
  }

  /** Records below `offset` were read but not kept. Only while the partition has no entry: later, everything is kept. */
  raiseFloor(partition: number, offset: number): void {
    this.grow(partition + 1)
    if (this.#entriesByPartition[partition]?.length === 0 && offset > (this.#floors[partition] ?? 0)) this.#floors[partition] = offset
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

  /** The oldest entry leaves the log. */
  drop(entry: Entry): void {
    this.#entriesByPartition[entry.partition]?.shift()
    this.#floors[entry.partition] = Math.max(this.#floors[entry.partition] ?? 0, entry.offset + 1)
    const checkpoint = this.#checkpoints.first()
    if (checkpoint !== undefined && checkpoint.seq <= entry.seq) {
      this.#checkpoints.shift()
      checkpoint.before.forEach((offset, partition) => (this.#oldest[partition] = Math.max(this.#oldest[partition] ?? 0, offset)))
    }
    this.#oldest[entry.partition] = entry.offset + 1
  }

  /** The sequence number of the first entry that the vector does not cover; null when it covers them all. */
  firstUncovered(offsets: PartitionOffsets): number | null {
    let first: number | null = null
    this.#entriesByPartition.forEach((entries, partition) => {
      const wanted = offsets[partition] ?? 0
      const entry = entries.at(partitionPoint(entries, (candidate) => candidate.offset < wanted))
      if (entry !== undefined && (first === null || entry.seq < first)) first = entry.seq
    })
    return first
  }

  /** Whether records that the vector does not cover are no longer, or were never, in this log. */
  hasLost(offsets: PartitionOffsets): boolean {
    return this.#floors.some((floor, partition) => (offsets[partition] ?? 0) < floor)
  }

  /** Whether the vector is beyond what this pod has read: the client comes from a pod that is ahead. */
  isBehind(offsets: PartitionOffsets): boolean {
    return offsets.some((offset, partition) => offset > (this.#positions[partition] ?? 0))
  }

  /** A vector that covers the entry and all before it, and no entry after it. The entry must be in the log. */
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
    // Checkpoints know nothing of what was too old to be kept after them. No entry of the log lies below its partition's floor.
    return this.#floors.map((floor, partition) => Math.max(vector[partition] ?? 0, floor))
  }
}

/** A vector of 8 partitions costs 64 bytes: 2 bytes an entry at one in 32. */
const checkpointEvery = 32

interface Checkpoint {
  readonly seq: number
  /** The vector before the entry with this seq. */
  readonly before: number[]
}
