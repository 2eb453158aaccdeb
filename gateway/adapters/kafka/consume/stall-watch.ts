import type { PartitionOffsets } from '../../../replay/record-source.ts'

/**
 * Notices partitions that have records to read and do not move. What the sink is working on does not count: then the sink is slow, and
 * a new consumer would not help.
 */
export interface StallWatch {
  /** The partition that has been behind, without moving, for longest and for `timeoutMs` at least; null when there is none. */
  look(seen: { readonly nowMs: number; readonly positions: PartitionOffsets; readonly ends: PartitionOffsets; readonly busy: ReadonlySet<number> }): number | null
  /** Forgets what was seen: the consumer is another. */
  reset(): void
}

export function createStallWatch(timeoutMs: number): StallWatch {
  let waiting = new Map<number, { readonly position: number; readonly sinceMs: number }>()
  return {
    look({ nowMs, positions, ends, busy }) {
      const before = waiting
      waiting = new Map()
      for (const [partition, position] of positions.entries()) {
        if (position >= (ends[partition] ?? 0) || busy.has(partition)) continue
        const last = before.get(partition)
        waiting.set(partition, last?.position === position ? last : { position, sinceMs: nowMs })
      }
      const [oldest] = [...waiting].sort(([, left], [, right]) => left.sinceMs - right.sinceMs)
      return oldest !== undefined && nowMs - oldest[1].sinceMs >= timeoutMs ? oldest[0] : null
    },
    reset: () => waiting.clear(),
  }
}
