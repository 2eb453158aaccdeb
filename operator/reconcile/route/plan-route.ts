import type { Refusal } from '../plan-types.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { askedRoute } from './record.ts'
import type { FoundRoute, RouteRival, World, RouteRecord } from '../world.ts'

export interface RoutePlan {
  readonly refusals: readonly Refusal[]
  /** True if no route is created, and an existing one is deleted. */
  readonly isLeftOut: boolean
  /** Host and paths that the channel has from now on; null: none. */
  readonly record: RouteRecord | null
  readonly requeueAfterMs: number | null
}

/** Time until a missing ingress class or Gateway is looked for again: no watch reports them. */
const routeTargetMs = 30_000

/**
 * Plans the route of a channel: whether the channel may have it, and whether a controller will serve it. An Ingress of a class that does not exist is created all
 * the same. It does nothing until the class exists.
 */
export function planRoute({ channel, rivals, route }: World): RoutePlan {
  const record = askedRoute(channel)
  if (record === null) return { refusals: [], isLeftOut: true, record: null, requeueAfterMs: null }
  if (rivals.route !== null)
    return { refusals: [about('RouteClaimed', describeClaim(rivals.route))], isLeftOut: true, record: null, requeueAfterMs: null }
  return { ...checkTarget(route), record }
}

function checkTarget(route: FoundRoute): Omit<RoutePlan, 'record'> {
  switch (route.kind) {
    case 'not-asked':
    case 'ok':
    case 'unknown':
      return { refusals: [], isLeftOut: false, requeueAfterMs: null }
    case 'class-not-found':
      return refuse(
        'IngressClassNotFound',
        `The ingress class ${route.className} does not exist. Create it, or set another spec.route.className.`,
      )
    case 'no-default-class':
      return refuse(
        'IngressClassNotFound',
        'The channel names no ingress class, and the cluster has no default one. Set spec.route.className.',
      )
    case 'gateway-not-found':
      return refuse(
        'GatewayNotFound',
        `The Gateway ${route.gateway.namespace}/${route.gateway.name} does not exist. Create it, or name another in spec.route.parentRefs.`,
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

function describeClaim({ channel, path, taken }: RouteRival): string {
  const why = path === taken ? '' : ' A path and all paths below it belong to one channel.'
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
