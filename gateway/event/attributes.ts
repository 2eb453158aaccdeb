/** The rules that CloudEvents 1.0 (section 3) has for attributes. */

/** Attributes that the gateway writes or consumes itself. It does not pass on those of a record. */
export const ownAttributes: ReadonlySet<string> = new Set(['specversion', 'audience', 'cursor', 'data', 'data_base64'])

/** Names that an emitted event must not use for an attribute, with the reason as the end of "`name` must ...". */
export const reservedNames: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  cursor: 'not be an extension: gateways write it into each event that they deliver',
  data: 'not be an attribute: the name is reserved (CloudEvents 1.0.2, section 3)',
  data_base64: 'not be an attribute: the name is reserved (CloudEvents JSON format 1.0.2, section 3.1)',
} satisfies Record<string, string>)

/** A CloudEvents String, URI, URI-reference or Timestamp; an Integer of 32 bits; a Boolean (CloudEvents 1.0.2, section 3, type system). */
export type AttributeValue = string | number | boolean

/** Returns the rule that an attribute breaks, as the end of "`name` must ..."; null: it breaks none. */
export function checkAttribute(name: string, value: unknown): string | null {
  if (!/^[a-z0-9]{1,64}$/.test(name)) return 'have a name of lower-case letters and digits only'
  const rule = rules[name]
  if (rule !== undefined) return typeof value === 'string' && isText(value) && rule.accepts(value) ? null : rule.expected
  if (typeof value === 'boolean') return null
  if (typeof value === 'number') return value === (value | 0) ? null : 'be a string, a boolean or a 32-bit integer'
  return typeof value === 'string' && isText(value) ? null : 'be a string without control characters, a boolean or a 32-bit integer'
}

interface Rule {
  readonly accepts: (value: string) => boolean
  readonly expected: string
}

/** Longest id and type, and longest source, in characters. The duplicate filter remembers those of hundreds of thousands of events. */
export const maxIdLength = 1024
export const maxSourceLength = 2048

/**
 * The pattern of a source. Characters that a URI reference cannot have are refused (RFC 3986, section 2). Its grammar is not checked, because
 * existing producers write sources such as `[::1]`.
 */
export const sourcePattern = '^[^\\s<>"{}|\\\\^`]+$'

/** Prefix of control events. Clients obey them, so only gateways may send `gap` or `draining`. */
export const controlTypePrefix = 'dev.carillon.'

const sourceExpression = new RegExp(sourcePattern)

const rules: Readonly<Record<string, Rule | undefined>> = Object.assign(Object.create(null), {
  id: {
    accepts: (value) => value !== '' && value.length <= maxIdLength,
    expected: `be a non-empty string of at most ${maxIdLength} characters`,
  },
  source: {
    accepts: (value) => value.length <= maxSourceLength && sourceExpression.test(value),
    expected: `be a URI reference of at most ${maxSourceLength} characters, as \`urn:my:service\` or \`/my/service\``,
  },
  type: {
    accepts: (value) => value !== '' && value.length <= maxIdLength && !value.startsWith(controlTypePrefix),
    expected: `be a non-empty string of at most ${maxIdLength} characters, as \`com.example.order.created\`, and not begin with \`${controlTypePrefix}\``,
  },
  subject: { accepts: (value) => value !== '', expected: 'be a non-empty string' },
  time: { accepts: isTimestamp, expected: 'be an RFC 3339 timestamp, as `2026-01-31T12:00:00Z`' },
  datacontenttype: {
    accepts: (value) => /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;.*)?$/.test(value),
    expected: 'be a media type, as `application/json`',
  },
  dataschema: { accepts: (value) => /^[a-z][a-z0-9+.-]*:[^\s<>"{}|\\^`]+$/i.test(value), expected: 'be an absolute URI' },
} satisfies Record<string, Rule>)

const requiredAttributes = ['id', 'source', 'type'] as const

/** Returns the first required attribute that is missing; null: all are present. */
export function missingAttribute(attributes: Readonly<Record<string, unknown>>): string | null {
  return requiredAttributes.find((name) => attributes[name] === undefined || attributes[name] === null) ?? null
}

/** Returns true for version 1.0. The producers of chrome-service-backend write `1.0.2` for it. */
export const isSpecVersion = (value: unknown): boolean => value === '1.0' || value === '1.0.2'

/** Returns true for a time of RFC 3339. */
export function isTimestamp(value: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.exec(value)
  if (match === null) return false
  const [, year, month, day, hour, minute, second] = match.map(Number)
  const lastDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate()
  return isWithin(month, 1, 12) && isWithin(day, 1, lastDay) && isWithin(hour, 0, 23) && isWithin(minute, 0, 59) && isWithin(second, 0, 60)
}

const isWithin = (value: number | undefined, least: number, most: number): boolean => value !== undefined && value >= least && value <= most

/** Returns true if a text has no control character, no noncharacter and no half of a surrogate pair (CloudEvents section 3.1). */
const isText = (value: string): boolean => !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value)

/** Returns the media type of a content type: without parameters, in lower case. */
export function mediaTypeOf(contentType: string): string {
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

/** Returns true if a message of this content type is one or more whole events, and not the data of one (Kafka and HTTP bindings, section 3). */
export const isEventFormat = (contentType: string): boolean => /^\s*application\/cloudevents/i.test(contentType)

/** Returns the form of data of a media type in the JSON of an event (CloudEvents JSON format, section 3.1). */
export function dataShape(datacontenttype: string | null): 'json' | 'text' | 'binary' {
  if (datacontenttype === null) return 'json'
  const [top = '', sub = ''] = mediaTypeOf(datacontenttype).split('/')
  if (sub === 'json' || sub.endsWith('+json')) return 'json'
  return top === 'text' || sub === 'xml' || sub.endsWith('+xml') ? 'text' : 'binary'
}
