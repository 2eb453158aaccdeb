import type { RouteRecord } from '../world.ts'
import { channelPaths } from '../../../api/v1alpha1/channel-names.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Plan } from '../plan-types.ts'
import type { RoutePlace } from './place.ts'

/** Returns what the spec asks for; null: no route. */
export function askedRoute({ metadata, spec }: Pick<RealtimeChannel, 'metadata' | 'spec'>): RouteRecord | null {
  const { type, host } = spec.route
  return type === 'None' || host === undefined ? null : { host, ...channelPaths({ metadata, spec }) }
}

/**
 * Returns the host and paths that the channel has by its status. An operator of an earlier release wrote no `status.route`: there the addresses say it,
 * which it named only of a route that the channel had. Its statuses have no `host`; in others the addresses are what the channel asks for.
 */
export function heldRoute({ status }: Pick<RealtimeChannel, 'status'>): RouteRecord | null {
  if (status?.route !== undefined) return status.route
  if (status?.host !== undefined) return null
  const [, host, socket] = /^wss?:\/\/([^/]+)(\/.*)\/v1\/ws$/.exec(status?.url ?? '') ?? []
  const [, , api] = /^https?:\/\/([^/]+)(\/.*)\/v1$/.exec(status?.apiUrl ?? '') ?? []
  return host === undefined || socket === undefined || api === undefined ? null : { host, socket, api }
}

/** Returns the plan's record where nobody has looked at the route: the channel has what it had. */
export function keptRoute(channel: RealtimeChannel): Plan['route'] {
  const record = heldRoute(channel)
  return { whenDone: record, otherwise: record }
}

/**
 * Returns the places of a route. The socket is served at one path below its prefix; the prefix as a whole is the channel's all the same, for what may
 * come to be served there.
 */
export function placesOfRecord({ host, socket, api }: RouteRecord): readonly RoutePlace[] {
  return [socket, api].map((path) => ({ host, path, match: 'Prefix' }))
}
