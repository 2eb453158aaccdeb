import type { ConditionReason } from './conditions.ts'
import { gatewayApiMissing } from './plan-objects.ts'
import type { Refusal } from './refusals.ts'
import type { World } from './world.ts'

export interface RoutePlan {
  readonly refusals: readonly Refusal[]
  /** No route is made, and one that there is is deleted. */
  readonly isLeftOut: boolean
  readonly requeueAfterMs: number | null
}

/** No watch tells of classes and Gateways. */
const laterMs = 30_000

/**
 * Whether the channel may have its route, and whether anybody will serve it. An Ingress of a class that does not exist is made all the same: it
 * does nothing, until the class is there.
 */
export function planRoute({ channel, rivals, route }: World): RoutePlan {
  if (channel.spec.route.type === 'None') return { refusals: [], isLeftOut: true, requeueAfterMs: null }
  if (rivals.route !== null) {
    const { channel: rival, path } = rivals.route
    return { refusals: [about('RouteClaimed', `${path} is that of the older channel ${rival.namespace}/${rival.name}. Set another spec.route.host or spec.route.paths, or delete one of the two.`)], isLeftOut: true, requeueAfterMs: null }
  }
  switch (route.kind) {
    case 'not-asked':
    case 'ok':
    case 'unknown':
      return { refusals: [], isLeftOut: false, requeueAfterMs: null }
    case 'class-not-found':
      return refuse('IngressClassNotFound', `There is no ingress class ${route.className}. Create it, or set another spec.route.className.`)
    case 'no-default-class':
      return refuse('IngressClassNotFound', 'The channel names no ingress class, and the cluster has no default one. Set spec.route.className.')
    case 'gateway-not-found':
      return refuse('GatewayNotFound', `There is no Gateway ${route.gateway.namespace}/${route.gateway.name}. Create it, or name another in spec.route.parentRefs.`)
    case 'gateway-api-missing':
      return { ...refuse('GatewayApiNotInstalled', gatewayApiMissing), isLeftOut: true }
    case 'gateway-api-too-old':
      return { ...refuse('GatewayApiNotInstalled', `The channel asks for an HTTPRoute, and this cluster serves ${route.version} of the Gateway API, not v1. Install Gateway API 1.0 or later, or set spec.route.type: Ingress.`), isLeftOut: true }
    default:
      return route satisfies never
  }
}

function refuse(reason: ConditionReason, message: string): RoutePlan {
  return { refusals: [about(reason, message)], isLeftOut: false, requeueAfterMs: laterMs }
}

function about(reason: ConditionReason, message: string): Refusal {
  return { about: 'RouteReady', reason, message }
}
