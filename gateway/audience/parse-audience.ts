import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Audience } from './audience.ts'
import { KeyedAudience } from './audience-keys.ts'
import { describeUnknown, nearName, shownName, unknownMembers } from './near-name.ts'

export interface AudienceLimits {
  /** Most users, usernames, organizations and roles together, counted as given. */
  readonly maxAudienceNames: number
}

/** One problem of one member. */
export interface AudienceProblem {
  /** The member; `audience`: all of it. */
  readonly member: AudienceMember | 'audience'
  /** The broken rule: a phrase that follows the member's name, without the full stop. */
  readonly problem: string
}

const nameLists = ['users', 'usernames', 'organizations', 'roles'] as const
export const audienceMembers = ['broadcast', ...nameLists] as const
export type AudienceMember = (typeof audienceMembers)[number]

/** Longest name, in UTF-16 code units. Names become keys of indexes, so their length is memory that a stranger could grow. */
export const maxNameLength = 512

/**
 * Reads the members of an audience from an object. It ignores other members and removes duplicate names. null means absent, because Go writes it
 * for an empty list. ok(null): an audience without recipients, which the caller may accept or refuse.
 *
 * The error has a sentence for each member that breaks a rule. It never contains a name.
 */
export function parseAudience(value: unknown, limits: AudienceLimits): Result<Audience | null, string> {
  const audience = readAudience(value, limits)
  if (audience.ok) return audience
  return failed(audience.error.map(({ member, problem }) => `${member} ${problem}.`).join(' '))
}

/** Does the same as `parseAudience`, with the problems by member. */
export function readAudience(value: unknown, limits: AudienceLimits): Result<Audience | null, readonly AudienceProblem[]> {
  if (!isRecord(value)) return failed([{ member: 'audience', problem: `must be an object with any of ${audienceMembers.join(', ')}` }])
  const problems = findProblems(value, limits)
  if (problems.length > 0) return failed(problems)
  const [users, usernames, organizations, roles] = [
    distinct(value.users),
    distinct(value.usernames),
    distinct(value.organizations),
    distinct(value.roles),
  ]
  const broadcast = value.broadcast === true
  const isNobody = !broadcast && users.length + usernames.length + organizations.length === 0
  return ok(isNobody ? null : new KeyedAudience({ broadcast, users, usernames, organizations, roles }))
}

/**
 * Reads the object of the extension `audience`. An unknown member is an error, because ignoring one that should narrow the audience would widen
 * it. The error holds no names, neither of recipients nor of members.
 */
export function parseWholeAudience(value: unknown, limits: AudienceLimits): Result<Audience | null, string> {
  const unknown = isRecord(value) ? unknownMembers(value, audienceMembers) : []
  if (unknown.length === 0) return parseAudience(value, limits)
  const near = unknown
    .slice(0, maxUnknownNamed)
    .map((name) => nearName(name, audienceMembers))
    .find((name) => name !== null)
  return failed(
    `audience has an unknown member. The members are ${audienceMembers.join(', ')}.${near === undefined ? '' : ` One looks like a misspelt \`${near}\`.`}`,
  )
}

/**
 * Reads an audience as `parseWholeAudience` does, for the emitter that wrote it. The error names unknown members. It has a sentence for each
 * problem, to follow `audience:`.
 */
export function explainWholeAudience(value: unknown, limits: AudienceLimits): Result<Audience | null, string> {
  const unknown = isRecord(value) ? unknownMembers(value, audienceMembers) : []
  if (unknown.length === 0) return explainAudience(value, limits)
  const sentences = unknown.slice(0, maxUnknownNamed).map((name) => `\`${shownName(name)}\` ${describeUnknown(name, audienceMembers)}`)
  return failed([...sentences, ...(unknown.length > maxUnknownNamed ? [`And ${unknown.length - maxUnknownNamed} more.`] : [])].join(' '))
}

/** Reads an audience as `parseAudience` does. The error is to follow `audience:`. */
export function explainAudience(value: unknown, limits: AudienceLimits): Result<Audience | null, string> {
  const audience = readAudience(value, limits)
  return audience.ok
    ? audience
    : failed(audience.error.map(({ member, problem }) => (member === 'audience' ? `${problem}.` : `${member} ${problem}.`)).join(' '))
}

/** Most unknown members that an error names. Each search for the nearest name costs time, and a body may have 50,000 members. */
const maxUnknownNamed = 10

/** Writes the audience as compact JSON without empty members, for `ce_audience` and `parseWholeAudience`. */
export function formatAudience(audience: Audience): string {
  const members: Record<string, unknown> = {}
  if (audience.broadcast) members.broadcast = true
  for (const list of nameLists) if (audience[list].length > 0) members[list] = audience[list]
  return JSON.stringify(members)
}

type Given = Readonly<Record<string, unknown>>

function findProblems(given: Given, { maxAudienceNames }: AudienceLimits): readonly AudienceProblem[] {
  const problems: AudienceProblem[] = []
  if (!isAbsent(given.broadcast) && typeof given.broadcast !== 'boolean')
    problems.push({ member: 'broadcast', problem: 'must be true or false' })
  for (const member of nameLists) {
    const problem = findListProblem(given[member])
    if (problem !== null) problems.push({ member, problem })
  }
  if (countOf(given.roles) > 0 && countOf(given.organizations) === 0)
    problems.push({ member: 'roles', problem: 'must come with organizations, because roles alone would cross tenants' })
  const count = nameLists.reduce((sum, member) => sum + countOf(given[member]), 0)
  if (count > maxAudienceNames)
    problems.push({
      member: 'audience',
      problem: `has ${count} names in all; at most ${maxAudienceNames} are allowed (MAX_AUDIENCE_SIZE)`,
    })
  return problems
}

function findListProblem(list: unknown): string | null {
  if (isAbsent(list)) return null
  if (!Array.isArray(list)) return 'must be a list of strings'
  const index = list.findIndex((name: unknown) => typeof name !== 'string' || name === '' || name.length > maxNameLength)
  return index === -1 ? null : `must hold only strings of 1 to ${maxNameLength} characters; item ${index} is not one`
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null
const countOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0)

function distinct(list: unknown): readonly string[] {
  if (!Array.isArray(list) || list.length === 0) return none
  const names: readonly string[] = list // findListProblem found them to be strings
  return names.length === 1 ? names : [...new Set(names)]
}

const none: readonly string[] = Object.freeze([])
