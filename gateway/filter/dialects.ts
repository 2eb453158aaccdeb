import { failed, ok, type Result } from '../../program/result.ts'
import { canonical } from './canonical.ts'
import { checkFilter } from './cesql/check.ts'
import { parse } from './cesql/parse.ts'
import type { AttributeText, Filter } from './filter.ts'

/** Bounds of the filters of one session. */
export interface FilterBounds {
  /** Most bytes of the JSON. */
  readonly maxBytes: number
}

/** Refusal of all filters, where they are off. */
export const filtersAreOff = 'filters: this gateway takes none (MAX_DISTINCT_FILTERS is 0). Use none.'

/** Most filters inside one another. */
export const maxFilterDepth = 8
/** Most attributes and expressions of a session's filters together. */
export const maxFilterLeaves = 32
/** Most operators, functions, names and literals of one expression. */
export const maxExpressionNodes = 256
/** Most operators, functions and parentheses of one expression inside one another. */
export const maxExpressionDepth = 32

/**
 * Parses the filters of a session: a JSON array, all of whose filters must hold. An empty array holds for every event: null.
 * @returns the filter in its canonical form, or a sentence that names the place, the rule, and the bound
 */
export function parseFilters(text: string, bounds: FilterBounds): Result<Filter | null, string> {
  const tooLarge = checkSize(text, bounds)
  if (tooLarge !== null) return failed(tooLarge)
  const json = parseJson(text)
  return json.ok ? readParsed(json.value) : json
}

/** Reads filters that were parsed as a part of other JSON. @returns as `parseFilters` */
export function readFilters(value: unknown, bounds: FilterBounds): Result<Filter | null, string> {
  const tooLarge = checkSize(JSON.stringify(value) ?? '', bounds)
  return tooLarge === null ? readParsed(value) : failed(tooLarge)
}

function checkSize(text: string, { maxBytes }: FilterBounds): string | null {
  const bytes = Buffer.byteLength(text)
  return bytes > maxBytes ? `filters: ${bytes} bytes; MAX_FILTER_BYTES allows ${maxBytes}.` : null
}

function readParsed(value: unknown): Result<Filter | null, string> {
  try {
    const filters = new Reader().list(value, 'filters', 1)
    return ok(filters.length === 0 ? null : canonical({ kind: 'all', filters }))
  } catch (error) {
    if (error instanceof FilterError) return failed(error.message)
    throw error
  }
}

function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text))
  } catch {
    // A SyntaxError; its message quotes the text.
    return failed('filters: not JSON. Send a JSON array as in [{"prefix":{"type":"com.example."}}], percent-encoded.')
  }
}

/** Leaves the reader at the first mistake. It never leaves this file. */
class FilterError extends Error {}

type Members = Readonly<Record<string, unknown>>

/** Reads filters and counts their leaves. */
class Reader {
  #leaves = 0

  list(value: unknown, path: string, depth: number): readonly Filter[] {
    if (!Array.isArray(value)) throw wrong(path, 'must be an array of filters')
    return value.map((member: unknown, index) => this.#filter(member, `${path}[${index}]`, depth))
  }

  #filter(value: unknown, path: string, depth: number): Filter {
    if (depth > maxFilterDepth) throw wrong(path, `filters are nested deeper than ${maxFilterDepth} levels`)
    const members = objectOf(value, path, 'a filter: an object with one member, whose name is the dialect')
    const [dialect, ...others] = Object.keys(members)
    if (dialect === undefined || others.length > 0)
      throw wrong(path, 'must have exactly one member, whose name is the dialect; put several filters into `all`')
    return this.#dialect(dialect, members[dialect], path, depth)
  }

  #dialect(dialect: string, value: unknown, path: string, depth: number): Filter {
    const inner = `${path}.${dialect}`
    switch (dialect) {
      case 'exact':
      case 'prefix':
      case 'suffix':
        return { kind: dialect, texts: this.#texts(value, inner) }
      case 'all':
      case 'any':
        return { kind: dialect, filters: this.#members(value, inner, depth + 1) }
      case 'not':
        return { kind: 'not', filter: this.#filter(value, inner, depth + 1) }
      case 'sql':
        return this.#expression(value, inner)
      default:
        throw wrong(path, `unknown dialect ${JSON.stringify(dialect.slice(0, 32))}; the dialects are ${dialects.join(', ')}`)
    }
  }

  #members(value: unknown, path: string, depth: number): readonly Filter[] {
    const filters = this.list(value, path, depth)
    if (filters.length === 0) throw wrong(path, 'must have at least one filter')
    return filters
  }

  #texts(value: unknown, path: string): readonly AttributeText[] {
    const texts = Object.entries(objectOf(value, path, 'an object of attribute names and texts'))
    if (texts.length === 0) throw wrong(path, 'must name at least one attribute')
    return texts.map(([name, text]) => {
      this.#leaf(path)
      const place = `${path}.${name.slice(0, 64)}`
      checkName(name, place)
      if (typeof text !== 'string' || text === '') throw wrong(place, 'must be a text that is not empty')
      return { name, text }
    })
  }

  #expression(value: unknown, path: string): Filter {
    this.#leaf(path)
    if (typeof value !== 'string') throw wrong(path, 'must be a text: an expression of CloudEvents SQL')
    const parsed = parse(value, { maxNodes: maxExpressionNodes, maxDepth: maxExpressionDepth })
    if (!parsed.ok) throw wrong(path, `not CloudEvents SQL: ${parsed.error}`)
    const useless = checkFilter(parsed.value)
    if (useless !== null) throw wrong(path, useless)
    return { kind: 'sql', expression: parsed.value }
  }

  #leaf(path: string): void {
    this.#leaves += 1
    if (this.#leaves > maxFilterLeaves)
      throw wrong(path, `the filters have more than ${maxFilterLeaves} attributes and expressions together`)
  }
}

const dialects = ['exact', 'prefix', 'suffix', 'all', 'any', 'not', 'sql']

/** Members of an event that no filter sees: the gateway reads or writes them itself, or they are data. */
const unseen: ReadonlySet<string> = new Set(['audience', 'cursor', 'data', 'data_base64'])

function checkName(name: string, path: string): void {
  if (unseen.has(name)) throw wrong(path, 'filters see only the attributes of an event, without `audience` and `cursor`')
  if (!/^[a-z0-9]{1,64}$/.test(name)) throw wrong(path, 'the name of an attribute has 1 to 64 lower-case letters and digits')
}

function objectOf(value: unknown, path: string, expected: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, `must be ${expected}`)
  return value as Members // JSON: an object that is not an array has texts as names
}

const wrong = (path: string, what: string): FilterError => new FilterError(`${path}: ${what}.`)
