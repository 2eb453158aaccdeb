import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { Result } from '../../program/result.ts'

/**
 * The reason why the API server did not do what it was asked for.
 *
 * - not-found: there is no such object.
 * - no-such-resource: the server does not know the type (a CRD is not installed).
 * - conflict: the resource version or uid differs, or (apply without force) a field has another owner.
 * - invalid: the server never accepts this object (validation, unknown field).
 * - forbidden: RBAC, a quota, an admission webhook or a policy refuses. `message` says which.
 * - gone: the resource version is too old to watch or list from.
 * - overloaded: 429. Retry after `retryAfterMs`.
 * - unavailable: no response, a time-out, 5xx, or a webhook that could not be called.
 */
export interface ApiError {
  readonly kind:
    | 'not-found'
    | 'no-such-resource'
    | 'already-exists'
    | 'conflict'
    | 'invalid'
    | 'forbidden'
    | 'unauthorized'
    | 'gone'
    | 'overloaded'
    | 'unavailable'
  /** The server's `Status.message`, or the failure of the connection. Never holds the content of an object. */
  readonly message: string
  /** HTTP status. 0 when there was no response. */
  readonly code: number
  readonly retryAfterMs?: number
}

export interface ListOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Maximum number of items of one page. @default no paging */
  readonly limit?: number
  /** Token of the previous page. */
  readonly continueToken?: string
  /** '0': any state that the server has in its cache. @default the most recent */
  readonly resourceVersion?: string
}

export interface ListPage {
  readonly items: readonly KubernetesObject[]
  readonly resourceVersion: string
  /** Null on the last page. */
  readonly continueToken: string | null
}

export interface WatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly resourceVersion: string
  /** Time after which the server ends the watch, approximately. Seconds. */
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  /** No change up to this resource version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** The last event of a watch. After `gone` the caller lists again. */
  | { readonly type: 'ERROR'; readonly error: ApiError }

export interface ApplyOptions {
  readonly fieldManager: string
  /** True: takes fields from other field managers. */
  readonly force: boolean
  readonly subresource?: 'status'
  /** True: the server checks and responds, and stores nothing. */
  readonly isDryRun?: boolean
}

export interface DeleteOptions {
  /** Uid of the object. Another object of the same name is not deleted (`conflict`). */
  readonly uid?: string
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan'
  readonly isDryRun?: boolean
}

/**
 * An API server. Expected failures are values. A throw is a bug.
 *
 * The implementer enforces deadlines (a call without a response in time is `unavailable`), keeps connections alive, and reads rotated
 * credentials again. It does not retry, because callers have a queue with back-off. It sends objects unchanged, because fields that are
 * dropped silently open NetworkPolicies. It asks for strict field validation, so a field that the server would drop is `invalid`.
 */
export interface KubernetesApi {
  /** Returns whether the server has this group of resources. Needs no permission: every authenticated caller may ask. */
  servesGroup(group: string): Promise<Result<boolean, ApiError>>
  get(type: ResourceType, ref: ObjectRef): Promise<Result<KubernetesObject, ApiError>>
  list(type: ResourceType, options: ListOptions): Promise<Result<ListPage, ApiError>>
  /** Ends when the server ends it, when the signal aborts, or after an ERROR. A broken connection is an ERROR `unavailable`. */
  watch(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>
  create(type: ResourceType, object: KubernetesObject): Promise<Result<KubernetesObject, ApiError>>
  /** Replaces the object with this `resourceVersion`. */
  update(type: ResourceType, object: KubernetesObject): Promise<Result<KubernetesObject, ApiError>>
  /** Sends a JSON merge patch (RFC 7396). With `metadata.resourceVersion` in the patch, it applies only to that version. */
  mergePatch(type: ResourceType, ref: ObjectRef, patch: Readonly<Record<string, unknown>>): Promise<Result<KubernetesObject, ApiError>>
  /** Server-side apply: creates or changes the object. */
  apply(type: ResourceType, object: KubernetesObject, options: ApplyOptions): Promise<Result<KubernetesObject, ApiError>>
  /** Deletes the object. Fails with `not-found` when it is gone already. */
  delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions): Promise<Result<void, ApiError>>
}
