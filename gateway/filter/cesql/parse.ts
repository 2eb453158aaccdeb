import { failed, ok, type Result } from '../../../program/result.ts'
import {
  type BinaryOperator,
  binaryOperators,
  type Expression,
  greatestInteger,
  leastInteger,
  precedenceOfIn,
  precedenceOfLike,
  type StringLiteral,
} from './expression.ts'
import { lex, type Token } from './lex.ts'
import { readPattern } from './like.ts'

export interface ExpressionBounds {
  /** Most operators, functions, names and literals together. */
  readonly maxNodes: number
  /** Most operators, functions and parentheses inside one another. */
  readonly maxDepth: number
}

/**
 * Parses an expression of CloudEvents SQL 1.0. Functions are not looked up here. Operators of one precedence are applied from left to right
 * (section 3.6), AND, OR and XOR too.
 * @returns a failure with a clause that says what is wrong and where
 */
export function parse(text: string, bounds: ExpressionBounds): Result<Expression, string> {
  const tokens = lex(text)
  if (!tokens.ok) return tokens
  try {
    return ok(new Parser(tokens.value, bounds).whole())
  } catch (error) {
    if (error instanceof ParseError) return failed(error.message)
    throw error
  }
}

/** Leaves the parser at the first mistake. It never leaves this file. */
class ParseError extends Error {}

const keywords: ReadonlySet<string> = new Set(['AND', 'OR', 'XOR', 'NOT', 'LIKE', 'EXISTS', 'IN', 'TRUE', 'FALSE'])

/** Recursive descent over the precedences of `expression.ts`. */
class Parser {
  readonly #tokens: readonly Token[]
  readonly #bounds: ExpressionBounds
  #next = 0
  #nodes = 0
  #depth = 0

  constructor(tokens: readonly Token[], bounds: ExpressionBounds) {
    this.#tokens = tokens
    this.#bounds = bounds
  }

  whole(): Expression {
    const expression = this.#expression(0)
    if (this.#peek().kind !== 'end') throw this.#unexpected('an operator, or the end')
    return expression
  }

  /** Reads an expression whose operators bind at least as tightly as `least`. */
  #expression(least: number): Expression {
    this.#enter()
    let left = this.#operand()
    for (let more = this.#continue(left, least); more !== null; more = this.#continue(left, least)) left = more
    this.#depth -= 1
    return left
  }

  #continue(left: Expression, least: number): Expression | null {
    const isNegated = this.#isKeyword('NOT')
    const keyword = this.#keyword(isNegated ? 1 : 0)
    if (keyword === 'LIKE' && least <= precedenceOfLike) {
      this.#next += isNegated ? 2 : 1
      return this.#node({ kind: 'like', operand: left, isNegated, pattern: this.#pattern() })
    }
    if (keyword === 'IN' && least <= precedenceOfIn) {
      this.#next += isNegated ? 2 : 1
      return this.#node({ kind: 'in', operand: left, isNegated, set: this.#set() })
    }
    const operator = isNegated ? null : this.#binaryOperator()
    if (operator === null || binaryOperators[operator] < least) return null
    this.#next += 1
    return this.#node({ kind: 'binary', operator, left, right: this.#expression(binaryOperators[operator] + 1) })
  }

  #operand(): Expression {
    const token = this.#peek()
    switch (token.kind) {
      case 'text':
        this.#next += 1
        return this.#node({ kind: 'text', value: token.value, quote: token.quote })
      case 'symbol':
        return this.#signed(token)
      case 'word':
        return this.#word(token)
      case 'end':
        throw this.#unexpected('an expression')
    }
  }

  #signed({ symbol, at }: Extract<Token, { kind: 'symbol' }>): Expression {
    if (symbol === '(') return this.#parenthesized()
    if (symbol !== '-' && symbol !== '+') throw this.#unexpected('an expression')
    this.#next += 1
    const number = this.#peek()
    // A sign and the digits behind it, without a blank, are one literal: -2147483648 has no positive counterpart.
    if (number.kind === 'word' && number.at === at + 1 && isDigits(number.word)) return this.#integer(symbol + number.word, number.at)
    if (symbol === '+') throw this.#unexpected('digits right behind the +')
    return this.#node({ kind: 'negate', operand: this.#unary() })
  }

  /** Reads the operand of NOT or a minus, which bind tighter than every other operator. */
  #unary(): Expression {
    this.#enter()
    const operand = this.#operand()
    this.#depth -= 1
    return operand
  }

  #parenthesized(): Expression {
    this.#next += 1
    const inner = this.#expression(0)
    this.#expect(')')
    return inner
  }

  #word({ word, at }: Extract<Token, { kind: 'word' }>): Expression {
    const keyword = word.toUpperCase()
    if (keyword === 'TRUE' || keyword === 'FALSE') {
      this.#next += 1
      return this.#node({ kind: 'literal', value: keyword === 'TRUE' })
    }
    if (keyword === 'NOT') {
      this.#next += 1
      return this.#node({ kind: 'not', operand: this.#unary() })
    }
    if (keyword === 'EXISTS') {
      this.#next += 1
      return this.#node({ kind: 'exists', name: this.#attributeName() })
    }
    if (isDigits(word)) return this.#integer(word, at)
    if (this.#isSymbol('(', 1) && !keywords.has(keyword)) return this.#call(word)
    return this.#node({ kind: 'attribute', name: this.#attributeName() })
  }

  #integer(digits: string, at: number): Expression {
    this.#next += 1
    const value = Number(digits)
    if (value < leastInteger || value > greatestInteger)
      throw new ParseError(`the number at character ${at + 1} is not an integer of 32 bits`)
    return this.#node({ kind: 'literal', value: value === 0 ? 0 : value })
  }

  /** Reads the name of an attribute. Capitals are accepted, as the conformance tests of the language want it. */
  #attributeName(): string {
    const token = this.#peek()
    if (token.kind !== 'word' || keywords.has(token.word.toUpperCase())) throw this.#unexpected('the name of an attribute')
    if (token.word.includes('_')) throw this.#unexpected('the name of an attribute, which has letters and digits only')
    this.#next += 1
    return token.word.toLowerCase()
  }

  #call(word: string): Expression {
    if (!/^[A-Za-z][A-Za-z_]*$/.test(word)) throw this.#unexpected('the name of a function, which has letters and underscores only')
    this.#next += 2
    const operands = this.#isSymbol(')') ? [] : this.#list()
    this.#expect(')')
    return this.#node({ kind: 'call', name: word.toUpperCase(), operands })
  }

  #set(): readonly Expression[] {
    this.#expect('(')
    const set = this.#list()
    this.#expect(')')
    return set
  }

  #list(): readonly Expression[] {
    const list = [this.#expression(0)]
    while (this.#isSymbol(',')) {
      this.#next += 1
      list.push(this.#expression(0))
    }
    return list
  }

  #pattern(): Extract<Expression, { kind: 'like' }>['pattern'] {
    const token = this.#peek()
    if (token.kind !== 'text') throw this.#unexpected('a pattern in quotes')
    this.#next += 1
    const literal: StringLiteral = { kind: 'text', value: token.value, quote: token.quote }
    return { ...literal, ...readPattern(token.value) }
  }

  // ---- tokens

  #peek(ahead = 0): Token {
    // The last token is `end`, and no method goes beyond it.
    return this.#tokens[this.#next + ahead] ?? { kind: 'end', at: 0 }
  }

  #keyword(ahead: number): string | null {
    const token = this.#peek(ahead)
    const keyword = token.kind === 'word' ? token.word.toUpperCase() : ''
    return keywords.has(keyword) ? keyword : null
  }

  #isKeyword(keyword: string): boolean {
    return this.#keyword(0) === keyword
  }

  #isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.#peek(ahead)
    return token.kind === 'symbol' && token.symbol === symbol
  }

  #binaryOperator(): BinaryOperator | null {
    const token = this.#peek()
    const text = token.kind === 'symbol' ? token.symbol : token.kind === 'word' ? token.word.toUpperCase() : ''
    return isBinaryOperator(text) ? text : null
  }

  #expect(symbol: string): void {
    if (!this.#isSymbol(symbol)) throw this.#unexpected(`\`${symbol}\``)
    this.#next += 1
  }

  #unexpected(expected: string): ParseError {
    const { kind, at } = this.#peek()
    return new ParseError(kind === 'end' ? `it ends where ${expected} should be` : `character ${at + 1} should be ${expected}`)
  }

  // ---- bounds

  #enter(): void {
    this.#depth += 1
    if (this.#depth > this.#bounds.maxDepth) throw new ParseError(`it is nested deeper than ${this.#bounds.maxDepth} levels`)
  }

  #node<T extends Expression>(expression: T): T {
    this.#nodes += 1
    if (this.#nodes > this.#bounds.maxNodes)
      throw new ParseError(`it has more than ${this.#bounds.maxNodes} operators, functions, names and literals`)
    return expression
  }
}

const isDigits = (word: string): boolean => /^[0-9]+$/.test(word)
const isBinaryOperator = (text: string): text is BinaryOperator => Object.hasOwn(binaryOperators, text)
