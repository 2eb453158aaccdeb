import type { Identity } from './identities.ts'

/**
 * Returns a new token for an identity; null: the cookie identifies the user. The gateway signs claims, in development mode only.
 *
 * @throws Error with the gateway's detail if it refuses to sign
 */
export async function obtainToken(identity: Identity): Promise<string | null> {
  if (identity.claims === null) return identity.token
  const exp = identity.lifetimeS === null ? {} : { exp: Math.floor(Date.now() / 1000) + identity.lifetimeS }
  const response = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...identity.claims, ...exp }),
  })
  const answer: unknown = await response.json()
  const token: unknown = Object(answer).token
  if (typeof token === 'string') return token
  throw new Error(`No token for ${identity.label}: ${String(Object(answer).detail ?? `HTTP ${response.status}`)}`)
}

/** Signs the browser in: every plain WebSocket and fetch of this site has this identity from now on. */
export async function signBrowserIn(identity: Identity, cookieName: string): Promise<void> {
  const token = await obtainToken(identity)
  const lifetime = identity.lifetimeS === null ? '' : `; max-age=${identity.lifetimeS}`
  document.cookie = `${cookieName}=${token ?? ''}; path=/; SameSite=Strict${lifetime}`
}
