import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import { keyOf } from '../../../api/object-ref.ts'
import { childKey, type ChildKey } from '../world.ts'

/**
 * What the watches of children have told: which children each channel has, and in which version. It holds names and versions, never objects.
 *
 * It answers two questions. Which objects are there that a channel no longer wants (an Ingress, after it asked for an HTTPRoute)? And is an
 * event of the watch news, or the echo of what the operator did itself? An echo would reconcile each channel once more for every object that
 * was applied. The answer of an apply and the event race each other, so while a channel is reconciled its events wait, and are compared with what
 * was applied when that is known.
 */
export interface ChildEchoes {
  /** @returns whether the channel is to be reconciled because of it */
  seen(channel: ObjectRef, child: KubernetesObject): boolean
  /** @returns whether the channel is to be reconciled because of it */
  gone(channel: ObjectRef, kind: string, name: string): boolean
  keysOf(channel: ObjectRef): ReadonlySet<ChildKey>
  /** A reconcile of the channel begins: its events wait. */
  begin(channel: ObjectRef): void
  /** It ended. @returns whether something that waited was news */
  end(channel: ObjectRef): boolean
  /** The operator applied this and the server answered with it. */
  applied(channel: ObjectRef, child: KubernetesObject): void
  /** The operator deleted this. */
  deleted(channel: ObjectRef, key: ChildKey): void
  /** There is no such channel any more. What the watches tell of its children afterwards begins anew. */
  forget(channel: ObjectRef): void
}

interface Known {
  /** By child, the version that was seen or answered last. */
  readonly versions: Map<ChildKey, string>
  /** By child, the versions that the operator made during this reconcile; null stands for a deletion. */
  readonly own: Map<ChildKey, Set<string | null>>
  /** Null: no reconcile is under way. */
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

  /** An echo comes once, so that it need not be remembered afterwards. */
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
