export interface Latencies {
  readonly count: number
  /** Percentiles in milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Ratio of two buckets' widths: a value read from a bucket is off by half a hundredth at most. */
const growth = 1.01
const leastMs = 0.001
const buckets = 2_100

/** Latencies of any number of events in memory of a fixed size. Values below a microsecond count as one. */
export class Histogram {
  readonly #counts = new Float64Array(buckets)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    const index = ms <= leastMs ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / leastMs) / Math.log(growth)))
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count += 1
    if (ms > this.#max) this.#max = ms
  }

  clear(): void {
    this.#counts.fill(0)
    this.#count = 0
    this.#max = 0
  }

  /** Returns nearest-rank percentiles; zeroes when empty. */
  read(): Latencies {
    return { count: this.#count, p50: this.#at(0.5), p99: this.#at(0.99), p999: this.#at(0.999), max: this.#max }
  }

  #at(fraction: number): number {
    if (this.#count === 0) return 0
    const rank = Math.max(1, Math.ceil(this.#count * fraction))
    let seen = 0
    for (let index = 0; index < buckets; index += 1) {
      seen += this.#counts[index] ?? 0
      if (seen >= rank) return Math.min(this.#max, middleOf(index))
    }
    return this.#max
  }
}

const middleOf = (index: number): number => leastMs * growth ** (index - 0.5)
