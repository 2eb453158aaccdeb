import type { Audience } from '../audience/audience.ts'
import { nearName, shownName } from '../audience/near-name.ts'
import { explainWholeAudience } from '../audience/parse-audience.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { type AttributeValue, dataShape, isEventFormat, isSpecVersion, judgeAttribute, reservedNames } from './attributes.ts'
import type { CloudEvent, EventLimits, EventProblem, IncomingEvent } from './cloud-event.ts'
import { explainJson } from './explain-json.ts'
import { judgeHeaderRoom } from './header-room.ts'
import { byteOrderMarkLength, parseJson } from './json-text.ts'

/** An event as some form of request has it, before anything was judged. */
export interface RawEvent {
  /** Every attribute and extension, `specversion` and `audience` among them. */
  readonly attributes: Readonly<Record<string, unknown>>
  /** null: no data. An empty buffer: data of 0 bytes. */
  readonly data: Buffer | null
  /** Whether the emitter sent the data as `data_base64`. Without a JSON content type they then are bytes, even if they could be parsed as JSON. */
  readonly isBase64: boolean
}

type Judged = Result<IncomingEvent, readonly EventProblem[]>

/** Judges an event that somebody wants to emit. All problems are found at once. @param now fills in `time` */
export function judgeEvent(raw: RawEvent, limits: EventLimits, now: () => Date): Judged {
  const problems: EventProblem[] = []
  const { specversion, audience: rawAudience } = raw.attributes
  if (!isSpecVersion(specversion))
    problems.push({ attribute: 'specversion', detail: specversion === undefined ? 'is missing; it must be "1.0".' : 'must be "1.0".' })
  const attributes = readAttributes(raw.attributes, problems)
  const audience = readAudience(rawAudience, limits, problems)
  if (isAbsent(rawAudience)) problems.push({ attribute: 'audience', detail: describeAbsence(raw.attributes) })
  if (isEventFormat(attributes.datacontenttype ?? ''))
    problems.push({ attribute: 'datacontenttype', detail: 'must not be a format of events: the record could not be told from one.' })
  const { data, isBinary } = readData(raw, attributes.datacontenttype ?? null, limits, problems)
  const { id, source, datacontenttype = null, ...others } = attributes
  if (problems.length > 0 || audience === null || id === undefined || source === undefined) return failed(problems)
  const event = { id, source, attributes: { time: now().toISOString(), ...others }, datacontenttype, data, isBinary }
  const tooMuch = judgeHeaderRoom(event, audience)
  return tooMuch === null ? ok({ id, source, event, audience }) : failed([tooMuch])
}

/** The attributes that are texts if they pass the rules. */
type KnownTexts = { readonly [name in 'id' | 'source' | 'type' | 'datacontenttype']?: string }
type Attributes = Readonly<Record<string, AttributeValue>> & KnownTexts

function readAttributes(given: Readonly<Record<string, unknown>>, problems: EventProblem[]): Attributes {
  const attributes: Record<string, AttributeValue> = {}
  let length = 0
  for (const [name, value] of Object.entries(given)) {
    if (name === 'specversion' || name === 'audience' || value === null || value === undefined) continue
    const wrong = reservedNames[name] ?? judgeAttribute(name, value)
    if (wrong === null) attributes[name] = value as AttributeValue // judged just now
    else problems.push({ attribute: name.slice(0, 64), detail: `must ${wrong}.` })
    // A value that breaks a rule may have no text: a number that a double cannot hold.
    if (wrong === null) length += name.length + String(value).length
  }
  for (const name of ['id', 'source', 'type'])
    if (given[name] === undefined || given[name] === null) problems.push({ attribute: name, detail: 'is missing.' })
  if (length > maxAttributeLength)
    problems.push({ attribute: null, detail: `The event has more than ${maxAttributeLength} characters of attributes.` })
  return attributes as Attributes // the rules of these names take texts only
}

/** The most characters of names and values of all attributes together: they become headers of a record, which every pod reads. */
const maxAttributeLength = 32_768

/** The text of compact JSON, or, which is easier to write in JSON, the object itself. */
function readAudience(value: unknown, limits: EventLimits, problems: EventProblem[]): Audience | null {
  if (isAbsent(value)) return null
  const read = typeof value === 'string' ? readAudienceText(Buffer.from(value), limits) : explainWholeAudience(value, limits)
  if (!read.ok) problems.push({ attribute: 'audience', detail: read.error })
  else if (read.value === null)
    problems.push({ attribute: 'audience', detail: 'names nobody; set broadcast, users, usernames or organizations.' })
  return read.ok ? read.value : null
}

function readAudienceText(text: Buffer, limits: EventLimits): Result<Audience | null, string> {
  const parsed = parseJson(text)
  if (!parsed.ok) return failed('must be the JSON of an object, like {"users": ["ann"]}.')
  if (repeatsMember(text, parsed.value)) return failed('has a member twice, and only one of the two would count.')
  return explainWholeAudience(parsed.value, limits)
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null

/** Describes a missing audience. Names an extension that looks like a misspelt `audience`: it would otherwise be an extension like any other. */
function describeAbsence(attributes: RawEvent['attributes']): string {
  const misspelt = Object.keys(attributes)
    .slice(0, maxNamesCompared)
    .find((name) => nearName(name, ['audience']) !== null)
  const hint = misspelt === undefined ? '' : ` \`${shownName(misspelt)}\` looks like a misspelt \`audience\`.`
  return `names nobody: the event has none. Set broadcast, users, usernames or organizations.${hint}`
}

/** How many names are compared: each comparison costs time, and an event may have a thousand attributes. */
const maxNamesCompared = 100

/**
 * Decides how the data are delivered. JSON loses a byte order mark, which JSON inside of JSON cannot have. Bytes without a content type are
 * JSON if they can be parsed as JSON, unless the emitter sent them as `data_base64`. `data_base64` that is no JSON is delivered as bytes, even
 * with a content type of JSON (CloudEvents JSON format 1.0.2, section 3.1.2).
 */
function readData(
  { data, isBase64 }: RawEvent,
  datacontenttype: string | null,
  limits: EventLimits,
  problems: EventProblem[],
): Pick<CloudEvent, 'data' | 'isBinary'> {
  if (data !== null && data.length > limits.maxEventBytes)
    problems.push({ attribute: 'data', detail: `has ${data.length} bytes; at most ${limits.maxEventBytes} are allowed (MAX_EVENT_BYTES).` })
  if (data === null || data.length > limits.maxEventBytes || dataShape(datacontenttype) !== 'json') return { data, isBinary: false }
  if (datacontenttype === null && isBase64) return { data, isBinary: true }
  const parsed = parseJson(data)
  if (parsed.ok) return { data: data.subarray(byteOrderMarkLength(data)), isBinary: false }
  if (datacontenttype !== null && !isBase64)
    problems.push({ attribute: 'data', detail: `is not what datacontenttype says. It ${explainJson(data, parsed.error)}` })
  return { data, isBinary: true }
}
