import type { Attributes } from '../attributes.ts'
import type { EvaluationError } from './errors.ts'
import { greatestInteger, leastInteger, type Value, type ValueType } from './expression.ts'

/**
 * Most steps of one evaluation, and of all expressions of a filter together for one event: a millisecond of work at most. A step is a node, a comparison of a character, or a character that a function reads
 * or writes. The operation that goes beyond is the last one.
 */
export const maxSteps = 16_384

/** The state of one evaluation: the event, the first error, and the steps so far. */
export class Run {
  readonly attributes: Attributes
  readonly room: number
  error: EvaluationError | null = null
  steps = 0

  /** @param room most steps */
  constructor(attributes: Attributes, room: number) {
    this.attributes = attributes
    this.room = room
  }

  /** Notes an error, unless there is one, and returns the value that takes the place of the result. */
  fail<T extends Value>(error: EvaluationError, instead: T): T {
    this.error ??= error
    return instead
  }

  /** Counts steps. @returns false, with a generic error: there are too many */
  spend(steps: number): boolean {
    this.steps += steps
    if (this.steps <= this.room) return true
    this.error ??= 'generic'
    return false
  }

  /** Returns a number as an Integer. A number that does not fit 32 bits is a math error, with the value 0. */
  integer(value: number): number {
    if (value < leastInteger || value > greatestInteger) return this.fail('math', 0)
    return value === 0 ? 0 : value // never -0
  }

  // ---- casts (section 3.7)

  toType(value: Value, type: ValueType): Value {
    switch (type) {
      case 'string':
        return toText(value)
      case 'number':
        return this.toInteger(value)
      case 'boolean':
        return this.toBoolean(value)
    }
  }

  toInteger(value: Value): number {
    if (typeof value === 'number') return value
    if (typeof value === 'boolean') return value ? 1 : 0
    const number = value.length <= longestInteger && /^[+-]?[0-9]+$/.test(value) ? Number(value) : Number.NaN
    return number >= leastInteger && number <= greatestInteger ? this.integer(number) : this.fail('cast', 0)
  }

  toBoolean(value: Value): boolean {
    if (typeof value === 'boolean') return value
    if (typeof value === 'number') return value !== 0
    const text = value.length <= 'false'.length ? value.toLowerCase() : ''
    return text === 'true' || (text !== 'false' && this.fail('cast', false))
  }
}

/** Characters of the longest text that is read as an Integer: leading zeros are allowed, without end they are not. */
const longestInteger = 64

/** Casts to String, which never fails. */
export const toText = (value: Value): string => (typeof value === 'string' ? value : String(value))

export const typeOf = (value: Value): ValueType => typeof value as ValueType // a Value is one of the three
