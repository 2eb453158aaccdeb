import type { RouteRecord } from '../world.ts'
import { channelPaths } from '../../../api/v1alpha1/channel-names.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Plan } from '../plan-types.ts'
import type { RoutePlace } from './place.ts'

/** Returns the route that the spec asks for; null: no route. */
export function askedRoute({ metadata, spec }: Pick<RealtimeChannel, 'metadata' | 'spec'>): RouteRecord | null {
  const { type, host } = spec.route
  return type === 'None' || host === undefined ? null : { host, ...channelPaths({ metadata, spec }) }
}

/**
 * Returns the host and paths that the channel has by its status. An operator of an earlier release wrote no `status.route`, and wrote addresses only for a route
 * that the channel had. Its statuses have no `host`. In all others, the addresses are those that the channel asks for.
 */
export function heldRoute({ status }: Pick<RealtimeChannel, 'status'>): RouteRecord | null {
  if (status?.route !== undefined) return status.route
  if (status?.host !== undefined) return null
  const [, host, socket] = /^wss?:\/\/([^/]+)(\/.*)\/v1\/ws$/.exec(status?.url ?? '') ?? []
  const [, , api] = /^https?:\/\/([^/]+)(\/.*)\/v1$/.exec(status?.apiUrl ?? '') ?? []
  return host === undefined || socket === undefined || api === undefined ? null : { host, socket, api }
}

/** Returns the plan's record for an unchanged route: the channel keeps what it has. */
export function keptRoute(channel: RealtimeChannel): Plan['route'] {
  const record = heldRoute(channel)
  return { whenDone: record, otherwise: record }
}

/**
 * Returns the places of a route. The socket is served at one path below its prefix. The whole prefix belongs to the channel all the same, for later paths below
 * it.
 */
export function placesOfRecord({ host, socket, api }: RouteRecord): readonly RoutePlace[] {
  return [socket, api].map((path) => ({ host, path, match: 'Prefix' }))
}
