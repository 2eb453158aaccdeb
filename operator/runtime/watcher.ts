import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'

/** What a watch tells of. Handlers are called synchronously, in the order of the server's events, and must not throw. */
export interface WatchHandlers {
  /** An object appeared or changed, or a list showed it again (a relist tells of all that changed meanwhile). The object is not kept. */
  onUpsert(object: KubernetesObject): void
  /** An object is gone. `last` is what the server said of it last, or null when its end was only noticed by a relist. */
  onDelete(ref: ObjectRef, last: KubernetesObject | null): void
  /** The namespace of the watch is out of reach (`WatcherState`), or can be read again. */
  onReach?(isOutOfReach: boolean): void
}

export interface WatchTarget {
  readonly type: ResourceType
  /** Undefined: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
}

/** How a watch is doing, for metrics, `/readyz` and `/livez`. Times are milliseconds of the clock that the watcher was given. */
export interface WatcherState {
  /** The first list is complete, and every object of it was handed over. */
  readonly hasSynced: boolean
  /** When the server was last heard: a list, an event, a bookmark, or an orderly end of a watch. Null before the first. */
  readonly lastHeardAtMs: number | null
  /** How often it listed from the start. */
  readonly relists: number
  /** The type is not known to the server (its CRD is not installed): counts as synced, and is asked for again from time to time. */
  readonly isTypeMissing: boolean
  /**
   * The server has refused for a while to let this process read the namespace: it was deleted, and the Role with it, or the Role is missing. Counts as synced
   * (nothing of it is known, and other namespaces must not wait for it), and is asked for again from time to time. Only of a watch of one namespace.
   */
  readonly isOutOfReach: boolean
}

/**
 * Watches one type of objects and survives everything: it pages its lists, follows bookmarks, lists again after `gone` and tells the
 * difference, notices a connection that is silent for too long and makes another, waits between attempts with back-off and jitter.
 * It keeps names and versions, never objects.
 */
export interface Watcher {
  readonly target: WatchTarget
  state(): WatcherState
  /** Resolves when `hasSynced` becomes true. Never rejects. Stays pending when the watcher is stopped before. */
  readonly synced: Promise<void>
  /** Once. */
  start(handlers: WatchHandlers): void
  /** Idempotent. No handler is called afterwards. */
  stop(): Promise<void>
}
