import type { Audience } from '../audience/audience.ts'
import type { Principal } from '../audience/principal.ts'
import type { AcceptRule } from '../config/accept-rule.ts'
import { checkAttribute, maxSourceLength } from '../event/attributes.ts'
import { checkEvent, type RawEvent } from '../event/check-event.ts'
import type { CloudEvent, EventProblem } from '../event/cloud-event.ts'
import { describeProblems } from '../event/describe-problems.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { FrameProblem } from '../session/control-events.ts'

/**
 * Attributes that a client must not give, with the reason as the end of "`name` must ...". They say who somebody is or who gets the event, and they are
 * the gateway's on everything that comes from browsers.
 */
const forbiddenAttributes: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  audience: 'not be sent: the rule of the channel decides who gets the event',
  authtype: 'not be sent: the gateway writes it',
  authid: 'not be sent: the gateway writes the verified user',
  authclaims: 'not be sent: only the gateway may say what a token claims',
  partitionkey: 'not be sent: the key of the record is the user',
} satisfies Record<string, string>)

/** The beginning of sources that name a channel or a user of one. Gateways write them. */
const ownSources = /^urn:carillon:/i

/** Returns the source of everything that a user sends on a channel. It is the same on every pod, so that readers find duplicates. */
export const sourceOf = (channel: string, userId: string): string => `urn:carillon:channel:${channel}:user:${encodeURIComponent(userId)}`

/** Returns true if the user can be the author and the source of an event. */
function isWritable(channel: string, userId: string): boolean {
  // The first rule comes first: half of a surrogate pair cannot be percent-encoded.
  return checkAttribute('authid', userId) === null && sourceOf(channel, userId).length <= maxSourceLength
}

/** Returns the event as it is written: with the gateway's source, time and auth context in place of the client's. Pure. */
export function readSentEvent(raw: RawEvent, principal: Principal, context: SentEventContext): Result<CloudEvent, FrameProblem> {
  const forged = forgedAttributes(raw.attributes)
  if (forged.length > 0) return failed(invalid(forged))
  if (!isWritable(context.channel, principal.userId)) return failed(unwritableUser)
  const audience = audienceOf(principal, context.rule)
  if (!audience.ok) return audience
  const own = { source: sourceOf(context.channel, principal.userId), authtype: 'app_user', authid: principal.userId }
  const checked = checkEvent(
    { ...raw, attributes: { ...raw.attributes, ...own, time: context.now().toISOString(), audience: audience.value } },
    limitsOf(context),
    context.now,
  )
  if (checked.ok) return checked
  return failed(checked.error.kind === 'event-too-large' ? tooLarge(context) : invalid(checked.error.problems))
}

export interface SentEventContext {
  readonly channel: string
  readonly rule: Pick<AcceptRule, 'maxBytes' | 'deliverTo'>
  readonly now: () => Date
}

const limitsOf = ({ rule }: SentEventContext) => ({ maxEventBytes: rule.maxBytes, maxAudienceNames: 1 })

function forgedAttributes(attributes: RawEvent['attributes']): readonly EventProblem[] {
  const forged = Object.keys(attributes).flatMap((name) => {
    const rule = forbiddenAttributes[name]
    return rule === undefined ? [] : [{ attribute: name, detail: `must ${rule}. Leave it out.` }]
  })
  const { source } = attributes
  const wrong = checkAttribute('source', source)
  if (wrong !== null) return [...forged, { attribute: 'source', detail: `must ${wrong}.` }]
  return ownSources.test(String(source))
    ? [
        ...forged,
        { attribute: 'source', detail: 'must not begin with urn:carillon: which only gateways write. Send the place in the page.' },
      ]
    : forged
}

/**
 * Returns the recipients on the channel. An event that is not delivered has the sender for its audience: the record of the upstream topic has no
 * audience.
 */
function audienceOf({ userId, organizationId }: Principal, { deliverTo }: SentEventContext['rule']): Result<Audience, FrameProblem> {
  if (deliverTo !== 'organization') return ok({ ...nobody, users: [userId] })
  return organizationId === null ? failed(noOrganization) : ok({ ...nobody, organizations: [organizationId] })
}

const nobody: Audience = { broadcast: false, users: [], usernames: [], organizations: [], roles: [] }

const invalid = (problems: readonly EventProblem[]): FrameProblem => ({ type: 'invalid-event', detail: describeProblems(problems) })

const tooLarge = ({ rule }: SentEventContext): FrameProblem => ({
  type: 'event-too-large',
  detail: `The event has more than ${rule.maxBytes} bytes of data, which the rule for its type allows (maxBytes). Send a reference to the large data.`,
})

const unwritableUser: FrameProblem = {
  type: 'forbidden',
  detail:
    'The user id of the token has control characters, or is too long for the source of an event when it is percent-encoded. Ask for a token with another user id.',
}

const noOrganization: FrameProblem = {
  type: 'forbidden',
  detail:
    'Events of this type are delivered to the organization of the sender, and the token names none. Ask for a token with an organization.',
}
