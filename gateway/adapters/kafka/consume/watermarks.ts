/** Ends and start of a partition in its broker's last answer. */
export interface Watermarks {
  /** End for readers of committed records: an open transaction holds it back. */
  readonly lastStableOffset: number
  /** End of the records that all in-sync replicas have. */
  readonly highWatermark: number
  readonly logStartOffset: number
}

/**
 * Returns a broker's watermarks within their possible bounds: 0 <= log start <= high watermark, and so for the last stable offset. A broker
 * that reports none (-1) has no open transaction.
 */
export function watermarksOf({ highWatermark, lastStableOffset, logStartOffset }: Watermarks): Watermarks {
  const end = Math.max(0, highWatermark)
  return {
    highWatermark: end,
    lastStableOffset: lastStableOffset < 0 ? end : Math.min(lastStableOffset, end),
    logStartOffset: Math.min(Math.max(0, logStartOffset), end),
  }
}
