import type { Audience } from '../audience/audience.ts'
import { nearName, shownName } from '../audience/near-name.ts'
import { explainWholeAudience } from '../audience/parse-audience.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { type AttributeValue, dataShape, isEventFormat, isSpecVersion, checkAttribute, reservedNames } from './attributes.ts'
import type { CloudEvent, EventLimits, EventProblem } from './cloud-event.ts'
import { explainJson } from './explain-json.ts'
import { checkHeaderRoom } from './header-room.ts'
import { byteOrderMarkLength, parseJson, surelyParsedBytes } from './json-text.ts'

/** An event as a request has it, before any check. */
export interface RawEvent {
  /** Every attribute and extension, `specversion` and `audience` among them. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** null: no data. An empty buffer: data of 0 bytes. */
  readonly data: Buffer | null
  /**
   * The origin of the data: bytes of the request, `data_base64`, or JSON that the gateway wrote from a parsed value. Data in base64 without a
   * JSON content type are bytes, even if they can be parsed as JSON.
   */
  readonly origin: 'bytes' | 'base64' | 'json'
}

export type EventFailure =
  | { readonly kind: 'event-too-large'; readonly detail: string }
  | { readonly kind: 'invalid-event'; readonly problems: readonly EventProblem[] }

/** Checks an event of any form of request. Finds all problems at once. @param now fills in `time` */
export function checkEvent(raw: RawEvent, limits: EventLimits, now: () => Date): Result<CloudEvent, EventFailure> {
  if ((raw.data?.length ?? 0) > limits.maxEventBytes)
    return failed({ kind: 'event-too-large', detail: `The event has more than ${limits.maxEventBytes} bytes of data (MAX_EVENT_BYTES).` })
  const problems: EventProblem[] = []
  const { specversion, audience: rawAudience } = raw.attributes
  if (!isSpecVersion(specversion))
    problems.push({ attribute: 'specversion', detail: specversion === undefined ? 'is missing. It must be "1.0".' : 'must be "1.0".' })
  const { id, source, datacontenttype, attributes } = readAttributes(raw.attributes, problems)
  const audience = readAudience(rawAudience, limits, problems)
  if (isAbsent(rawAudience)) problems.push({ attribute: 'audience', detail: describeAbsence(raw.attributes) })
  if (isEventFormat(datacontenttype ?? ''))
    problems.push({
      attribute: 'datacontenttype',
      detail: 'must not be an event format: the record would be read as an event in that format.',
    })
  const { data, isBinary } = readData(raw, datacontenttype, problems)
  if (problems.length > 0 || audience === null || id === null || source === null) return invalid(problems)
  attributes.time ??= now().toISOString()
  const event = { id, source, attributes, datacontenttype, data, isBinary, audience }
  const tooMuch = checkHeaderRoom(event)
  return tooMuch === null ? ok(event) : invalid([tooMuch])
}

const invalid = (problems: readonly EventProblem[]) => failed<EventFailure>({ kind: 'invalid-event', problems })

/** The attributes that have places of their own in an event, null if absent, and the others. */
interface Attributes extends Readonly<Record<PlacedAttribute, string | null>> {
  readonly attributes: Record<string, AttributeValue>
}
type PlacedAttribute = 'id' | 'source' | 'datacontenttype'

function readAttributes(given: Readonly<Record<string, unknown>>, problems: EventProblem[]): Attributes {
  const placed: Record<PlacedAttribute, string | null> = { id: null, source: null, datacontenttype: null }
  const attributes: Record<string, AttributeValue> = {}
  let length = 0
  for (const name in given) {
    const value = given[name]
    if (name === 'specversion' || name === 'audience' || value === null || value === undefined) continue
    const wrong = reservedNames[name] ?? checkAttribute(name, value)
    if (wrong !== null) {
      // A number that a double cannot hold breaks a rule, and has no text.
      problems.push({ attribute: name.slice(0, 64), detail: `must ${wrong}.` })
      continue
    }
    // It was just checked. The rules of the placed attributes take texts only.
    if (name === 'id' || name === 'source' || name === 'datacontenttype') placed[name] = value as string
    else attributes[name] = value as AttributeValue
    length += name.length + String(value).length
  }
  for (const name of ['id', 'source', 'type'])
    if (given[name] === undefined || given[name] === null)
      problems.push({ attribute: name, detail: 'is missing. It must be a non-empty string.' })
  if (length > maxAttributeLength)
    problems.push({ attribute: null, detail: `The event has more than ${maxAttributeLength} characters of attributes.` })
  return { ...placed, attributes }
}

/** Most characters of names and values of all attributes together. They become headers of a record, which every pod reads. */
const maxAttributeLength = 32_768

/** Reads the text of compact JSON, or the object itself, which is easier to write in JSON. */
function readAudience(value: unknown, limits: EventLimits, problems: EventProblem[]): Audience | null {
  if (isAbsent(value)) return null
  const read = typeof value === 'string' ? readAudienceText(Buffer.from(value), limits) : explainWholeAudience(value, limits)
  if (!read.ok) problems.push({ attribute: 'audience', detail: read.error })
  else if (read.value === null) problems.push(emptyAudience)
  return read.ok ? read.value : null
}

/** The problem of an audience without recipients. */
export const emptyAudience: EventProblem = {
  attribute: 'audience',
  detail: 'has no recipients. Set broadcast, users, usernames or organizations.',
}

function readAudienceText(text: Buffer, limits: EventLimits): Result<Audience | null, string> {
  const parsed = parseJson(text)
  if (!parsed.ok) return failed('must be a JSON object, like {"users": ["ann"]}.')
  if (repeatsMember(text, parsed.value)) return failed('has a member twice. Only one of the two would count.')
  return explainWholeAudience(parsed.value, limits)
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null

/** Describes a missing audience. Names an extension that looks like a misspelt `audience`. */
function describeAbsence(attributes: RawEvent['attributes']): string {
  const misspelt = Object.keys(attributes)
    .slice(0, maxNamesCompared)
    .find((name) => nearName(name, ['audience']) !== null)
  const hint = misspelt === undefined ? '' : ` \`${shownName(misspelt)}\` looks like a misspelt \`audience\`.`
  return `is missing. Set broadcast, users, usernames or organizations.${hint}`
}

/** Most names that are compared. Each comparison costs time, and an event may have a thousand attributes. */
const maxNamesCompared = 100

/**
 * Decides the form in which the data are delivered. JSON loses a byte order mark, which JSON inside JSON cannot have. Bytes without a content
 * type are JSON if they parse as JSON, unless the emitter sent them as `data_base64`. Other `data_base64` is delivered as bytes, even with a
 * content type of JSON (CloudEvents JSON format 1.0.2, section 3.1.2).
 */
function readData(
  { data, origin }: RawEvent,
  datacontenttype: string | null,
  problems: EventProblem[],
): Pick<CloudEvent, 'data' | 'isBinary'> {
  if (data === null || dataShape(datacontenttype) !== 'json') return { data, isBinary: false }
  // The body was parsed, so this part of it is JSON within the limits.
  if (origin === 'json' && data.length < surelyParsedBytes) return { data, isBinary: false }
  if (datacontenttype === null && origin === 'base64') return { data, isBinary: true }
  const parsed = parseJson(data)
  if (parsed.ok) return { data: data.subarray(byteOrderMarkLength(data)), isBinary: false }
  if (datacontenttype !== null && origin !== 'base64')
    problems.push({ attribute: 'data', detail: `is not what datacontenttype says. It ${explainJson(data, parsed.error)}` })
  return { data, isBinary: true }
}
