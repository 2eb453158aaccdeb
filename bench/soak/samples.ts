import { medianOf } from '../lib/percentiles.ts'

/** Figures of the gateway at one moment. */
export interface Sample {
  /** Seconds since the begin of the soak. */
  readonly atS: number
  readonly rssBytes: number
  /** Longest delay of the event loop since the sample before. */
  readonly lagMs: number
}

/** Reads the longest delay of the event loop from a page of metrics, which forgets it. null: the page has none. */
export function parseLagMs(metrics: string): number | null {
  const seconds = /^nodejs_eventloop_lag_max_seconds(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1_000
}

/** Change from the quarter after the warm-up to the last quarter, by their medians. */
export interface Growth {
  readonly first: number
  readonly last: number
  /** 1: no growth. */
  readonly ratio: number
}

/** Compares the second quarter of a soak with its last. The first is the warm-up. @throws RangeError for less than four samples */
export function growthOf(samples: readonly Sample[], read: (sample: Sample) => number): Growth {
  if (samples.length < 4) throw new RangeError('growth needs four samples at least')
  const quarter = (index: number): readonly number[] =>
    samples.slice(Math.floor((index * samples.length) / 4), Math.floor(((index + 1) * samples.length) / 4)).map(read)
  const [first, last] = [medianOf(quarter(1)), medianOf(quarter(3))]
  return { first, last, ratio: last / first }
}
