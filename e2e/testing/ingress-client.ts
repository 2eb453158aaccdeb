import { SdkClient } from '../../testing/clients/sdk-client.ts'
import type { Platform } from '../platform/platform-steps.ts'
import type { User } from '../proof/plan.ts'

/** Close code of a pod that stops: come back now, with your cursor (docs/reference/close-codes.md). */
export const draining = 4200
/** Close code that a browser reports for a connection without a close frame. */
export const cutOff = 1006

export interface IngressClientParts {
  readonly user: User
  /** Path of the socket, as `/wss/NAME/v1/ws`. */
  readonly path: string
  readonly token: string
}

/** Connects the client SDK over wss through the ingress of the platform. */
export function connectThroughIngress({ place, own }: Platform, { user, path, token }: IngressClientParts): SdkClient<User> {
  return new SdkClient({
    user,
    url: `wss://${place.host}:${place.httpsPort}${path}`,
    token,
    maxBackoffMs: 2000,
    // Hundreds connect at once, and this machine has other work too.
    openTimeoutMs: 60_000,
    origin: place.origin,
    tls: { ca: own.ca.certificate, servername: place.host },
  })
}
