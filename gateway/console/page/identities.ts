import type { Principal } from '../../audience/principal.ts'

/** An identity of a connection. `claims` are signed for each connection in development mode; `token` was pasted; neither: the cookie's identity. */
export interface Identity {
  readonly id: string
  readonly label: string
  readonly principal: Principal | null
  readonly claims: Claims | null
  readonly token: string | null
  /** Lifetime of tokens for the claims, in seconds; null: they do not expire. */
  readonly lifetimeS: number | null
}

export interface Claims {
  readonly user_id: string
  readonly username?: string
  readonly org_id?: string
  readonly account_number?: string
  readonly roles?: readonly string[]
}

/** The content of the form for a new principal. */
export interface ClaimsForm {
  readonly userId: string
  readonly username: string
  readonly organization: string
  readonly account: string
  readonly roles: string
  /** Lifetime in seconds; empty: it does not expire. */
  readonly lifetime: string
}

export function identityOfClaims(claims: Claims, lifetimeS: number | null): Identity {
  const principal: Principal = {
    userId: claims.user_id,
    username: claims.username ?? null,
    organizationId: claims.org_id ?? null,
    accountNumber: claims.account_number ?? null,
    roles: claims.roles ?? [],
    expiresAtMs: null,
    issuedAtMs: null,
    tokenId: null,
  }
  return { id: JSON.stringify([claims, lifetimeS]), label: describePrincipal(principal), principal, claims, token: null, lifetimeS }
}

export function identityOfForm(form: ClaimsForm): Identity {
  const roles = parseList(form.roles)
  const claims: Claims = {
    user_id: form.userId.trim(),
    ...(form.username.trim() === '' ? {} : { username: form.username.trim() }),
    ...(form.organization.trim() === '' ? {} : { org_id: form.organization.trim() }),
    ...(form.account.trim() === '' ? {} : { account_number: form.account.trim() }),
    ...(roles.length === 0 ? {} : { roles }),
  }
  return identityOfClaims(claims, form.lifetime === '' ? null : Number(form.lifetime))
}

/** The identity of the cookie, which the page cannot read. */
export const cookieIdentity: Identity = {
  id: 'cookie',
  label: 'This browser’s cookie',
  principal: null,
  claims: null,
  token: null,
  lifetimeS: null,
}

/**
 * Reads a pasted token. Its claims are shown and not trusted: the gateway verifies the token.
 * @returns null: the text has not the form of a signed token
 */
export function identityOfToken(text: string): Identity | null {
  const token = text.trim().replace(/^Bearer +/i, '')
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
  const principal = readPrincipal(decodeClaims(token))
  const label = principal === null ? `Token …${token.slice(-6)}` : describePrincipal(principal)
  return { id: `token:${token}`, label, principal, claims: null, token, lifetimeS: null }
}

/** Reads the claims with the default names. A gateway may use others, and then less is shown. */
function readPrincipal(claims: Readonly<Record<string, unknown>>): Principal | null {
  const text = (name: string): string | null => (typeof claims[name] === 'string' ? claims[name] : null)
  const userId = text('user_id')
  if (userId === null) return null
  const roles = Array.isArray(claims['roles']) ? claims['roles'].filter((role) => typeof role === 'string') : []
  const expiresAtMs = typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : null
  return {
    userId,
    username: text('username'),
    organizationId: text('org_id'),
    accountNumber: text('account_number'),
    roles,
    expiresAtMs,
    issuedAtMs: null,
    tokenId: null,
  }
}

function decodeClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    const [, payload = ''] = token.split('.')
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    return Object(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    // Not base64, or not JSON. The gateway will refuse the token, and name the reason.
    return {}
  }
}

export function describePrincipal(principal: Principal): string {
  return [principal.username ?? principal.userId, principal.organizationId, principal.roles.join(', ')].filter(Boolean).join(' · ')
}

/** Returns the names of a text with commas or line breaks between them, each once. */
export function parseList(text: string): readonly string[] {
  return [...new Set(text.split(/[,\n]/).map((name) => name.trim()))].filter((name) => name !== '')
}

/** Three users of two organizations, enough for every kind of audience. */
export const samplePeople: readonly Identity[] = [
  identityOfClaims({ user_id: 'user-1', username: 'ada', org_id: 'org-1', account_number: '1001', roles: ['admin'] }, 3600),
  identityOfClaims({ user_id: 'user-2', username: 'ben', org_id: 'org-1', account_number: '1001', roles: ['viewer'] }, 3600),
  identityOfClaims({ user_id: 'user-3', username: 'chloé', org_id: 'org-2', account_number: '1002', roles: ['admin', 'billing'] }, 3600),
]
