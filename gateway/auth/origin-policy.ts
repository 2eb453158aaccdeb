/**
 * Whether a page of this origin may connect and emit. Null: no `Origin` header, so no WebSocket and no script of a foreign page, which
 * always send one; allowed, because programs have none.
 */
export type OriginPolicy = (origin: string | null) => boolean

export interface OriginPolicyOptions {
  /** `scheme://host[:port]`. @throws Error from `createOriginPolicy` when one is no origin */
  readonly allowedOrigins: readonly string[]
  /** Every origin but `null`, which is no origin: sandboxed frames, `file:` pages, and what redirects made opaque. */
  readonly allowAny: boolean
  /** Adds every http and https page of this machine, on any port. */
  readonly isDevelopment: boolean
}

/** No host name is longer than 253 characters. */
const maxOriginLength = 512

/**
 * Origins are compared whole (RFC 6454 section 5): scheme, host and port, after case, default ports and international names are evened
 * out.
 */
export function createOriginPolicy({ allowedOrigins, allowAny, isDevelopment }: OriginPolicyOptions): OriginPolicy {
  const allowed = new Set(allowedOrigins.map(configuredOrigin))
  return (origin) => {
    if (origin === null) return true
    const normal = normalizeOrigin(origin)
    if (normal === null) return false
    return allowAny || allowed.has(normal) || (isDevelopment && isLocalOrigin(normal))
  }
}

/**
 * Whether a `Host` header names this machine. Development mode asks it of every request: a page of `http://evil.example:8000` whose name
 * was made to resolve to 127.0.0.1 (DNS rebinding) is same-origin with the gateway for its browser, but cannot forge `Host`.
 */
export function isLocalHost(host: string | null | undefined): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(host ?? '')
}

function isLocalOrigin(normal: string): boolean {
  const [scheme, host] = normal.split('://')
  return (scheme === 'http' || scheme === 'https') && isLocalHost(host)
}

function configuredOrigin(origin: string): string {
  const normal = normalizeOrigin(origin)
  if (normal === null) throw new Error(`${JSON.stringify(origin)} is no origin; write scheme://host or scheme://host:port, without a path`)
  return normal
}

/** Null when the text is no `scheme://host[:port]`. `URL.origin` does not do: it is `null` for the schemes of apps that wrap a page. */
function normalizeOrigin(origin: string): string | null {
  if (origin.length > maxOriginLength || !/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+$/i.test(origin)) return null
  const url = URL.parse(origin)
  return url === null || url.host === '' ? null : `${url.protocol}//${url.host.toLowerCase()}`
}
