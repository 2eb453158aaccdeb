import { managedByLabels } from '../../../api/labels.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import type { Priority } from '../../runtime/priority.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import type { Claims } from './claims.ts'
import type { OtherRoutes } from '../route/other-routes.ts'
import type { RoutePlace } from '../route/place.ts'

export interface OtherRouteWatchParts {
  readonly otherRoutes: OtherRoutes
  readonly claims: Pick<Claims, 'channelsAskingFor'>
  /** Handlers of the routes that an operator made. */
  readonly children: WatchHandlers
  readonly enqueue: (channel: ObjectRef, priority: Priority) => void
  readonly hasSynced: () => boolean
}

/**
 * Turns the events of all routes of one kind into work. A route that an operator made is work for its channel. Another route is work for
 * the channels whose paths it has. A change that moves no path, such as a controller's write of the status, causes no work.
 */
export function createRouteHandlers(
  type: ResourceType,
  { otherRoutes, claims, children, enqueue, hasSynced }: OtherRouteWatchParts,
): WatchHandlers {
  function enqueueChannels(places: readonly RoutePlace[]): void {
    if (!hasSynced()) return
    const channels = new Map(places.flatMap((place) => claims.channelsAskingFor(place)).map((ref) => [`${ref.namespace}/${ref.name}`, ref]))
    for (const channel of channels.values()) enqueue(channel, 'child')
  }
  return {
    onUpsert(object) {
      if (isManaged(object)) children.onUpsert(object)
      // A route that lost its label is not a child any more, as for a watch by label.
      else children.onDelete({ namespace: object.metadata.namespace ?? '', name: object.metadata.name }, null)
      enqueueChannels(otherRoutes.seen(type, object))
    },
    onDelete(ref, last) {
      children.onDelete(ref, last !== null && isManaged(last) ? last : null)
      enqueueChannels(otherRoutes.gone(type, ref))
    },
  }
}

function isManaged({ metadata: { labels = {} } }: KubernetesObject): boolean {
  return Object.entries(managedByLabels).every(([name, value]) => labels[name] === value)
}
