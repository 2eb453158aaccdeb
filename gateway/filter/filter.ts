import { attributeOf, type Attributes } from './attributes.ts'
import type { EvaluationError } from './cesql/errors.ts'
import { evaluate } from './cesql/evaluate.ts'
import type { Expression } from './cesql/expression.ts'
import { maxSteps } from './cesql/run.ts'

/** A filter of the CloudEvents Subscriptions API (subscriptions/spec.md, section 3.2.4) in its canonical form (`canonical.ts`). */
export type Filter =
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly texts: readonly AttributeText[] }
  | { readonly kind: 'all' | 'any'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'sql'; readonly expression: Expression }

/** The name of an attribute and the text to compare its value with. */
export interface AttributeText {
  readonly name: string
  readonly text: string
}

/** Receives what happens while filters are checked. */
export interface FilterObserver {
  /** An expression of CloudEvents SQL ended with an error, so its filter does not hold. */
  failed(error: EvaluationError): void
  /** Cost of a filter for an event, in steps (`cesql/run.ts`). */
  spent(steps: number): void
}

/** Returns true if the filter holds for an event with these attributes. A function of both alone. All of its expressions share `maxSteps`. */
export function holds(filter: Filter, attributes: Attributes, observer: FilterObserver): boolean {
  return new Check(attributes, observer).holds(filter)
}

/** The check of one filter for one event. */
class Check {
  readonly #attributes: Attributes
  readonly #observer: FilterObserver
  /** Steps that expressions may still take. */
  #room = maxSteps

  constructor(attributes: Attributes, observer: FilterObserver) {
    this.#attributes = attributes
    this.#observer = observer
  }

  holds(filter: Filter): boolean {
    switch (filter.kind) {
      case 'exact':
      case 'prefix':
      case 'suffix':
        return filter.texts.every((expected) => this.#hasText(filter.kind, expected))
      case 'all':
        return filter.filters.every((each) => this.holds(each))
      case 'any':
        return filter.filters.some((each) => this.holds(each))
      case 'not':
        return !this.holds(filter.filter)
      case 'sql':
        return this.#isTrue(filter.expression)
    }
  }

  /** Compares an attribute as text: an integer in decimal digits, a Boolean as `true` or `false` (CloudEvents 1.0, section 3.4). */
  #hasText(dialect: 'exact' | 'prefix' | 'suffix', { name, text }: AttributeText): boolean {
    this.#observer.spent(1 + text.length)
    const value = attributeOf(this.#attributes, name)
    if (value === undefined) return false
    const given = String(value)
    switch (dialect) {
      case 'exact':
        return given === text
      case 'prefix':
        return given.startsWith(text)
      case 'suffix':
        return given.endsWith(text)
    }
  }

  /** Returns true if the result is TRUE. Any other result and any error are false (Subscriptions API, section 3.2.4.1.2). */
  #isTrue(expression: Expression): boolean {
    const { value, error, steps } = evaluate(expression, this.#attributes, Math.max(0, this.#room))
    this.#room -= steps
    this.#observer.spent(steps)
    if (error !== null) this.#observer.failed(error)
    return error === null && value === true
  }
}
