import type { LikePattern } from './like.ts'

/** A value of CloudEvents SQL: a String, an Integer of 32 bits, or a Boolean (specification, section 3.1). */
export type Value = string | number | boolean
export type ValueType = 'string' | 'number' | 'boolean'

/** A parsed expression of CloudEvents SQL 1.0 (github.com/cloudevents/spec, cesql/spec.md). */
export type Expression =
  | { readonly kind: 'literal'; readonly value: number | boolean }
  | StringLiteral
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'exists'; readonly name: string }
  | { readonly kind: 'not' | 'negate'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'like'; readonly operand: Expression; readonly isNegated: boolean; readonly pattern: StringLiteral & LikePattern }
  | { readonly kind: 'in'; readonly operand: Expression; readonly isNegated: boolean; readonly set: readonly Expression[] }
  | { readonly kind: 'call'; readonly name: string; readonly operands: readonly Expression[] }

/** A string literal. It keeps its quote, because a backslash escapes only that quote. */
export interface StringLiteral {
  readonly kind: 'text'
  readonly value: string
  readonly quote: Quote
}

export type Quote = "'" | '"'

/** Binary operators with their precedence: a higher number binds tighter. Operators of one precedence are applied from left to right. */
export const binaryOperators = {
  '*': 4,
  '/': 4,
  '%': 4,
  '+': 3,
  '-': 3,
  '=': 2,
  '!=': 2,
  '<>': 2,
  '<': 2,
  '<=': 2,
  '>': 2,
  '>=': 2,
  AND: 1,
  OR: 1,
  XOR: 1,
} as const

export type BinaryOperator = keyof typeof binaryOperators

/** Precedence of `IN` and `LIKE`, which stand behind their operand. */
export const precedenceOfIn = 5
export const precedenceOfLike = 6

/** Smallest and largest Integer. */
export const leastInteger = -2_147_483_648
export const greatestInteger = 2_147_483_647
