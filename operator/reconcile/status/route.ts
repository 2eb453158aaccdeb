import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { isChildOf } from '../children/ownership.ts'
import { asFalse, asTrue, type Assessment } from './condition-list.ts'
import type { World } from '../world.ts'

/** Part of an HTTPRoute's status that controllers of Gateways write: https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus */
interface HttpRoute extends KubernetesObject {
  readonly spec?: { readonly parentRefs?: readonly ParentRef[] }
  readonly status?: { readonly parents?: readonly { readonly parentRef: ParentRef; readonly conditions?: readonly ParentCondition[] }[] }
}

interface ParentRef {
  readonly name: string
  readonly namespace?: string
  readonly sectionName?: string
  readonly port?: number
}

interface ParentCondition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly observedGeneration?: number
}

/**
 * Assesses whether requests reach the gateways. For an Ingress, only its existence and that of its class can be known, because many controllers write no status.
 * For an HTTPRoute, each named Gateway reports whether it accepts the route.
 */
export function assessRoute(world: World): Assessment {
  const { type } = world.channel.spec.route
  if (type === 'None') return asTrue('NoRouteAsked', 'The channel asks for no route.')
  const route = [...world.children.values()].find(
    (child) => child.kind === 'object' && child.type.kind === type && isChildOf(world.channel, child.object),
  )
  if (route?.kind !== 'object') return asFalse('RouteProgressing', `The ${type} is being created.`)
  // The API server holds an HTTPRoute to this shape.
  const assessment = type === 'Ingress' ? asTrue('RouteAccepted', 'The Ingress is in place.') : assessParents(route.object as HttpRoute)
  return { ...assessment, message: `${assessment.message}${remarkOf(world)}` }
}

/** Returns the remark on other routes, which does not change the condition: the channel's own route is in order. */
function remarkOf({ otherRoutes }: World): string {
  if (otherRoutes.length === 0) return ''
  const [names, isOne] = [
    otherRoutes.map(({ kind, namespace, name, address }) => `${kind} ${namespace}/${name} (${address})`),
    otherRoutes.length === 1,
  ]
  return ` ${names.join(', ')} ${isOne ? 'does' : 'do'} not belong to a channel and ${isOne ? 'has' : 'have'} an address of this channel, so requests may go there. Delete ${isOne ? 'it' : 'them'}, or set another spec.route.host or spec.route.paths.`
}

function assessParents(route: HttpRoute): Assessment {
  const assessments = (route.spec?.parentRefs ?? []).map((parent) => assessParent(route, parent))
  return (
    assessments.find(({ reason }) => reason === 'RouteNotAccepted') ??
    assessments.find(({ status }) => status !== 'True') ??
    asTrue('RouteAccepted', 'Every Gateway has accepted the HTTPRoute.')
  )
}

const needed = ['Accepted', 'ResolvedRefs'] as const

function assessParent(route: HttpRoute, parent: ParentRef): Assessment {
  const name = `${parent.namespace ?? route.metadata.namespace ?? ''}/${parent.name}`
  const found = route.status?.parents?.find(({ parentRef }) => isSameParent(route, parentRef, parent))
  const isCurrent = ({ observedGeneration = 0 }: ParentCondition): boolean => observedGeneration >= (route.metadata.generation ?? 0)
  const conditions = (found?.conditions ?? []).filter(isCurrent)
  const refusing = conditions.find(({ type, status }) => needed.some((each) => each === type) && status === 'False')
  if (refusing !== undefined)
    return asFalse(
      'RouteNotAccepted',
      `The Gateway ${name} does not serve the HTTPRoute (${refusing.type}, ${refusing.reason ?? 'without a reason'}): ${refusing.message ?? ''}`,
    )
  const isServed = needed.every((each) => conditions.some(({ type, status }) => type === each && status === 'True'))
  return isServed
    ? asTrue('RouteAccepted', '')
    : asFalse('RouteProgressing', `The controller of the Gateway ${name} has not answered the HTTPRoute yet.`)
}

function isSameParent(route: HttpRoute, a: ParentRef, b: ParentRef): boolean {
  const keyOf = ({ name, namespace = route.metadata.namespace, sectionName, port }: ParentRef): string =>
    JSON.stringify([namespace, name, sectionName, port])
  return keyOf(a) === keyOf(b)
}
