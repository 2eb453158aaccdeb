import { managedByLabels } from '../../../api/labels.ts'
import { apiGroup, channelKind } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import { createRouteIndex, type Placed } from './index-of-places.ts'
import { addressOf, type RoutePlace } from './place.ts'
import { placesOfRoute } from './places-of-route.ts'
import type { OtherRoute } from '../world.ts'

/**
 * Ingresses and HTTPRoutes that no operator made, as the watches show them: their hosts and paths, and no more. A channel is told of those that take
 * requests for it. They are not refused: they are not the operator's, and a controller may have its reasons to serve both.
 */
export interface OtherRoutes {
  /** @returns the places that are new or gone */
  seen(type: ResourceType, object: KubernetesObject): readonly RoutePlace[]
  /** @returns the places that are gone */
  gone(type: ResourceType, ref: ObjectRef): readonly RoutePlace[]
  /** Returns the first few routes that have a path at or below one of these, in an order that does not change by itself. */
  within(places: readonly RoutePlace[]): readonly OtherRoute[]
}

/** Places that are held of all routes together. */
export const defaultMaxPlaces = 20_000

export interface OtherRoutesOptions {
  /** Places that are held of all routes together; those of later routes are not noticed. @default 20000 */
  readonly maxPlaces?: number
  /** Called once when a route is not noticed for want of room. */
  readonly onFull?: (route: string) => void
}

/** Of the routes that a condition names. */
const maxTold = 3
/** Of one route. */
export const maxPlacesOfRoute = 200

interface OtherPlace extends Placed {
  readonly owner: OtherRoute
}

type Places = readonly OtherPlace[]

export function createOtherRoutes({ maxPlaces = defaultMaxPlaces, onFull = () => {} }: OtherRoutesOptions = {}): OtherRoutes {
  const known = new Map<string, Places>()
  const index = createRouteIndex<OtherPlace>()
  let count = 0
  let isFull = false

  function forget(key: string): Places {
    const entries = known.get(key) ?? []
    known.delete(key)
    count -= entries.length
    for (const entry of entries) index.remove(entry)
    return entries
  }

  function remember(key: string, entries: Places): Places {
    if (count + entries.length > maxPlaces) {
      if (!isFull) onFull(key)
      isFull = true
      return []
    }
    if (entries.length === 0) return []
    known.set(key, entries)
    count += entries.length
    for (const entry of entries) index.add(entry)
    return entries
  }

  return {
    seen(type, object) {
      const { namespace = '', name } = object.metadata
      const key = keyOf(type, { namespace, name })
      const places = isMadeByOperator(object) ? [] : placesOfRoute(object).slice(0, maxPlacesOfRoute)
      if (isSame(known.get(key) ?? [], places)) return []
      const before = forget(key)
      const after = remember(
        key,
        places.map((place) => ({ place, owner: { kind: type.kind, namespace, name, address: addressOf(place) } })),
      )
      return [...before, ...after].map(({ place }) => place)
    },
    gone: (type, ref) => forget(keyOf(type, ref)).map(({ place }) => place),
    within(places) {
      const found = places.flatMap((place) => [...index.find(place, 'within')].map(({ owner }) => owner))
      const byRoute = Map.groupBy(found, (route) => keyOf(route, route))
      const firsts = [...byRoute.values()].map((routes) => routes.reduce((a, b) => (b.address < a.address ? b : a)))
      return firsts.toSorted((a, b) => (wordsOf(a) < wordsOf(b) ? -1 : 1)).slice(0, maxTold)
    },
  }
}

const keyOf = ({ kind }: { readonly kind: string }, { namespace, name }: ObjectRef): string => `${kind} ${namespace}/${name}`

const wordsOf = (route: OtherRoute): string => `${keyOf(route, route)} ${route.address}`

const isSame = (known: Places, places: readonly RoutePlace[]): boolean =>
  JSON.stringify(known.map(({ place }) => place)) === JSON.stringify(places)

/** Of channels, claims decide: the routes that operators make for them are not told of. */
function isMadeByOperator({ metadata: { labels = {}, ownerReferences = [] } }: KubernetesObject): boolean {
  const isLabelled = Object.entries(managedByLabels).every(([name, value]) => labels[name] === value)
  return (
    isLabelled &&
    ownerReferences.some(
      ({ kind, apiVersion, controller }) => kind === channelKind && apiVersion.startsWith(`${apiGroup}/`) && controller === true,
    )
  )
}
