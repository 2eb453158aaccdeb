import type { IncomingHttpHeaders } from 'node:http'
import type { EmitCredentials } from '../../emit/authorize-emit.ts'

/** Returns the credentials of a request that emits or revokes. */
export function readCredentials(headers: IncomingHttpHeaders): EmitCredentials {
  const xRhIdentity = headers['x-rh-identity']
  return {
    origin: headers.origin ?? null,
    cookie: headers.cookie ?? null,
    authorization: headers.authorization ?? null,
    xRhIdentity: typeof xRhIdentity === 'string' ? xRhIdentity : null,
  }
}
