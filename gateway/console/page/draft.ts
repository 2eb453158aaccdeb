import type { Audience } from '../../audience/audience.ts'
import type { DraftProblems } from './draft-problems.ts'
import { type EventForm, eventRequest, readEventForm } from './event-form.ts'
import { type EmitRequest, shortRequest } from './emit-request.ts'
import { parseList } from './identities.ts'
import { parseJson } from './json-error.ts'

/** The content of the emit form, as the user typed it. */
export interface Draft extends EventForm {
  /** The form: of `emit-message`, of a whole CloudEvent, or of a send over a connection of the page. */
  readonly form: 'short' | 'event' | 'send'
  /** Number of the connection that sends; empty: none. */
  readonly over: string
  readonly isBroadcast: boolean
  readonly users: string
  readonly usernames: string
  readonly organizations: string
  readonly roles: string
  readonly type: string
  /** The id; empty: the page makes one for each event. */
  readonly id: string
  readonly payload: string
  readonly copies: string
}

export type CheckedDraft =
  | { readonly ok: true; readonly requests: readonly EmitRequest[] }
  | { readonly ok: false; readonly problems: DraftProblems }

export const maxCopies = 100

export function readAudience(draft: Draft): Audience {
  if (draft.isBroadcast) return { broadcast: true, users: [], usernames: [], organizations: [], roles: [] }
  return {
    broadcast: false,
    users: parseList(draft.users),
    usernames: parseList(draft.usernames),
    organizations: parseList(draft.organizations),
    roles: parseList(draft.roles),
  }
}

/** Reads a draft into requests. @param makeId called for each event without an id */
export function checkDraft(draft: Draft, makeId: () => string): CheckedDraft {
  const audience = readAudience(draft)
  const content = draft.form === 'event' ? readEventForm(draft) : readPayload(draft.payload)
  const copies = Number(draft.copies)
  const problems: DraftProblems = {
    ...problemsOf(audience),
    ...(draft.type.trim() === '' ? { type: 'Give the event a type, such as order.shipped.' } : {}),
    ...(content.ok ? {} : content.problems),
    ...(Number.isInteger(copies) && copies >= 1 && copies <= maxCopies ? {} : { copies: `From 1 to ${maxCopies}.` }),
  }
  if (!content.ok || Object.keys(problems).length > 0) return { ok: false, problems }
  const id = draft.id.trim()
  const idOf = (copy: number): string => (id === '' ? makeId() : copies === 1 ? id : `${id}-${copy + 1}`)
  return {
    ok: true,
    requests: Array.from({ length: copies }, (_, copy) => {
      const named = { id: idOf(copy), type: draft.type.trim() }
      return 'payload' in content
        ? shortRequest({ ...named, ...audience, payload: content.payload })
        : eventRequest(named, audience, content.event)
    }),
  }
}

type Payload = { readonly ok: true; readonly payload: unknown } | { readonly ok: false; readonly problems: DraftProblems }

function readPayload(text: string): Payload {
  const parsed = parseJson(text)
  return parsed.ok ? { ok: true, payload: parsed.value } : { ok: false, problems: { payload: parsed.problem } }
}

function problemsOf(audience: Audience): DraftProblems {
  if (audience.broadcast) return {}
  if (audience.roles.length > 0 && audience.organizations.length === 0)
    return { roles: 'Roles narrow organizations: name at least one organization.' }
  if (audience.users.length + audience.usernames.length + audience.organizations.length === 0)
    return { audience: 'Name at least one user, username or organization.' }
  return {}
}
