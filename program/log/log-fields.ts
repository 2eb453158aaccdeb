import type { LogFields } from './logger.ts'

/**
 * Makes the fields of a log line safe to write. This is the last line of defence: callers must not log secrets in the first place.
 *
 * It works at any depth. It replaces values whose names mean a secret or an event's content, and tokens inside texts. Errors become plain objects with
 * their causes. Long, deep and binary values are cut. Pure; never throws, not even for cycles.
 *
 * pino's own `redact` was not enough: it takes paths, and a path cannot mean "at any depth" or "in upper or lower case".
 */
export function safeFields(fields: LogFields): LogFields {
  const named = Object.entries(fields).map(([name, value]) => [reservedNames.has(name) ? `${name}_` : name, safeMember(name, value, 0)])
  return Object.fromEntries(named)
}

/** Replaces tokens, and cuts a text that is too long for a log line. */
export function safeText(text: string): string {
  const cut = text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}... (${text.length - maxTextLength} more characters)`
  return cut.replace(tokenLike, redacted).replace(bearerLike, `$1 ${redacted}`)
}

/** Names that the line itself uses. */
const reservedNames: ReadonlySet<string> = new Set(['level', 'time', 'name', 'version', 'pid', 'hostname', 'msg'])
const secretWords: ReadonlySet<string> = new Set(
  ['authorization', 'cookie', 'token', 'password', 'passwd', 'secret', 'jwt', 'credential', 'payload', 'data'].flatMap((word) => [
    word,
    `${word}s`,
  ]),
)
const redacted = '[redacted]'
const maxTextLength = 4_096
const maxItems = 100
const maxDepth = 6
/** A JWT, or its beginning: base64url of `{"`, a dot, more base64url. */
const tokenLike = /\beyJ[\w-]{8,}\.[\w-]+(\.[\w-]*)*/g
const bearerLike = /\b(bearer|basic)[ .]+[\w~+/=.-]{8,}/gi

function safeMember(name: string, value: unknown, depth: number): unknown {
  return value !== undefined && value !== null && isSecret(name, value) ? redacted : safeValue(value, depth)
}

/** Returns true for `accessToken`, `set-cookie` and `KAFKA_SASL_PASSWORD`, and false for `tokenExpiresInMs: 5`, which describes a token. */
function isSecret(name: string, value: unknown): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  if (typeof value === 'boolean' || !words.some((word) => secretWords.has(word))) return false
  return typeof value !== 'number' || secretWords.has(words.at(-1) ?? '')
}

function safeValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return safeText(value)
    case 'bigint':
      return String(value)
    case 'function':
    case 'symbol':
      return `[${typeof value}]`
    case 'object':
      return value === null ? null : safeObject(value, depth)
    default:
      return value
  }
}

function safeObject(value: object, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`
  if (depth >= maxDepth) return '[deeper]'
  if (Array.isArray(value)) return cutItems(value, depth)
  if (value instanceof Error) return safeError(value, depth)
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`
  return safeMembers(value, depth)
}

function cutItems(items: readonly unknown[], depth: number): readonly unknown[] {
  const kept = items.slice(0, maxItems).map((item) => safeValue(item, depth + 1))
  return items.length > maxItems ? [...kept, `... (${items.length - maxItems} more)`] : kept
}

function safeMembers(value: object, depth: number): Readonly<Record<string, unknown>> {
  const entries = Object.entries(value)
  const kept = entries.slice(0, maxItems).map(([name, member]) => [name, safeMember(name, member, depth + 1)] as const)
  return Object.fromEntries(entries.length > maxItems ? [...kept, ['...', `(${entries.length - maxItems} more)`]] : kept)
}

/** Returns the error with `code` and its other members. The stack is that of this error alone; its causes follow as values. */
function safeError(error: Error, depth: number): Readonly<Record<string, unknown>> {
  const { cause } = error
  return {
    type: error.name,
    message: safeText(error.message),
    ...safeMembers({ ...error, name: undefined, cause: undefined, errors: undefined }, depth),
    ...(cause === undefined ? {} : { cause: safeValue(cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: cutItems(error.errors, depth) } : {}),
    stack: safeText(error.stack ?? ''),
  }
}
