import { attributeOf, type Attributes } from '../attributes.ts'
import type { EvaluationError } from './errors.ts'
import type { BinaryOperator, Expression, Value, ValueType } from './expression.ts'
import { type BuiltIn, findBuiltIn } from './functions.ts'
import { isLike } from './like.ts'
import { maxSteps, Run, toText, typeOf } from './run.ts'

export interface Evaluated {
  readonly value: Value
  /** First error; null: none. */
  readonly error: EvaluationError | null
  /** Cost of the evaluation (`maxSteps`). */
  readonly steps: number
}

/**
 * Evaluates an expression for an event, in fail-fast mode (specification, section 4.1): after the first error nothing more is evaluated, and
 * each operator around it returns the zero value of its type. Always ends, within `room` steps; beyond them there is a generic error.
 * @param room most steps. @default `maxSteps`
 */
export function evaluate(expression: Expression, attributes: Attributes, room: number = maxSteps): Evaluated {
  const run = new Run(attributes, room)
  const value = valueOf(expression, run)
  return { value, error: run.error, steps: run.steps }
}

function valueOf(expression: Expression, run: Run): Value {
  if (!run.spend(1)) return false
  switch (expression.kind) {
    case 'literal':
    case 'text':
      return expression.value
    case 'attribute':
      return attributeOf(run.attributes, expression.name) ?? run.fail('missingAttribute', false)
    case 'exists':
      return attributeOf(run.attributes, expression.name) !== undefined
    case 'not':
      return not(expression.operand, run)
    case 'negate': {
      const operand = integer(expression.operand, run)
      return run.error === null ? run.integer(-operand) : 0
    }
    case 'binary':
      return binary(expression.operator, expression, run)
    case 'like':
      return like(expression, run)
    case 'in':
      return isIn(expression, run)
    case 'call':
      return call(expression, run)
  }
}

// ---- operands with a type; the caller checks `run.error`

function integer(operand: Expression, run: Run): number {
  const value = valueOf(operand, run)
  return run.error === null ? run.toInteger(value) : 0
}

function boolean(operand: Expression, run: Run): boolean {
  const value = valueOf(operand, run)
  return run.error === null && run.toBoolean(value)
}

// ---- operators

function not(operand: Expression, run: Run): boolean {
  const value = boolean(operand, run)
  return run.error === null && !value
}

interface Operands {
  readonly left: Expression
  readonly right: Expression
}

function binary(operator: BinaryOperator, operands: Operands, run: Run): Value {
  switch (operator) {
    case 'AND':
    case 'OR':
    case 'XOR':
      return logic(operator, operands, run)
    case '=':
    case '!=':
    case '<>':
      return equality(operator, operands, run)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(operator, operands, run)
    case '*':
    case '/':
    case '%':
    case '+':
    case '-':
      return arithmetic(operator, operands, run)
  }
}

function logic(operator: 'AND' | 'OR' | 'XOR', { left, right }: Operands, run: Run): boolean {
  const first = boolean(left, run)
  if (run.error !== null) return false
  if (operator === 'AND' && !first) return false
  if (operator === 'OR' && first) return true
  const second = boolean(right, run)
  return run.error === null && (operator === 'XOR' ? first !== second : second)
}

/** Casts the left operand to the type of the right one, because `=` has a definition for each type (section 3.7). */
function equality(operator: '=' | '!=' | '<>', { left, right }: Operands, run: Run): boolean {
  const first = valueOf(left, run)
  if (run.error !== null) return false
  const second = valueOf(right, run)
  if (run.error !== null) return false
  const isEqual = isSame(first, second, typeOf(second), run)
  return run.error === null && isEqual === (operator === '=')
}

/** Compares two values as a type. Comparing texts costs a step for each character. */
function isSame(left: Value, right: Value, type: ValueType, run: Run): boolean {
  const first = run.toType(left, type)
  if (run.error !== null) return false
  const second = run.toType(right, type)
  if (run.error !== null) return false
  if (typeof first === 'string' && !run.spend(first.length)) return false
  return first === second
}

function comparison(operator: '<' | '<=' | '>' | '>=', operands: Operands, run: Run): boolean {
  const integers = bothIntegers(operands, run)
  if (integers === null) return false
  const [left, right] = integers
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

function arithmetic(operator: '*' | '/' | '%' | '+' | '-', operands: Operands, run: Run): number {
  const integers = bothIntegers(operands, run)
  if (integers === null) return 0
  const [left, right] = integers
  switch (operator) {
    case '*':
      return run.integer(left * right)
    case '/':
      return right === 0 ? run.fail('math', 0) : run.integer(Math.trunc(left / right))
    case '%':
      return right === 0 ? run.fail('math', 0) : run.integer(left % right)
    case '+':
      return run.integer(left + right)
    case '-':
      return run.integer(left - right)
  }
}

/** Evaluates both operands, and casts them then. @returns null: there was an error */
function bothIntegers({ left, right }: Operands, run: Run): readonly [number, number] | null {
  const first = valueOf(left, run)
  if (run.error !== null) return null
  const second = valueOf(right, run)
  if (run.error !== null) return null
  const integers = [run.toInteger(first), run.toInteger(second)] as const
  return run.error === null ? integers : null
}

function like({ operand, isNegated, pattern }: Extract<Expression, { kind: 'like' }>, run: Run): boolean {
  const value = valueOf(operand, run)
  if (run.error !== null) return false
  const { isMatch, comparisons } = isLike(toText(value), pattern, run.room - run.steps)
  return run.spend(comparisons) && isMatch !== isNegated
}

/** Casts each member of the set to the type of the left operand (section 3.7). */
function isIn({ operand, isNegated, set }: Extract<Expression, { kind: 'in' }>, run: Run): boolean {
  const value = valueOf(operand, run)
  if (run.error !== null) return false
  for (const member of set) {
    const candidate = valueOf(member, run)
    if (run.error !== null) return false
    const isFound = isSame(value, candidate, typeOf(value), run)
    if (run.error !== null) return false
    if (isFound) return !isNegated
  }
  return isNegated
}

function call({ name, operands }: Extract<Expression, { kind: 'call' }>, run: Run): Value {
  const builtIn = findBuiltIn(name, operands.length)
  if (builtIn === null) return run.fail('missingFunction', false)
  const values: Value[] = []
  for (const [index, operand] of operands.entries()) {
    const value = valueOf(operand, run)
    if (run.error !== null) return zero(builtIn)
    const type = builtIn.operands[index] ?? builtIn.rest ?? 'any'
    values.push(type === 'any' ? value : run.toType(value, type))
    if (run.error !== null) return zero(builtIn)
  }
  return builtIn.call(run, values)
}

function zero({ result }: BuiltIn): Value {
  return { string: '', number: 0, boolean: false }[result]
}
