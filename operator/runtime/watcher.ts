import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'

/** Handlers of a watch. They are called synchronously, in the order of the server's events, and must not throw. */
export interface WatchHandlers {
  /**
   * An object appeared or changed, or a list returned it (a relist reports everything that changed since the last event). The object is not
   * kept.
   */
  onUpsert(object: KubernetesObject): void
  /** An object is gone. `last` is its last state from the server. Null: only a relist noticed the end. */
  onDelete(ref: ObjectRef, last: KubernetesObject | null): void
  /** The namespace of the watch went out of reach (`WatcherState`), or can be read again. */
  onReach?(isOutOfReach: boolean): void
}

export interface WatchTarget {
  readonly type: ResourceType
  /** Undefined: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
}

/** State of a watch, for metrics, `/readyz` and `/livez`. Times are milliseconds of the watcher's clock. */
export interface WatcherState {
  /** The first list is complete, and every object of it was handed over. */
  readonly hasSynced: boolean
  /** Time of the last sign of the server: a list, an event, a bookmark, or an orderly end of a watch. Null before the first. */
  readonly lastHeardAtMs: number | null
  /** Number of full lists. */
  readonly relists: number
  /** The server does not know the type (its CRD is not installed). Counts as synced. The type is requested again from time to time. */
  readonly isTypeMissing: boolean
  /**
   * The server has refused for a while to let this process read the namespace. Either the namespace was deleted together with its Role, or
   * the Role is missing. Counts as synced, because no object of it is known and other namespaces must not wait. The namespace is requested
   * again from time to time. Only for a watch of one namespace.
   */
  readonly isOutOfReach: boolean
}

/**
 * Watches one type of objects and survives every failure. It pages its lists and follows bookmarks. After `gone` it lists again and reports
 * the difference. It replaces a connection that is silent for too long, and waits between attempts with back-off and jitter.
 * It keeps names and versions, never objects.
 */
export interface Watcher {
  readonly target: WatchTarget
  state(): WatcherState
  /** Resolves when `hasSynced` becomes true. Never rejects. Stays pending when the watcher is stopped before. */
  readonly synced: Promise<void>
  /** May be called once. */
  start(handlers: WatchHandlers): void
  /** Stops the watch. Idempotent. No handler is called afterwards. */
  stop(): Promise<void>
}
