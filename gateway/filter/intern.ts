import type { Attributes } from './attributes.ts'
import { textOf } from './canonical.ts'
import type { EvaluationError } from './cesql/errors.ts'
import { type Filter, type FilterObserver, holds } from './filter.ts'

/**
 * The distinct filters of a pod. Sessions with the same filter share one object, which remembers its results for the events that are being
 * delivered. So an event is checked once for each distinct filter, however many sessions have it. A filter goes with its last session.
 */
export class InternedFilters {
  readonly #maxDistinct: number
  readonly #observer: SharedObserver
  #steps = 0
  readonly #byText = new Map<string, InternedFilter>()

  constructor(maxDistinct: number, observer: CheckObserver) {
    this.#maxDistinct = maxDistinct
    this.#observer = {
      checked: () => observer.checked(),
      failed: (error) => observer.failed(error),
      spent: (steps) => {
        this.#steps += steps
      },
    }
  }

  /** Cost of all checks so far, in steps (`cesql/run.ts`). */
  get steps(): number {
    return this.#steps
  }

  /** Count of distinct filters. */
  get size(): number {
    return this.#byText.size
  }

  /** Returns true if `acquire` would succeed now. */
  hasRoomFor(filter: Filter): boolean {
    return this.#byText.size < this.#maxDistinct || this.#byText.has(textOf(filter))
  }

  /** Returns the shared object of a filter for one more session; null: there are too many distinct filters. */
  acquire(filter: Filter): InternedFilter | null {
    const text = textOf(filter)
    let interned = this.#byText.get(text)
    if (interned === undefined) {
      if (this.#byText.size >= this.#maxDistinct) return null
      interned = new InternedFilter(text, filter, this.#observer)
      this.#byText.set(text, interned)
    }
    interned.holders += 1
    return interned
  }

  /** Gives a filter back. Call it once for each `acquire`. */
  release(interned: InternedFilter): void {
    interned.holders -= 1
    if (interned.holders === 0) this.#byText.delete(interned.text)
  }
}

/** Receives what happens while events are checked, for metrics. */
export interface CheckObserver {
  /** A filter was checked for an event. */
  checked(): void
  /** An expression of CloudEvents SQL ended with an error, so its filter does not hold. */
  failed(error: EvaluationError): void
}

type SharedObserver = CheckObserver & FilterObserver

/** A filter with its results for recent events. */
export class InternedFilter {
  readonly text: string
  /** Count of sessions that have the filter. Only `InternedFilters` writes it. */
  holders = 0
  readonly #filter: Filter
  readonly #observer: SharedObserver
  /** Sequence numbers whose results are remembered, each in the place of its lowest bits; -1: none. */
  readonly #seqs = new Float64Array(rememberedResults).fill(-1)
  readonly #results = new Uint8Array(rememberedResults)

  constructor(text: string, filter: Filter, observer: SharedObserver) {
    this.text = text
    this.#filter = filter
    this.#observer = observer
  }

  /** Returns the remembered result for an event; null: check it. @param seq sequence number, which never stands for another event */
  resultFor(seq: number): boolean | null {
    const place = seq % rememberedResults
    return this.#seqs[place] === seq ? this.#results[place] === 1 : null
  }

  /** Returns true if the filter holds for an event, and remembers it. */
  check(seq: number, attributes: Attributes): boolean {
    const place = seq % rememberedResults
    const result = holds(this.#filter, attributes, this.#observer)
    this.#seqs[place] = seq
    this.#results[place] = result ? 1 : 0
    this.#observer.checked()
    return result
  }
}

/** Results that a filter remembers: for more events than a pass over all sessions usually delivers. 9 bytes each. */
export const rememberedResults = 128
