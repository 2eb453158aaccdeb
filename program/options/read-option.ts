import { parseDurationMs, renderDuration } from '../durations.ts'
import { failed, ok, type Result } from '../result.ts'
import { isHeaderOfPages, isToken } from './header-names.ts'
import type { Option, OptionValueOf } from './option.ts'

/** The machine, as far as reading an option needs it. */
export interface OptionReader {
  /** Returns true when the file at this path exists and this process may read it. */
  readonly readable: (path: string) => boolean
}

/**
 * Reads the text of one option by its row in the table.
 * @param text not empty: the caller handles an empty variable, which counts as unset
 * @returns the value, or the expected values, as the end of the sentence "expected ..."
 */
export function readOption(option: Option, text: string, reader: OptionReader): Result<OptionValueOf, string> {
  switch (option.kind) {
    case 'integer':
      return readInteger(option, text.trim())
    case 'boolean':
      return readBoolean(text.trim())
    case 'enum':
      return option.values.includes(text.trim()) ? ok(text.trim()) : failed(describeExpected(option))
    case 'list':
      return readList(option, text)
    case 'url':
      return readUrl(option, text.trim())
    case 'file':
      return reader.readable(text) ? readText(option, text) : failed(describeExpected(option))
    case 'string':
    case 'secret':
      return readText(option, text)
    default:
      return option satisfies never
  }
}

/** Returns the valid texts of an option in words, for errors, help and reference. */
export function describeExpected(option: Option): string {
  switch (option.kind) {
    case 'integer':
      return describeInteger(option)
    case 'boolean':
      return 'true, false, 1 or 0'
    case 'enum':
      return `one of ${option.values.join(', ')}`
    case 'list':
      return describeList(option)
    case 'url':
      return 'an http or https URL without a user name or password in it'
    case 'file':
      return 'the path of a file that this process can read'
    case 'string':
    case 'secret':
      return describeText(option)
    default:
      return option satisfies never
  }
}

type Integer = Extract<Option, { kind: 'integer' }>
type List = Extract<Option, { kind: 'list' }>
type Text = Extract<Option, { default: string; kind: 'string' | 'secret' | 'file' | 'url' }>

const countsMs = ({ env }: Integer): boolean => env.endsWith('_MS')
const countsBytes = ({ env }: Integer): boolean => env.endsWith('_BYTES')

function readInteger(option: Integer, text: string): Result<number, string> {
  const value = numberIn(option, text)
  // `+ 0` makes 0 of the -0 that "-0" becomes.
  return value >= option.min && value <= option.max ? ok(value + 0) : failed(describeInteger(option, meantNumber(option, text)))
}

/** Returns NaN, which is within no bounds, for a text that is not a number, nor a duration where the option counts milliseconds. */
function numberIn(option: Integer, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  return (countsMs(option) ? parseDurationMs(text) : null) ?? Number.NaN
}

/** @param example a value that the option takes; null for a text without an example of bytes */
function describeInteger(option: Integer, example: number | null = null): string {
  const range = `from ${option.min} to ${option.max}`
  if (countsMs(option))
    return `a whole number of milliseconds ${range}, or a duration such as ${renderDuration(example ?? exampleOf(option))}`
  if (countsBytes(option)) return `a whole number of bytes ${range}${example === null ? '' : `, for example ${example}`}`
  return `a whole number ${range}`
}

/** Returns the default as an example, or the upper bound where the default is 0. */
const exampleOf = (option: Integer): number => (option.default > 0 ? option.default : option.max)

const unitsInMs: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
})
const unitsInBytes: Readonly<Record<string, number | undefined>> = Object.assign(Object.create(null), {
  b: 1,
  k: 1_024,
  kb: 1_024,
  ki: 1_024,
  kib: 1_024,
  m: 1_048_576,
  mb: 1_048_576,
  mi: 1_048_576,
  mib: 1_048_576,
  g: 1_073_741_824,
  gb: 1_073_741_824,
  gi: 1_073_741_824,
  gib: 1_073_741_824,
})

/** Returns the number that `90 s` or `64Mi` means, where the option counts milliseconds or bytes; else an example. Null where it counts neither. */
function meantNumber(option: Integer, text: string): number | null {
  const units = countsMs(option) ? unitsInMs : countsBytes(option) ? unitsInBytes : null
  if (units === null) return null
  const [, count = '', unit = ''] = /^(\d{1,9}) *([a-z]{1,3})$/i.exec(text) ?? []
  const meant = Number(count) * (units[unit.toLowerCase()] ?? Number.NaN)
  return meant >= option.min && meant <= option.max ? meant : exampleOf(option)
}

function readBoolean(text: string): Result<boolean, string> {
  if (text === 'true' || text === '1') return ok(true)
  if (text === 'false' || text === '0') return ok(false)
  return failed('true, false, 1 or 0')
}

function readText(option: Text, text: string): Result<string, string> {
  const fits = text.length <= (option.maxLength ?? Number.POSITIVE_INFINITY)
  const matches = option.pattern === undefined || new RegExp(option.pattern, 'u').test(text)
  // A blank at an end is nearly always a mistake of an editor or of `echo`. A secret may really have one.
  const isClean = option.kind === 'secret' || text.trim() === text
  return fits && matches && isClean ? ok(text) : failed(describeExpected(option))
}

function readUrl(option: Text, text: string): Result<string, string> {
  const url = URL.canParse(text) ? new URL(text) : null
  const isWeb = url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
  return isWeb && url.username === '' && url.password === '' ? ok(text) : failed(describeExpected(option))
}

function readList(option: List, text: string): Result<readonly string[], string> {
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
  const fits = items.length > 0 && items.length <= option.maxItems
  return fits && items.every((item) => isItem(option, item)) ? ok(Object.freeze(items)) : failed(describeExpected(option))
}

function isItem(option: List, item: string): boolean {
  if (option.values !== undefined) return option.values.includes(item)
  if (option.items === 'broker') return isBroker(item)
  if (option.items === 'origin') return isOrigin(item)
  if (option.items === 'namespace') return isNamespace(item)
  if (option.items === 'token-type') return isToken(item.replace(/^application\//i, ''))
  if (option.items === 'request-header') return isHeaderOfPages(item)
  return true
}

function isBroker(item: string): boolean {
  const [, bracketed, port] = /^(?:(\[[0-9a-fA-F:.]+\])|[^\s:/@[\]]+):(\d{1,5})$/.exec(item) ?? []
  return (
    port !== undefined && Number(port) >= 1 && Number(port) <= 65_535 && (bracketed === undefined || URL.canParse(`http://${bracketed}/`))
  ) // an IPv6 address
}

/** Accepts only the form that browsers send: lower case, no default port, no path. Any other form would never match. */
function isOrigin(item: string): boolean {
  return /^https?:/.test(item) && URL.canParse(item) && new URL(item).origin === item
}

/** RFC 1123 label: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names */
function isNamespace(item: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(item)
}

function describeList(option: List): string {
  const most = `at most ${option.maxItems}, with commas between them`
  if (option.values !== undefined) return `some of ${option.values.join(', ')}, with commas between them`
  if (option.items === 'broker') return `host:port of brokers (an IPv6 address in brackets: [::1]:9092), ${most}`
  if (option.items === 'origin')
    return `origins as browsers send them (scheme://host, :port if it is not the default one, no path, lower case), ${most}`
  if (option.items === 'namespace') return `names of namespaces, ${most}`
  if (option.items === 'token-type') return `types of tokens, such as at+jwt, ${most}`
  if (option.items === 'request-header')
    return `names of headers that a page's script can set (not *, cookie, sec-* and the like, and none that only a proxy may set, such as x-rh-identity and x-forwarded-*), ${most}`
  return `texts, ${most}`
}

function describeText(option: Text): string {
  const length = option.maxLength === undefined ? '' : ` of at most ${option.maxLength} characters`
  if (option.inWords !== undefined) return option.inWords
  const blanks = option.kind === 'secret' ? '' : ', without blanks at its ends'
  return `text${length}${blanks}`
}
