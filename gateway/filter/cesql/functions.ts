import type { Value, ValueType } from './expression.ts'
import { type Run, toText } from './run.ts'

/** A built-in function of the language (specification, section 3.5) with a number of operands. */
export interface BuiltIn {
  readonly result: ValueType
  /** Types to which the operands are cast. Further operands of a variadic function are cast to `rest`. */
  readonly operands: readonly (ValueType | 'any')[]
  readonly rest?: ValueType
  /** Returns the result. The operands have the types above. */
  readonly call: (run: Run, operands: readonly Value[]) => Value
}

/** Most characters of a text that a function makes. */
export const maxTextLength = 8_192

/** Functions by name. Those of one name differ in the number of operands. */
const builtIns: Readonly<Record<string, readonly BuiltIn[]>> = {
  INT: [{ result: 'number', operands: ['any'], call: (run, [x = 0]) => run.toInteger(x) }],
  BOOL: [{ result: 'boolean', operands: ['any'], call: (run, [x = false]) => run.toBoolean(x) }],
  STRING: [{ result: 'string', operands: ['any'], call: (_run, [x = '']) => toText(x) }],
  ABS: [{ result: 'number', operands: ['number'], call: (run, [x]) => absolute(run, Number(x)) }],
  LENGTH: [{ result: 'number', operands: ['string'], call: (run, [x]) => characters(run, x).length }],
  CONCAT: [{ result: 'string', operands: [], rest: 'string', call: (run, texts) => join(run, '', texts) }],
  CONCAT_WS: [
    { result: 'string', operands: ['string'], rest: 'string', call: (run, [delimiter, ...texts]) => join(run, String(delimiter), texts) },
  ],
  LOWER: [{ result: 'string', operands: ['string'], call: (run, [x]) => made(run, String(x).toLowerCase()) }],
  UPPER: [{ result: 'string', operands: ['string'], call: (run, [x]) => made(run, String(x).toUpperCase()) }],
  TRIM: [{ result: 'string', operands: ['string'], call: (run, [x]) => (run.spend(String(x).length) ? made(run, trim(String(x))) : '') }],
  LEFT: [
    {
      result: 'string',
      operands: ['string', 'number'],
      call: (run, [x, y]) => end(run, x, Number(y), (all, count) => all.slice(0, count)),
    },
  ],
  RIGHT: [
    {
      result: 'string',
      operands: ['string', 'number'],
      call: (run, [x, y]) => end(run, x, Number(y), (all, count) => all.slice(Math.max(0, all.length - count))),
    },
  ],
  SUBSTRING: [
    { result: 'string', operands: ['string', 'number'], call: (run, [x, from]) => substring(run, x, Number(from), null) },
    {
      result: 'string',
      operands: ['string', 'number', 'number'],
      call: (run, [x, from, length]) => substring(run, x, Number(from), Number(length)),
    },
  ],
}

/** Returns the function of a name with this many operands; null: there is none. */
export function findBuiltIn(name: string, operands: number): BuiltIn | null {
  const named = Object.hasOwn(builtIns, name) ? (builtIns[name] ?? []) : []
  return named.find((each) => (each.rest === undefined ? each.operands.length === operands : each.operands.length <= operands)) ?? null
}

/** Returns true if there is a function of this name, with any number of operands. */
export const isBuiltInName = (name: string): boolean => Object.hasOwn(builtIns, name)

/** Names of all functions, for messages. */
export const builtInNames: readonly string[] = Object.keys(builtIns)

function absolute(run: Run, x: number): number {
  // Section 3.5.2: the least Integer has no counterpart, and gives the greatest one.
  return x === -2_147_483_648 ? run.fail('math', 2_147_483_647) : Math.abs(x)
}

/** Splits a text into its Unicode characters. */
function characters(run: Run, x: Value | undefined): readonly string[] {
  const text = String(x)
  return run.spend(text.length) ? Array.from(text) : []
}

/** Checks the length of a text that a function has made. */
function made(run: Run, text: string): string {
  if (text.length > maxTextLength) return run.fail('functionEvaluation', '')
  return run.spend(text.length) ? text : ''
}

function join(run: Run, delimiter: string, texts: readonly Value[]): string {
  const length = texts.reduce<number>((sum, text) => sum + String(text).length, delimiter.length * Math.max(0, texts.length - 1))
  return length > maxTextLength ? run.fail('functionEvaluation', '') : made(run, texts.join(delimiter))
}

/** Removes white space of Unicode (property White_Space). `String.trim` would remove U+FEFF, too, and leave U+0085. */
function trim(text: string): string {
  let start = 0
  let stop = text.length
  while (start < stop && isBlank(text.charAt(start))) start += 1
  while (stop > start && isBlank(text.charAt(stop - 1))) stop -= 1
  return text.slice(start, stop)
}

const whiteSpace = /^\p{White_Space}$/u
const isBlank = (character: string): boolean => whiteSpace.test(character)

function end(run: Run, x: Value | undefined, count: number, cut: (all: readonly string[], count: number) => readonly string[]): string {
  if (count < 0) return run.fail('functionEvaluation', String(x))
  return cut(characters(run, x), count).join('')
}

function substring(run: Run, x: Value | undefined, from: number, length: number | null): string {
  const all = characters(run, x)
  if (from > all.length || from < -all.length || (length !== null && length < 0)) return run.fail('functionEvaluation', '')
  if (from === 0) return ''
  const start = from > 0 ? from - 1 : all.length + from
  return all.slice(start, length === null ? undefined : start + length).join('')
}
