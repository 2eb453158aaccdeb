import type { Attributes } from './attributes.ts'
import { textOf } from './canonical.ts'
import type { EvaluationError } from './cesql/errors.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { type Filter, type FilterObserver, holds } from './filter.ts'

/**
 * The distinct filters of a pod. Sessions with the same filter share one object, which remembers its results for the events that are being
 * delivered. So an event is checked once for each distinct filter, however many sessions have it. A filter goes with its last session. A
 * limit for each user keeps one of them from using up the limit of the pod.
 */
export class InternedFilters {
  readonly #limits: FilterLimits
  readonly #observer: SharedObserver
  #steps = 0
  readonly #byText = new Map<string, InternedFilter>()
  /** The filters of each user that has any, and how many sessions of the user have each. */
  readonly #byUser = new Map<string, Map<InternedFilter, number>>()

  constructor(limits: FilterLimits, observer: CheckObserver) {
    this.#limits = limits
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

  /** Count of users that have filters. */
  get users(): number {
    return this.#byUser.size
  }

  /** Returns the limit that one more session with the filter would break; null: there is room. @param userId null: not known yet */
  limitFor(filter: Filter, userId: string | null): FilterLimit | null {
    return this.#limitFor(this.#byText.get(textOf(filter)), userId)
  }

  #limitFor(interned: InternedFilter | undefined, userId: string | null): FilterLimit | null {
    if (interned === undefined && this.#byText.size >= this.#limits.maxDistinct) return 'tooManyFilters'
    const own = userId === null ? undefined : this.#byUser.get(userId)
    if (own === undefined || own.size < this.#limits.maxPerUser) return null
    return interned !== undefined && own.has(interned) ? null : 'tooManyFiltersOfUser'
  }

  /** Returns the shared object of a filter for one more session of a user; or the limit that it would break. */
  acquire(filter: Filter, userId: string): Result<InternedFilter, FilterLimit> {
    const text = textOf(filter)
    const known = this.#byText.get(text)
    const limit = this.#limitFor(known, userId)
    if (limit !== null) return failed(limit)
    const interned = known ?? new InternedFilter(text, filter, this.#observer)
    this.#hold(interned, userId)
    return ok(interned)
  }

  #hold(interned: InternedFilter, userId: string): void {
    this.#byText.set(interned.text, interned)
    interned.holders += 1
    const own = this.#byUser.get(userId)
    if (own === undefined) this.#byUser.set(userId, new Map([[interned, 1]]))
    else own.set(interned, (own.get(interned) ?? 0) + 1)
  }

  /**
   * Takes a filter in exchange for another, whose place it may take. null stands for no filter.
   * @returns the new one; or the limit that it would break, and the caller still holds the earlier one
   */
  exchange(held: InternedFilter | null, filter: Filter | null, userId: string): Result<InternedFilter | null, FilterLimit> {
    if (held !== null) this.release(held, userId)
    const acquired = filter === null ? ok(null) : this.acquire(filter, userId)
    if (!acquired.ok && held !== null) this.#hold(held, userId)
    return acquired
  }

  /** Gives a filter back. Call it once for each `acquire`, with the same user. */
  release(interned: InternedFilter, userId: string): void {
    interned.holders -= 1
    if (interned.holders === 0) this.#byText.delete(interned.text)
    const own = this.#byUser.get(userId)
    if (own === undefined) return
    const rest = (own.get(interned) ?? 0) - 1
    if (rest > 0) own.set(interned, rest)
    else own.delete(interned)
    if (own.size === 0) this.#byUser.delete(userId)
  }
}

export interface FilterLimits {
  /** Most distinct filters of all sessions together. */
  readonly maxDistinct: number
  /** Most distinct filters of the sessions of one user. At least 1. */
  readonly maxPerUser: number
}

/** A limit that one more filter would break. */
export type FilterLimit = 'tooManyFilters' | 'tooManyFiltersOfUser'

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
