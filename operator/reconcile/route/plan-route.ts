import type { Refusal } from '../plan-types.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { askedRoute } from './record.ts'
import type { FoundRoute, RouteRival, World, RouteRecord } from '../world.ts'

export interface RoutePlan {
  readonly refusals: readonly Refusal[]
  /** No route is made, and one that there is is deleted. */
  readonly isLeftOut: boolean
  /** The host and paths that the channel has from now on; null: none. */
  readonly record: RouteRecord | null
  readonly requeueAfterMs: number | null
}

/** Time until a missing ingress class or Gateway is looked for again: no watch reports them. */
const routeTargetMs = 30_000

/**
 * Whether the channel may have its route, and whether anybody will serve it. An Ingress of a class that does not exist is made all the same: it
 * does nothing, until the class is there.
 */
export function planRoute({ channel, rivals, route }: World): RoutePlan {
  const record = askedRoute(channel)
  if (record === null) return { refusals: [], isLeftOut: true, record: null, requeueAfterMs: null }
  if (rivals.route !== null)
    return { refusals: [about('RouteClaimed', claimedWords(rivals.route))], isLeftOut: true, record: null, requeueAfterMs: null }
  return { ...judgeFound(route), record }
}

function judgeFound(route: FoundRoute): Omit<RoutePlan, 'record'> {
  switch (route.kind) {
    case 'not-asked':
    case 'ok':
    case 'unknown':
      return { refusals: [], isLeftOut: false, requeueAfterMs: null }
    case 'class-not-found':
      return refuse('IngressClassNotFound', `There is no ingress class ${route.className}. Create it, or set another spec.route.className.`)
    case 'no-default-class':
      return refuse(
        'IngressClassNotFound',
        'The channel names no ingress class, and the cluster has no default one. Set spec.route.className.',
      )
    case 'gateway-not-found':
      return refuse(
        'GatewayNotFound',
        `There is no Gateway ${route.gateway.namespace}/${route.gateway.name}. Create it, or name another in spec.route.parentRefs.`,
      )
    case 'gateway-api-missing':
      return { ...refuse('GatewayApiNotInstalled', gatewayApiMissing), isLeftOut: true }
    case 'gateway-api-too-old':
      return {
        ...refuse(
          'GatewayApiNotInstalled',
          `The channel asks for an HTTPRoute, and this cluster serves ${route.version} of the Gateway API, not v1. Install Gateway API 1.0 or later, or set spec.route.type: Ingress.`,
        ),
        isLeftOut: true,
      }
    default:
      return route satisfies never
  }
}

function claimedWords({ channel, path, taken }: RouteRival): string {
  const why = path === taken ? '' : ' A path and all paths below it are of one channel.'
  return `${path} collides with ${taken}, which the channel ${channel.namespace}/${channel.name} has.${why} Set another spec.route.host or spec.route.paths, or delete one of the two.`
}

function refuse(reason: ConditionReason, message: string): Omit<RoutePlan, 'record'> {
  return { refusals: [about(reason, message)], isLeftOut: false, requeueAfterMs: routeTargetMs }
}

function about(reason: ConditionReason, message: string): Refusal {
  return { about: 'RouteReady', reason, message }
}

export const gatewayApiMissing =
  'The channel asks for an HTTPRoute, and this cluster does not have the Gateway API. Install it, or set spec.route.type: Ingress.'

export function isRouteKind(kind: string): boolean {
  return kind === 'Ingress' || kind === 'HTTPRoute'
}
