import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import { keyOf } from '../../../api/object-ref.ts'
import { childKey, type ChildKey } from '../world.ts'

/**
 * Remembers which children each channel has, and in which version, by the events of the watches. It holds names and versions, never
 * objects.
 *
 * It answers two questions. Which objects exist that a channel no longer wants (an Ingress, after it asked for an HTTPRoute)? Is an event
 * of a watch a change, or the echo of the operator's own write? Every echo would cause another reconcile of the channel, one per applied
 * object. The response to an apply and its event race each other. So while a channel is reconciled its events wait, and are then compared
 * with the responses.
 */
export interface ChildEchoes {
  /** Notes an event of a child. @returns whether the channel has to be reconciled */
  seen(channel: ObjectRef, child: KubernetesObject): boolean
  /** Notes the end of a child. @returns whether the channel has to be reconciled */
  gone(channel: ObjectRef, kind: string, name: string): boolean
  keysOf(channel: ObjectRef): ReadonlySet<ChildKey>
  /** Starts a reconcile of the channel: its events wait. */
  begin(channel: ObjectRef): void
  /** Ends the reconcile. @returns whether a waiting event was a change */
  end(channel: ObjectRef): boolean
  /** Notes that the operator applied this child, with the response of the server. */
  applied(channel: ObjectRef, child: KubernetesObject): void
  /** Notes that the operator deleted this child. */
  deleted(channel: ObjectRef, key: ChildKey): void
  /** Forgets a channel that is gone. Later events of its children count as new. */
  forget(channel: ObjectRef): void
}

interface Known {
  /** Last version of each child, by an event or a response. */
  readonly versions: Map<ChildKey, string>
  /** Versions of each child that the operator made during this reconcile. Null stands for a deletion. */
  readonly own: Map<ChildKey, Set<string | null>>
  /** Null: no reconcile is in progress. */
  waiting: { readonly key: ChildKey; readonly version: string | null }[] | null
}

export function createChildEchoes(): ChildEchoes {
  const channels = new Map<string, Known>()

  const knownOf = (channel: ObjectRef): Known => {
    const id = keyOf(channel)
    const known = channels.get(id) ?? { versions: new Map(), own: new Map(), waiting: null }
    channels.set(id, known)
    return known
  }

  const forgetEmpty = (channel: ObjectRef, known: Known): void => {
    if (known.versions.size === 0 && known.own.size === 0 && known.waiting === null) channels.delete(keyOf(channel))
  }

  /** Returns true for an echo. Each echo comes once, so it is then forgotten. */
  const isEcho = (known: Known, key: ChildKey, version: string | null): boolean => {
    const versions = known.own.get(key)
    const found = versions?.delete(version) === true
    if (versions?.size === 0) known.own.delete(key)
    return found
  }

  const own = (known: Known, key: ChildKey, version: string | null): void => {
    known.own.set(key, (known.own.get(key) ?? new Set()).add(version))
  }

  return {
    seen(channel, child) {
      const known = knownOf(channel)
      const key = childKey(child.kind, child.metadata.name)
      const version = child.metadata.resourceVersion ?? ''
      if (known.versions.get(key) === version) return false
      known.versions.set(key, version)
      if (known.waiting === null) return !isEcho(known, key, version)
      known.waiting.push({ key, version })
      return false
    },
    gone(channel, kind, name) {
      const known = knownOf(channel)
      const key = childKey(kind, name)
      if (!known.versions.delete(key)) return false
      const isNews = known.waiting === null && !isEcho(known, key, null)
      known.waiting?.push({ key, version: null })
      forgetEmpty(channel, known)
      return isNews
    },
    keysOf: (channel) => new Set(channels.get(keyOf(channel))?.versions.keys()),
    begin(channel) {
      const known = knownOf(channel)
      known.waiting = []
      known.own.clear()
    },
    end(channel) {
      const known = knownOf(channel)
      const news = (known.waiting ?? []).filter(({ key, version }) => !isEcho(known, key, version))
      known.waiting = null
      forgetEmpty(channel, known)
      return news.length > 0
    },
    applied(channel, child) {
      own(knownOf(channel), childKey(child.kind, child.metadata.name), child.metadata.resourceVersion ?? '')
    },
    deleted(channel, key) {
      own(knownOf(channel), key, null)
    },
    forget: (channel) => void channels.delete(keyOf(channel)),
  }
}
