import { claimLimits } from '../auth/principal-from-claims.ts'

/** What a revocation names: all tokens of a user or of an organization, or one token by its `jti`. */
export interface Subject {
  readonly kind: SubjectKind
  readonly name: string
}

export const subjectKinds = ['user', 'organization', 'token'] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** Longest name, in characters: the longest that a claim of a token has. */
export const maxNameLength = claimLimits.textLength

/** Returns the key of the subject's record in the control topic: `user:ann`. */
export const subjectKey = ({ kind, name }: Subject): string => `${kind}:${name}`

/** Reads the key of a record. @returns null: the key is of no subject */
export function parseSubjectKey(key: string): Subject | null {
  const colon = key.indexOf(':')
  const kind = subjectKinds.find((known) => known === key.slice(0, colon))
  const name = key.slice(colon + 1)
  return kind === undefined || !isName(name) ? null : { kind, name }
}

export const isName = (name: string): boolean => name !== '' && name.length <= maxNameLength
