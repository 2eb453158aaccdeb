import type { Expression } from './expression.ts'

/**
 * Writes an expression in its canonical form: keywords and functions in capitals, one space between words, every operation in parentheses.
 * Reading the text gives the same expression.
 */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return String(expression.value).toUpperCase()
    case 'text':
      return expression.quote + escape(expression.value, expression.quote) + expression.quote
    case 'attribute':
      return expression.name
    case 'exists':
      return `(EXISTS ${expression.name})`
    case 'not':
      return `(NOT ${print(expression.operand)})`
    case 'negate':
      return `(- ${print(expression.operand)})`
    case 'binary':
      return `(${print(expression.left)} ${expression.operator} ${print(expression.right)})`
    case 'like':
      return `(${print(expression.operand)} ${expression.isNegated ? 'NOT LIKE' : 'LIKE'} ${print(expression.pattern)})`
    case 'in':
      return `(${print(expression.operand)} ${expression.isNegated ? 'NOT IN' : 'IN'} (${expression.set.map(print).join(', ')}))`
    case 'call':
      return `${expression.name}(${expression.operands.map(print).join(', ')})`
  }
}

/** Escapes the quote. A backslash is never escaped: it stands for itself before any other character. */
const escape = (value: string, quote: string): string => value.replaceAll(quote, `\\${quote}`)
