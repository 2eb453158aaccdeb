import { partitionFor } from '../../../emit/partition-for.ts'
import { createPartitionLane, type PartitionLane } from './partition-lane.ts'
import type { QueuedRecord } from './publish.ts'

/** All lanes: one for each partition, and one for records that wait until the partitions are known. */
export interface Lanes {
  all(): Iterable<PartitionLane>
  /**
   * Puts a record into the lane of its key, or else of its identity.
   * @returns that lane
   */
  place(record: QueuedRecord): PartitionLane
  remove(record: QueuedRecord): void
  /**
   * Moves records when the topic has more partitions, or fewer, than before. Records that are not in the log move to the partition of their
   * keys, in order. Records that may be in the log stay, as long as their partition does: the next attempt may write the same record again,
   * and both copies should meet in one partition.
   */
  rearrange(): void
  /** Ends all pauses. */
  close(): void
}

/** The lane of records without a partition yet. */
const unplaced = -1

export interface LanesParts {
  /** Number of partitions of the topic; 0 while it is not known. */
  readonly partitions: () => number
  /** Called when a lane has waited long enough after a failure. */
  readonly ready: (lane: PartitionLane) => void
}

export function createLanes({ partitions, ready }: LanesParts): Lanes {
  const lanes = new Map<number, PartitionLane>()

  function laneOf(partition: number): PartitionLane {
    const known = lanes.get(partition)
    if (known !== undefined) return known
    const lane: PartitionLane = createPartitionLane(partition, () => ready(lane))
    lanes.set(partition, lane)
    return lane
  }

  function place(record: QueuedRecord): PartitionLane {
    const count = partitions()
    const lane = laneOf(count === 0 ? unplaced : partitionFor(record.record, count))
    lane.add(record)
    return lane
  }

  const stays = (record: QueuedRecord, lane: PartitionLane): boolean =>
    lane.isUnderWay(record) || (record.attempts > 0 && lane.partition !== unplaced && lane.partition < partitions())

  return {
    all: () => lanes.values(),
    place,
    remove: (record) => lanes.get(record.partition)?.delete(record),
    rearrange() {
      const moving = [...lanes.values()].flatMap((lane) => [...lane.records].filter((record) => !stays(record, lane)))
      for (const record of moving) lanes.get(record.partition)?.delete(record)
      for (const record of moving.toSorted((a, b) => a.sequence - b.sequence)) place(record)
    },
    close() {
      for (const lane of lanes.values()) lane.resume()
    },
  }
}
