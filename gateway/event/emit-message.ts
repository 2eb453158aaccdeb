import { describeUnknown, shownName, unknownMembers } from '../audience/near-name.ts'
import { audienceMembers, explainAudience } from '../audience/parse-audience.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { judgeAttribute } from './attributes.ts'
import type { EventLimits, EventProblem, IncomingEvent } from './cloud-event.ts'
import type { HttpBindingFailure } from './http-binding.ts'
import { judgeHeaderRoom } from './header-room.ts'
import { isJsonObject } from './json-text.ts'
import { parseBody } from './parse-body.ts'

/** The `source` of events that come by `POST emit-message`, which has no member for one. */
export const emitMessageSource = 'urn:carillon:emit-message'

export interface EmitMessageParts {
  readonly limits: EventLimits
  /** For a message without an id. */
  readonly newId: () => string
  readonly now: () => Date
}

type Decoded = Result<
  IncomingEvent,
  Extract<HttpBindingFailure, { readonly kind: 'not-json' | 'json-too-deep' | 'invalid-event' | 'event-too-large' }>
>

/** Members of the body, docs/protocol.md section 7.3. */
const messageMembers: readonly string[] = ['id', 'type', ...audienceMembers, 'payload']

/**
 * Reads `{id, type, broadcast, users, usernames, roles, organizations, payload}`. Another member is an error: a misspelt `roles` would widen the
 * audience, and a misspelt `payload` would be lost. All problems are found at once.
 */
export function decodeEmitMessage(body: Buffer, { limits, newId, now }: EmitMessageParts): Decoded {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  if (!isJsonObject(parsed.value))
    return failed({ kind: 'invalid-event', problems: [{ attribute: null, detail: 'The message must be a JSON object.' }] })
  const { id: givenId, type, payload } = parsed.value
  const id = givenId ?? newId()
  const problems: EventProblem[] = []
  for (const [attribute, value] of [
    ['id', id],
    ['type', type],
  ] as const) {
    const wrong = judgeAttribute(attribute, value)
    if (wrong !== null)
      problems.push({ attribute, detail: value === undefined ? 'is missing; it must be a non-empty string.' : `must ${wrong}.` })
  }
  const unknown = judgeMembers(parsed.value, body)
  problems.push(...unknown)
  const audience = explainAudience(parsed.value, limits)
  if (!audience.ok) problems.push({ attribute: 'audience', detail: audience.error })
  else if (audience.value === null && unknown.length === 0)
    problems.push({ attribute: 'audience', detail: 'names nobody; set broadcast, users, usernames or organizations.' })
  if (problems.length > 0 || typeof id !== 'string' || typeof type !== 'string' || !audience.ok || audience.value === null)
    return failed({ kind: 'invalid-event', problems })
  const data = payload === undefined ? null : Buffer.from(JSON.stringify(payload))
  if ((data?.length ?? 0) > limits.maxEventBytes)
    return failed({ kind: 'event-too-large', detail: `The payload has more than ${limits.maxEventBytes} bytes (MAX_EVENT_BYTES).` })
  const event = {
    id,
    source: emitMessageSource,
    attributes: { type, time: now().toISOString() },
    datacontenttype: data === null ? null : 'application/json',
    data,
    isBinary: false,
  }
  const tooMuch = judgeHeaderRoom(event, audience.value)
  if (tooMuch !== null) return failed({ kind: 'invalid-event', problems: [tooMuch] })
  return ok({ id, source: emitMessageSource, event, audience: audience.value })
}

/** Members of CloudEvents that the short form does not have, with what to use in their place. */
const elsewhere: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  data: 'is not a member; did you mean `payload`?',
  audience: `is not a member: here ${audienceMembers.join(', ')} stand beside \`type\`.`,
  ...Object.fromEntries(
    ['specversion', 'source', 'subject', 'time', 'datacontenttype', 'dataschema', 'data_base64', 'partitionkey'].map((name) => [
      name,
      'is not a member: it belongs to a CloudEvent, which `POST events` takes.',
    ]),
  ),
})

/** How many unknown members an answer names: each search for the nearest name costs time, and a body may have 50,000 members. */
const maxUnknownNamed = 20

function judgeMembers(message: Readonly<Record<string, unknown>>, body: Buffer): readonly EventProblem[] {
  if (repeatsMember(body, message))
    return [{ attribute: null, detail: 'The message has a member twice, and only one of the two would count.' }]
  const unknown = unknownMembers(message, messageMembers)
  const problems: EventProblem[] = unknown
    .slice(0, maxUnknownNamed)
    .map((name) => ({ attribute: shownName(name), detail: elsewhere[name] ?? describeUnknown(name, messageMembers) }))
  return unknown.length > maxUnknownNamed
    ? [...problems, { attribute: null, detail: `The message has ${unknown.length - maxUnknownNamed} more unknown members.` }]
    : problems
}
