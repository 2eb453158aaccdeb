import { attributeOf, type Attributes } from './attributes.ts'
import type { EvaluationError } from './cesql/errors.ts'
import { evaluate } from './cesql/evaluate.ts'
import type { Expression } from './cesql/expression.ts'

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

/** Returns true if the filter holds for an event with these attributes. A function of both alone. */
export function holds(filter: Filter, attributes: Attributes, observer: FilterObserver): boolean {
  switch (filter.kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
      return filter.texts.every((expected) => hasText(filter.kind, expected, attributes, observer))
    case 'all':
      return filter.filters.every((each) => holds(each, attributes, observer))
    case 'any':
      return filter.filters.some((each) => holds(each, attributes, observer))
    case 'not':
      return !holds(filter.filter, attributes, observer)
    case 'sql':
      return isTrue(filter.expression, attributes, observer)
  }
}

type TextDialect = 'exact' | 'prefix' | 'suffix'

/** Compares an attribute as text: an integer in decimal digits, a Boolean as `true` or `false` (CloudEvents 1.0, section 3.4). */
function hasText(dialect: TextDialect, { name, text }: AttributeText, attributes: Attributes, observer: FilterObserver): boolean {
  observer.spent(1 + text.length)
  const value = attributeOf(attributes, name)
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
function isTrue(expression: Expression, attributes: Attributes, observer: FilterObserver): boolean {
  const { value, error, steps } = evaluate(expression, attributes)
  observer.spent(steps)
  if (error !== null) observer.failed(error)
  return error === null && value === true
}
