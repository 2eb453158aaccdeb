import { isRecord } from '../../program/is-record.ts'
import { core, jsonFormat, type Level, type Section } from './section.ts'

/** An event as a member of the JSON format, or as headers and body. Nothing is known about its members. */
export type AnyEvent = Readonly<Record<string, unknown>>

/** A rule that one event keeps or breaks. */
export interface EventRule {
  readonly id: string
  readonly level: Level
  readonly section: Section
  readonly title: string
  /** Returns what is wrong with the event; null: nothing. */
  judge(event: AnyEvent): string | null
}

/** Members of the JSON format that are not attributes. */
const dataMembers: ReadonlySet<string> = new Set(['data', 'data_base64'])
const attributesOf = (event: AnyEvent): readonly (readonly [string, unknown])[] =>
  Object.entries(event).filter(([name, value]) => !dataMembers.has(name) && value !== null)

const maxShown = 80
/** Returns a value of a server as short text. */
export function show(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'an array' : 'an object') : JSON.stringify(value)
  return text === undefined ? 'missing' : text.length > maxShown ? `${text.slice(0, maxShown)}...` : text
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const dateTime = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i
const uriReference = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/
const absoluteUri = /^[A-Za-z][A-Za-z0-9+.-]*:./
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:\s*;\s*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"[^"]*"))*\s*$/
// oxlint-disable-next-line no-control-regex -- the control characters are what the rule is about
const disallowed = /[\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef]/

/** Returns whether a text is a date and time of RFC 3339, with a day that exists. */
export function isDateTime(text: string): boolean {
  const [, year = '', month = '', day = ''] = dateTime.exec(text) ?? []
  const daysOfMonth = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate()
  return year !== '' && Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= daysOfMonth
}

/** Returns whether a text has only characters that a String attribute may have. */
function isAllowedText(text: string): boolean {
  return (
    !disallowed.test(text) && text.isWellFormed() && ![...text].some((character) => ((character.codePointAt(0) ?? 0) & 0xfffe) === 0xfffe)
  )
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

const required = (name: string, anchor: string, isRight: (value: unknown) => boolean, wanted: string): EventRule => ({
  id: `required-${name}`,
  level: 'MUST',
  section: core(`REQUIRED Attributes, ${name}`, anchor),
  title: `Each event has the attribute ${name}, ${wanted}`,
  judge: (event) => (isRight(event[name]) ? null : `${name} is ${show(event[name])}`),
})

const optional = (name: string, anchor: string, isRight: (value: string) => boolean, wanted: string): EventRule => ({
  id: `optional-${name}`,
  level: 'MUST',
  section: core(`OPTIONAL Attributes, ${name}`, anchor),
  title: `The attribute ${name}, where an event has it, is ${wanted}`,
  judge: ({ [name]: value = null }) => (value === null || (isText(value) && isRight(value)) ? null : `${name} is ${show(value)}`),
})

/** Rules for each event in the JSON format. */
export const eventRules: readonly EventRule[] = [
  required('specversion', 'specversion', (value) => value === '1.0', '"1.0"'),
  required('id', 'id', isText, 'a non-empty string'),
  required('source', 'source-1', (value) => isText(value) && uriReference.test(value), 'a non-empty URI reference'),
  required('type', 'type', isText, 'a non-empty string'),
  optional('time', 'time', isDateTime, 'a date and time of RFC 3339'),
  optional('subject', 'subject', () => true, 'a non-empty string'),
  optional('datacontenttype', 'datacontenttype', (value) => mediaType.test(value), 'a media type of RFC 2046'),
  optional('dataschema', 'dataschema', (value) => absoluteUri.test(value) && uriReference.test(value), 'an absolute URI'),
  {
    id: 'attribute-names',
    level: 'MUST',
    section: core('Attribute Naming Convention', 'attribute-naming-convention'),
    title: 'Names of attributes have only lower-case letters and digits',
    judge: (event) => {
      const bad = Object.keys(event).find((name) => !dataMembers.has(name) && !/^[a-z0-9]+$/.test(name))
      return bad === undefined ? null : `an attribute has the name ${show(bad)}`
    },
  },
  {
    id: 'attribute-name-length',
    level: 'SHOULD',
    section: core('Attribute Naming Convention', 'attribute-naming-convention'),
    title: 'Names of attributes have at most 20 characters',
    judge: (event) => {
      const bad = Object.keys(event).find((name) => !dataMembers.has(name) && name.length > 20)
      return bad === undefined ? null : `an attribute has the name ${show(bad)}`
    },
  },
  {
    id: 'attribute-types',
    level: 'MUST',
    section: core('Type System', 'type-system'),
    title: 'Attributes are strings, booleans, or integers of 32 bits',
    judge: (event) => {
      const bad = attributesOf(event).find(
        ([, value]) => typeof value !== 'string' && typeof value !== 'boolean' && !(typeof value === 'number' && (value | 0) === value),
      )
      return bad === undefined ? null : `${show(bad[0])} is ${show(bad[1])}`
    },
  },
  {
    id: 'attribute-characters',
    level: 'MUST',
    section: core('Type System, String', 'type-system'),
    title: 'Attributes have no control characters, noncharacters or lone surrogates',
    judge: (event) => {
      const bad = attributesOf(event).find(([, value]) => typeof value === 'string' && !isAllowedText(value))
      return bad === undefined ? null : `${show(bad[0])} has one`
    },
  },
  {
    id: 'one-data-member',
    level: 'MUST',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'An event has data or data_base64, never both',
    judge: (event) => ('data' in event && 'data_base64' in event ? 'an event has both' : null),
  },
  {
    id: 'base64',
    level: 'MUST',
    section: jsonFormat('3.1.1', '311-payload-serialization'),
    title: 'data_base64 is a string of Base64',
    judge: ({ data_base64: data = null }) => (data === null || (typeof data === 'string' && isBase64(data)) ? null : `it is ${show(data)}`),
  },
]

/** Returns the event of a text in the JSON format, or what is wrong with the text. */
export function parseEvent(text: string): { readonly event: AnyEvent } | { readonly problem: string } {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return { event: value }
    return { problem: Array.isArray(value) ? 'it is an array: the JSON batch format' : `it is ${show(value)}` }
  } catch {
    return { problem: 'it is not JSON' }
  }
}
