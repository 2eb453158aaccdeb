export type Claims = Readonly<Record<string, unknown>>

/**
 * Follows a path into the claims, through their own members only. Names of claims may have dots themselves, as the client ids of Keycloak
 * and names that are URLs do, so at each level every beginning of the path that ends at a dot is tried for a name, the longest first. The
 * claims are a tree, in which every member is reached in one way at most: a look costs no more than the path's dots times the members.
 * @returns undefined when the path leads nowhere
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (!isClaims(claims)) return undefined
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(claims, name) ? claimAt(claims[name], path.slice(dot + 1)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** Tells whether a value is an object with members, and so one that a path can go into. */
export function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
