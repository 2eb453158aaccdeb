import type { Audience } from '../../audience/audience.ts'
import { parseList } from './identities.ts'

/** The content of the emit form, as it was typed. */
export interface Draft {
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

/** The body of `POST emit-message` (docs/protocol.md, section 7). */
export interface EmitMessage extends Audience {
  readonly id: string
  readonly type: string
  readonly payload: unknown
}

export type DraftField = 'audience' | 'roles' | 'type' | 'payload' | 'copies'
export type DraftProblems = Partial<Readonly<Record<DraftField, string>>>

export type CheckedDraft =
  | { readonly ok: true; readonly messages: readonly EmitMessage[] }
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

/** Reads a draft into messages. @param makeId called for each message without an id */
export function checkDraft(draft: Draft, makeId: () => string): CheckedDraft {
  const audience = readAudience(draft)
  const payload = parsePayload(draft.payload)
  const copies = Number(draft.copies)
  const problems: DraftProblems = {
    ...problemsOf(audience),
    ...(draft.type.trim() === '' ? { type: 'Give the event a type, such as notifications.drawer.' } : {}),
    ...(payload.ok ? {} : { payload: payload.problem }),
    ...(Number.isInteger(copies) && copies >= 1 && copies <= maxCopies ? {} : { copies: `From 1 to ${maxCopies}.` }),
  }
  if (!payload.ok || Object.keys(problems).length > 0) return { ok: false, problems }
  const id = draft.id.trim()
  const idOf = (copy: number): string => (id === '' ? makeId() : copies === 1 ? id : `${id}-${copy + 1}`)
  return {
    ok: true,
    messages: Array.from({ length: copies }, (_, copy) => ({
      id: idOf(copy),
      type: draft.type.trim(),
      ...audience,
      payload: payload.value,
    })),
  }
}

function problemsOf(audience: Audience): DraftProblems {
  if (audience.broadcast) return {}
  if (audience.roles.length > 0 && audience.organizations.length === 0)
    return { roles: 'Roles narrow organizations: name at least one organization.' }
  if (audience.users.length + audience.usernames.length + audience.organizations.length === 0)
    return { audience: 'Name at least one user, username or organization.' }
  return {}
}

type Payload = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string }

export function parsePayload(text: string): Payload {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, problem: `This is not JSON. ${explainJsonError(text, error)}` }
  }
}

/** Replaces the position that browsers report by a line and a column. */
function explainJsonError(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const position = /at position (\d+)/.exec(message)?.[1]
  if (position === undefined) return message
  const before = text.slice(0, Number(position)).split('\n')
  return `${message.split(' in JSON')[0]} in line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}.`
}

/** Returns the audience as a sentence. */
export function describeAudience(audience: Audience): string {
  if (audience.broadcast) return 'Everyone on the channel.'
  const { organizations, roles } = audience
  const members =
    organizations.length === 0 ? '' : `members of ${list(organizations)}${roles.length === 0 ? '' : ` who are ${list(roles, 'or')}`}`
  const parts = [
    audience.users.length === 0 ? '' : `user ${list(audience.users)}`,
    audience.usernames.length === 0 ? '' : `${list(audience.usernames)} by name`,
    members,
  ].filter(Boolean)
  return parts.length === 0 ? 'No recipients yet.' : `${capitalize(parts.join('; '))}.`
}

function list(names: readonly string[], word = 'and'): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Returns the same request for a terminal. @param origin of the gateway @param api the path of the channel's API */
export function renderCurl(message: EmitMessage, origin: string, api: string): string {
  const body = JSON.stringify(message).replaceAll("'", String.raw`'\''`)
  return `curl -i '${origin}${api}/emit-message' -H 'content-type: application/json' -d '${body}'`
}
