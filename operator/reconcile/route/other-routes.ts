import { managedByLabels } from '../../../api/labels.ts'
import { apiGroup, channelKind } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import { createRouteIndex, type Placed } from './index-of-places.ts'
import { addressOf, type RoutePlace } from './place.ts'
import { placesOfRoute } from './places-of-route.ts'
import type { OtherRoute } from '../world.ts'

/**
 * Hosts and paths of Ingresses and HTTPRoutes that no operator made, as the watches show them. A channel's condition names those that may take its requests.
 * The operator does not refuse them: it does not own them, and a controller may have reasons to serve both.
 */
export interface OtherRoutes {
  /** Notes a route. @returns the places that are new or gone */
  seen(type: ResourceType, object: KubernetesObject): readonly RoutePlace[]
  /** Forgets a route. @returns the places that are gone */
  gone(type: ResourceType, ref: ObjectRef): readonly RoutePlace[]
  /** Returns the first few routes with a path at or below one of these, in a stable order. */
  within(places: readonly RoutePlace[]): readonly OtherRoute[]
}

/** Places that are held of all routes together. */
export const defaultMaxPlaces = 20_000

export interface OtherRoutesOptions {
  /** Maximum number of places of all routes together. Later routes are not noticed. @default 20000 */
  readonly maxPlaces?: number
  /** Called once, when the first route is not noticed because of `maxPlaces`. */
  readonly onFull?: (route: string) => void
}

/** Maximum number of routes that a condition names. */
const maxReported = 3
/** Maximum number of places of one route. */
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
      return firsts.toSorted((a, b) => (sortKeyOf(a) < sortKeyOf(b) ? -1 : 1)).slice(0, maxReported)
    },
  }
}

const keyOf = ({ kind }: { readonly kind: string }, { namespace, name }: ObjectRef): string => `${kind} ${namespace}/${name}`

const sortKeyOf = (route: OtherRoute): string => `${keyOf(route, route)} ${route.address}`

const isSame = (known: Places, places: readonly RoutePlace[]): boolean =>
  JSON.stringify(known.map(({ place }) => place)) === JSON.stringify(places)

/** Returns whether an operator made the route for a channel. Claims decide between channels, so these routes are not reported. */
function isMadeByOperator({ metadata: { labels = {}, ownerReferences = [] } }: KubernetesObject): boolean {
  const isLabelled = Object.entries(managedByLabels).every(([name, value]) => labels[name] === value)
  return (
    isLabelled &&
    ownerReferences.some(
      ({ kind, apiVersion, controller }) => kind === channelKind && apiVersion.startsWith(`${apiGroup}/`) && controller === true,
    )
  )
}
