import { failed, ok, type Result } from '../../../program/result.ts'
import type { Quote } from './expression.ts'

/** A piece of an expression. `at` is its place: the count of characters before it. */
export type Token =
  | { readonly kind: 'text'; readonly value: string; readonly quote: Quote; readonly at: number }
  /** Letters, digits and underscores, as written. Keywords, attributes and functions are told apart by the parser. */
  | { readonly kind: 'word'; readonly word: string; readonly at: number }
  | { readonly kind: 'symbol'; readonly symbol: string; readonly at: number }
  | { readonly kind: 'end'; readonly at: number }

const blank = /[ \t\r\n]*/y
const word = /[A-Za-z0-9_]+/y
const symbol = /<=|>=|<>|!=|[(),*/%+\-=<>]/y

/** Splits an expression into tokens; the last one is `end`. Fails with a sentence that says the place. Linear in the length of the text. */
export function lex(text: string): Result<readonly Token[], string> {
  const tokens: Token[] = []
  for (let at = skip(blank, text, 0); at < text.length; at = skip(blank, text, at)) {
    const token = readToken(text, at)
    if (!token.ok) return token
    tokens.push(token.value.token)
    at = token.value.end
  }
  tokens.push({ kind: 'end', at: text.length })
  return ok(tokens)
}

type Read = Result<{ readonly token: Token; readonly end: number }, string>

function readToken(text: string, at: number): Read {
  const first = text.charAt(at)
  if (first === "'" || first === '"') return readString(text, at, first)
  const endOfWord = skip(word, text, at)
  if (endOfWord > at) return ok({ token: { kind: 'word', word: text.slice(at, endOfWord), at }, end: endOfWord })
  const endOfSymbol = skip(symbol, text, at)
  if (endOfSymbol > at) return ok({ token: { kind: 'symbol', symbol: text.slice(at, endOfSymbol), at }, end: endOfSymbol })
  return failed(`character ${at + 1} is not part of any operator, name or literal`)
}

/** Reads a string literal. A backslash and the character behind it belong together; the pair means the quote if it is the quote. */
function readString(text: string, start: number, quote: Quote): Read {
  let value = ''
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === quote) return ok({ token: { kind: 'text', value, quote, at: start }, end: at + 1 })
    if (character !== '\\' || at + 1 === text.length) {
      value += character
      continue
    }
    at += 1
    const escaped = text.charAt(at)
    value += escaped === quote ? quote : `\\${escaped}`
  }
  return failed(`the string that begins at character ${start + 1} has no closing ${quote}`)
}

/** Returns the place behind the match of a sticky expression at a place, or the place itself. */
function skip(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at
  return expression.test(text) ? expression.lastIndex : at
}
