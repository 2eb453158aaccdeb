import type { Audience } from '../audience/audience.ts'
import { parseWholeAudience } from '../audience/parse-audience.ts'
import { failed, ok, type Result } from '../result.ts'
import { type AttributeValue, dataShape, isEventFormat, isSpecVersion, judgeAttribute, ownAttributes } from './attributes.ts'
import type { EventLimits, EventProblem, IncomingEvent } from './cloud-event.ts'
import { parseJson } from './json-text.ts'

/** An event as some form of request has it, before anything was judged. */
export interface RawEvent {
  /** Every attribute and extension, `specversion` and `audience` among them. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly data: Buffer | null
}

type Judged = Result<IncomingEvent, readonly EventProblem[]>

/** Judges an event that somebody wants to emit. All problems are found at once. @param now fills in `time` */
export function judgeEvent(raw: RawEvent, limits: EventLimits, now: () => Date): Judged {
  const problems: EventProblem[] = []
  const { specversion, audience: rawAudience } = raw.attributes
  if (!isSpecVersion(specversion)) problems.push({ attribute: 'specversion', detail: specversion === undefined ? 'is missing; it must be "1.0".' : 'must be "1.0".' })
  const attributes = readAttributes(raw.attributes, problems)
  const audience = readAudience(rawAudience, limits, problems)
  if (isEventFormat(attributes.datacontenttype ?? '')) problems.push({ attribute: 'datacontenttype', detail: 'must not be a format of events: the record could not be told from one.' })
  judgeData(raw.data, attributes.datacontenttype ?? null, limits, problems)
  const { id, source, datacontenttype = null, ...others } = attributes
  if (problems.length > 0 || audience === null || id === undefined || source === undefined) return failed(problems)
  const event = { id, source, attributes: { time: now().toISOString(), ...others }, datacontenttype, data: raw.data }
  return ok({ id, source, event, audience })
}

function readAttributes(given: Readonly<Record<string, unknown>>, problems: EventProblem[]): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(given)) {
    if (ownAttributes.has(name) || value === null || value === undefined) continue
    const wrong = judgeAttribute(name, value)
    if (wrong === null) attributes[name] = String(value as AttributeValue) // judged just now
    else problems.push({ attribute: name.slice(0, 64), detail: `must ${wrong}.` })
    bytes += name.length + String(value).length
  }
  for (const name of ['id', 'source', 'type']) if (given[name] === undefined || given[name] === null) problems.push({ attribute: name, detail: 'is missing.' })
  if (bytes > maxAttributeBytes) problems.push({ attribute: null, detail: `The event has more than ${maxAttributeBytes} characters of attributes.` })
  return attributes
}

/** They become headers of a record, which every pod looks at. */
const maxAttributeBytes = 32_768

/** The text of compact JSON, or, which is easier to write in JSON, the object itself. */
function readAudience(value: unknown, limits: EventLimits, problems: EventProblem[]): Audience | null {
  const parsed = typeof value === 'string' ? parseJson(Buffer.from(value)) : ok(value)
  const audience = !parsed.ok ? failed('The audience is not JSON.') : parsed.value === undefined || parsed.value === null ? ok(null) : parseWholeAudience(parsed.value, limits)
  if (!audience.ok) problems.push({ attribute: 'audience', detail: audience.error })
  else if (audience.value === null) problems.push({ attribute: 'audience', detail: 'names nobody; set broadcast, users, usernames or organizations.' })
  return audience.ok ? audience.value : null
}

function judgeData(data: Buffer | null, datacontenttype: string | null, limits: EventLimits, problems: EventProblem[]): void {
  if (data === null) return
  if (data.length > limits.maxEventBytes) problems.push({ attribute: 'data', detail: `has ${data.length} bytes; at most ${limits.maxEventBytes} are allowed.` })
  else if (dataShape(datacontenttype) === 'json') {
    const parsed = parseJson(data)
    if (!parsed.ok) problems.push({ attribute: 'data', detail: `is not what datacontenttype says. ${parsed.error.detail}` })
  }
}
