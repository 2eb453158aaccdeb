import type { Expression, ValueType } from './expression.ts'
import { builtInNames, findBuiltIn, isBuiltInName } from './functions.ts'

/**
 * Finds what makes an expression useless as a filter for every event: a function that does not exist, or a result that is never a Boolean.
 * @returns a clause that says what is wrong; null: nothing
 */
export function checkFilter(expression: Expression): string | null {
  const unknown = unknownFunction(expression)
  if (unknown !== null) return unknown
  const type = typeOfResult(expression)
  return type === 'boolean' || type === null ? null : `its result is ${typeNames[type]}; a filter must give TRUE or FALSE`
}

const typeNames: Readonly<Record<ValueType, string>> = { string: 'a String', number: 'an Integer', boolean: 'a Boolean' }

/** Returns the type of the result; null: it depends on the event. */
function typeOfResult(expression: Expression): ValueType | null {
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'number' ? 'number' : 'boolean'
    case 'text':
      return 'string'
    case 'attribute':
      return null
    case 'negate':
      return 'number'
    case 'binary':
      return '*/%+-'.includes(expression.operator) ? 'number' : 'boolean'
    case 'call':
      return findBuiltIn(expression.name, expression.operands.length)?.result ?? null
    case 'exists':
    case 'not':
    case 'like':
    case 'in':
      return 'boolean'
  }
}

function unknownFunction(expression: Expression): string | null {
  if (expression.kind === 'call' && findBuiltIn(expression.name, expression.operands.length) === null) return missing(expression)
  for (const part of partsOf(expression)) {
    const unknown = unknownFunction(part)
    if (unknown !== null) return unknown
  }
  return null
}

function missing({ name, operands }: Extract<Expression, { kind: 'call' }>): string {
  if (isBuiltInName(name)) return `the function ${name} does not take ${operands.length} arguments`
  return `there is no function ${name.slice(0, 32)}; the functions are ${builtInNames.join(', ')}`
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'text':
    case 'attribute':
    case 'exists':
      return []
    case 'not':
    case 'negate':
    case 'like':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'in':
      return [expression.operand, ...expression.set]
    case 'call':
      return expression.operands
  }
}
