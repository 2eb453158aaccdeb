/** Where a partition stands, as its broker said with the last answer. */
export interface Watermarks {
  /** The end for readers of committed records: an open transaction holds it back. */
  readonly lastStableOffset: number
  /** The end of what all in-sync replicas have. */
  readonly highWatermark: number
  readonly logStartOffset: number
}

/**
 * Returns what a broker said of its partition, as far as it is possible: 0 <= log start <= high watermark, and so for the last stable
 * offset. A broker that tells none (-1) has no open transaction.
 */
export function watermarksOf({ highWatermark, lastStableOffset, logStartOffset }: Watermarks): Watermarks {
  const end = Math.max(0, highWatermark)
  return {
    highWatermark: end,
    lastStableOffset: lastStableOffset < 0 ? end : Math.min(lastStableOffset, end),
    logStartOffset: Math.min(Math.max(0, logStartOffset), end),
  }
}
