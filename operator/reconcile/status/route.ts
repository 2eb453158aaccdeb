import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { isChildOf } from '../children/ownership.ts'
import { isFalse, isTrue, type Judgement } from './condition-list.ts'
import type { World } from '../world.ts'

/** The part of an HTTPRoute's status that controllers of Gateways write: https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus */
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
 * Whether browsers are led to the gateways. Of an Ingress nothing more can be known than that it is there and its class is: many controllers
 * answer nothing. Each Gateway that an HTTPRoute names says for itself whether it takes it.
 */
export function judgeRoute(world: World): Judgement {
  const { type } = world.channel.spec.route
  if (type === 'None') return isTrue('NoRouteAsked', 'The channel asks for no route.')
  const route = [...world.children.values()].find(
    (child) => child.kind === 'object' && child.type.kind === type && isChildOf(world.channel, child.object),
  )
  if (route?.kind !== 'object') return isFalse('RouteProgressing', `The ${type} is being made.`)
  // The API server holds an HTTPRoute to this shape.
  const judgement = type === 'Ingress' ? isTrue('RouteAccepted', 'The Ingress is in place.') : judgeParents(route.object)
  return { ...judgement, message: `${judgement.message}${remarkOf(world)}` }
}

/** Nothing is wrong with the channel's own route, so that this is said beside it. */
function remarkOf({ otherRoutes }: World): string {
  if (otherRoutes.length === 0) return ''
  const [names, isOne] = [
    otherRoutes.map(({ kind, namespace, name, address }) => `${kind} ${namespace}/${name} (${address})`),
    otherRoutes.length === 1,
  ]
  return ` ${names.join(', ')} ${isOne ? 'is' : 'are'} not of a channel, and ${isOne ? 'has' : 'have'} an address of this channel: requests may go there. Delete ${isOne ? 'it' : 'them'}, or set another spec.route.host or spec.route.paths.`
}

function judgeParents(route: HttpRoute): Judgement {
  const judgements = (route.spec?.parentRefs ?? []).map((parent) => judgeParent(route, parent))
  return (
    judgements.find(({ reason }) => reason === 'RouteNotAccepted') ??
    judgements.find(({ status }) => status !== 'True') ??
    isTrue('RouteAccepted', 'Every Gateway has accepted the HTTPRoute.')
  )
}

const needed = ['Accepted', 'ResolvedRefs'] as const

function judgeParent(route: HttpRoute, parent: ParentRef): Judgement {
  const name = `${parent.namespace ?? route.metadata.namespace ?? ''}/${parent.name}`
  const found = route.status?.parents?.find(({ parentRef }) => isSameParent(route, parentRef, parent))
  const isCurrent = ({ observedGeneration = 0 }: ParentCondition): boolean => observedGeneration >= (route.metadata.generation ?? 0)
  const conditions = (found?.conditions ?? []).filter(isCurrent)
  const refusing = conditions.find(({ type, status }) => needed.some((each) => each === type) && status === 'False')
  if (refusing !== undefined)
    return isFalse(
      'RouteNotAccepted',
      `The Gateway ${name} does not serve the HTTPRoute (${refusing.type}, ${refusing.reason ?? 'without a reason'}): ${refusing.message ?? ''}`,
    )
  const isServed = needed.every((each) => conditions.some(({ type, status }) => type === each && status === 'True'))
  return isServed
    ? isTrue('RouteAccepted', '')
    : isFalse('RouteProgressing', `The controller of the Gateway ${name} has not answered to the HTTPRoute yet.`)
}

function isSameParent(route: HttpRoute, a: ParentRef, b: ParentRef): boolean {
  const keyOf = ({ name, namespace = route.metadata.namespace, sectionName, port }: ParentRef): string =>
    JSON.stringify([namespace, name, sectionName, port])
  return keyOf(a) === keyOf(b)
}
