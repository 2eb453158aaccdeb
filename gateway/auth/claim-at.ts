import { isRecord } from '../../program/is-record.ts'

export type Claims = Readonly<Record<string, unknown>>

/**
 * Follows a path into the claims, through their own members only. Names of claims may have dots themselves, such as client ids of Keycloak and
 * URLs. So at each level, every prefix of the path that ends at a dot is tried as a name, the longest first. The claims are a tree, and each
 * member is reached in one way at most. So the cost is at most the dots of the path times the members.
 * @returns undefined: there is no claim at the path
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (!isRecord(claims)) return undefined
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(claims, name) ? claimAt(claims[name], path.slice(dot + 1)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
