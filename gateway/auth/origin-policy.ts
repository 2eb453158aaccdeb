/**
 * Returns true if a page of this origin may connect and emit. Null: the request has no `Origin` header. It is allowed, because programs send none,
 * while WebSockets and scripts of a foreign page always do.
 */
export type OriginPolicy = (origin: string | null) => boolean

export interface OriginPolicyOptions {
  /** Origins of the form `scheme://host[:port]`. `createOriginPolicy` throws for any other form. */
  readonly allowedOrigins: readonly string[]
  /** Allows every origin but `null`, which sandboxed frames, `file:` pages and some redirects send. */
  readonly allowAny: boolean
  /** Allows every http and https page of this machine, on any port. */
  readonly isDevelopment: boolean
}

/** Longest origin that is read. A host name has at most 253 characters. */
const maxOriginLength = 512

/**
 * Makes a policy that compares whole origins (RFC 6454 section 5): scheme, host and port, after normalizing case, default ports and international
 * names.
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
 * Returns true if a `Host` header names this machine. Development mode checks every request. A page of `http://evil.example:8000` whose name
 * resolves to 127.0.0.1 (DNS rebinding) is same-origin with the gateway for its browser, but cannot forge `Host`.
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
  if (normal === null)
    throw new Error(`${JSON.stringify(origin)} is not an origin. Write scheme://host or scheme://host:port, without a path.`)
  return normal
}

/** Returns null for a text that is not `scheme://host[:port]`. `URL.origin` is `null` for the schemes of apps that wrap a page. */
function normalizeOrigin(origin: string): string | null {
  if (origin.length > maxOriginLength || !/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+$/i.test(origin)) return null
  const url = URL.parse(origin)
  return url === null || url.host === '' ? null : `${url.protocol}//${url.host.toLowerCase()}`
}
