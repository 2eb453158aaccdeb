import { describeUnknown, shownName, unknownMembers } from '../audience/near-name.ts'
import { repeatsMember } from '../audience/repeated-members.ts'
import { isTimestamp } from '../event/attributes.ts'
import { parseBody } from '../event/parse-body.ts'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Problem } from '../request/problem.ts'
import { isName, maxNameLength, type Subject, type SubjectKind } from './subject.ts'

/** What a caller wants to revoke. */
export interface RevocationRequest {
  /** Distinct, at least one, at most `maxSubjects`. */
  readonly subjects: readonly Subject[]
  /** Tokens that were issued before this time are revoked, in milliseconds since the epoch. */
  readonly issuedBeforeMs: number
}

/** Most users or tokens of one request. */
export const maxSubjects = 1_000
/** Longest time that `issuedBefore` may lie ahead, in milliseconds. Clocks of issuers differ. */
export const maxAheadMs = 300_000

/** The three members of which a request has exactly one. */
const kinds = { users: 'user', organization: 'organization', tokenIds: 'token' } as const satisfies Record<string, SubjectKind>
type Member = keyof typeof kinds
const members: readonly string[] = [...Object.keys(kinds), 'issuedBefore']

/**
 * Reads the body of `POST revocations`: `{users | organization | tokenIds, issuedBefore?}`. A request that would revoke no token is refused, because
 * its sender believes otherwise. A name that no session has is fine.
 */
export function parseRevocation(body: Buffer, nowMs: number): Result<RevocationRequest, Problem> {
  const parsed = parseBody(body)
  if (!parsed.ok) return failed({ type: parsed.error.kind, detail: parsed.error.detail })
  const { value } = parsed
  if (!isRecord(value)) return refuse('The body must be a JSON object.')
  if (repeatsMember(body, value)) return refuse('The body has a member twice. Only one of the two would count.')
  const [unknown] = unknownMembers(value, members)
  if (unknown !== undefined) return refuse(`${shownName(unknown)} ${describeUnknown(unknown, members)}`)
  const subjects = readSubjects(value)
  if (!subjects.ok) return refuse(subjects.error)
  const issuedBeforeMs = readTime(value['issuedBefore'], nowMs)
  return issuedBeforeMs.ok ? ok({ subjects: subjects.value, issuedBeforeMs: issuedBeforeMs.value }) : refuse(issuedBeforeMs.error)
}

function readSubjects(value: Readonly<Record<string, unknown>>): Result<readonly Subject[], string> {
  const given = (Object.keys(kinds) as Member[]).filter((name) => Object.hasOwn(value, name)) // keys of the table
  const [member] = given
  if (member === undefined || given.length > 1)
    return failed(`The body must have one of users, organization and tokenIds. It has ${given.length}.`)
  const named = value[member]
  if (member === 'organization') {
    return typeof named === 'string' && isGoodName(named)
      ? ok([{ kind: 'organization', name: named }])
      : failed(`organization must be ${aName}.`)
  }
  if (!Array.isArray(named)) return failed(`${member} must be a list of texts.`)
  if (named.length === 0) return failed(`${member} is empty, so nothing would be revoked. Name at least one.`)
  if (named.length > maxSubjects)
    return failed(`${member} has ${named.length} entries. At most ${maxSubjects} are allowed: send the rest in further requests.`)
  const wrong = named.findIndex((name) => typeof name !== 'string' || !isGoodName(name))
  if (wrong !== -1) return failed(`${member}[${wrong}] must be ${aName}.`)
  return ok([...new Set<string>(named)].map((name) => ({ kind: kinds[member], name })))
}

/** A half of a surrogate pair has no form in UTF-8, and so none in the key of a record. */
const isGoodName = (name: string): boolean => isName(name) && name.isWellFormed()

const aName = `a text of 1 to ${maxNameLength} characters`

function readTime(value: unknown, nowMs: number): Result<number, string> {
  if (value === undefined) return ok(nowMs)
  const timeMs = typeof value === 'string' && isTimestamp(value) ? Date.parse(value.toUpperCase()) : NaN
  if (Number.isNaN(timeMs)) return failed('issuedBefore must be an RFC 3339 timestamp, as `2026-01-31T12:00:00Z`.')
  if (timeMs > nowMs + maxAheadMs)
    return failed(`issuedBefore is more than ${maxAheadMs / 60_000} minutes ahead. Leave it out to revoke what was issued until now.`)
  return ok(Math.max(0, timeMs))
}

const refuse = (detail: string): Result<never, Problem> => failed({ type: 'bad-request', detail })
