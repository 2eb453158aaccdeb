import { describeUnknown, shownName, unknownMembers } from '../audience/near-name.ts'
import { audienceMembers } from '../audience/parse-audience.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { failed, type Result } from '../../program/result.ts'
import { checkEvent, emptyAudience, type EventFailure, type RawEvent } from './check-event.ts'
import type { CloudEvent, EventLimits, EventProblem } from './cloud-event.ts'
import { isJsonObject } from './json-text.ts'
import { type BodyFailure, parseBody } from './parse-body.ts'

/** The `source` of events from `POST emit-message`, which has no member for it. */
export const emitMessageSource = 'urn:carillon:emit-message'

export interface EmitMessageParts {
  readonly limits: EventLimits
  /** Makes the id of a message without one. */
  readonly newId: () => string
  readonly now: () => Date
}

type Decoded = Result<CloudEvent, BodyFailure | EventFailure>

/** Members of the body, docs/protocol.md section 7.3. */
const messageMembers: readonly string[] = ['id', 'type', ...audienceMembers, 'payload']

/**
 * Reads `{id, type, broadcast, users, usernames, roles, organizations, payload}`. Another member is an error: a misspelt `roles` would widen
 * the audience, and a misspelt `payload` would be lost. Finds all problems at once.
 */
export function decodeEmitMessage(body: Buffer, { limits, newId, now }: EmitMessageParts): Decoded {
  const parsed = parseBody(body)
  if (!parsed.ok) return parsed
  const message = parsed.value
  if (!isJsonObject(message)) return invalid([{ attribute: null, detail: 'The message must be a JSON object.' }])
  const unknown = checkMembers(message, body)
  const checked = checkEvent(rawEventOf(message, newId), limits, now)
  if (unknown.length === 0) return checked
  if (checked.ok) return invalid(unknown)
  // A misspelt member of the audience explains why the audience is empty.
  return checked.error.kind === 'invalid-event'
    ? invalid([...checked.error.problems.filter((problem) => problem !== emptyAudience), ...unknown])
    : checked
}

const invalid = (problems: readonly EventProblem[]) => failed<EventFailure>({ kind: 'invalid-event', problems })

function rawEventOf(message: Readonly<Record<string, unknown>>, newId: () => string): RawEvent {
  const audience: Record<string, unknown> = {}
  for (const member of audienceMembers) audience[member] = message[member]
  const { id, type, payload } = message
  const attributes = { specversion: '1.0', id: id ?? newId(), source: emitMessageSource, type, audience }
  return payload === undefined
    ? { attributes, data: null, origin: 'bytes' }
    : {
        attributes: { ...attributes, datacontenttype: 'application/json' },
        data: Buffer.from(JSON.stringify(payload)),
        origin: 'json',
      }
}

/** Members of CloudEvents that the short form does not have, and their replacement. */
const elsewhere: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  data: 'is not a member. Did you mean `payload`?',
  audience: `is not a member: put ${audienceMembers.join(', ')} beside \`type\`.`,
  ...Object.fromEntries(
    ['specversion', 'source', 'subject', 'time', 'datacontenttype', 'dataschema', 'data_base64', 'partitionkey'].map((name) => [
      name,
      'is not a member: it belongs to a CloudEvent, which `POST events` takes.',
    ]),
  ),
})

/** Most unknown members that a response names. Each search for the nearest name costs time, and a body may have 50,000 members. */
const maxUnknownNamed = 20

function checkMembers(message: Readonly<Record<string, unknown>>, body: Buffer): readonly EventProblem[] {
  if (repeatsMember(body, message)) return [{ attribute: null, detail: 'The message has a member twice. Only one of the two would count.' }]
  const unknown = unknownMembers(message, messageMembers)
  const problems: EventProblem[] = unknown
    .slice(0, maxUnknownNamed)
    .map((name) => ({ attribute: shownName(name), detail: elsewhere[name] ?? describeUnknown(name, messageMembers) }))
  return unknown.length > maxUnknownNamed
    ? [...problems, { attribute: null, detail: `The message has ${unknown.length - maxUnknownNamed} more unknown members.` }]
    : problems
}
