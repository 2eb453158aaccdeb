/** Claims that differ between two tokens of the same rights. */
const fleeting = new Set(['exp', 'iat', 'nbf', 'jti'])

/**
 * Returns the name that a user's tabs have in common; null: the token is not a JWT, so its user is unknown. Rights are claims, so that tabs
 * whose tokens differ in any other claim have different names.
 */
export async function userNameOf(token: string): Promise<string | null> {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.codePointAt(0) ?? 0)
    const claims = Object.entries(JSON.parse(new TextDecoder().decode(bytes)) as object).filter(([name]) => !fleeting.has(name)) // a JWT
    return await digest(JSON.stringify(claims.toSorted(([a], [b]) => (a < b ? -1 : 1))))
  } catch {
    // Not base64, not UTF-8 or not JSON; or a page without the digest, which has no locks either.
    return null
  }
}

async function digest(text: string): Promise<string> {
  const hash = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
