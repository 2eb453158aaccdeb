import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { Result } from '../../program/result.ts'

/**
 * Why the API server did not do what it was asked for.
 *
 * not-found: no such object. no-such-resource: it does not know the type (a CRD is not installed). conflict: the resource version or
 * uid is another, or (apply without force) a field has another owner. invalid: it will never take this object (validation, unknown field).
 * forbidden: RBAC, a quota, an admission webhook or policy says no; `message` says which. gone: the resource version is too old to watch or
 * to list on from. overloaded: 429, come back after `retryAfterMs`. unavailable: no answer, a time-out, 5xx, a webhook that could not be asked.
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
  /** The server's `Status.message`, or what happened to the connection. Never holds an object's content. */
  readonly message: string
  /** HTTP status; 0 when there was no answer. */
  readonly code: number
  readonly retryAfterMs?: number
}

export interface ListOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Most items of one page. @default no paging */
  readonly limit?: number
  /** Of the page before. */
  readonly continueToken?: string
  /** '0': any state that the server has at hand. @default the most recent */
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
  /** The server ends the watch after about this time. Seconds. */
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubernetesObject }
  /** Nothing happened up to this resource version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** The last one: `gone` means list again. */
  | { readonly type: 'ERROR'; readonly error: ApiError }

export interface ApplyOptions {
  readonly fieldManager: string
  /** Take fields from other managers. */
  readonly force: boolean
  readonly subresource?: 'status'
  /** The server judges and answers, and keeps nothing. */
  readonly isDryRun?: boolean
}

export interface DeleteOptions {
  /** Only this one: another of the same name is left alone (`conflict`). */
  readonly uid?: string
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan'
  readonly isDryRun?: boolean
}

/**
 * An API server. Expected failures are values; nothing here throws but for bugs. The implementer sees to deadlines (a call that is not
 * answered within its time is `unavailable`), keeps connections alive, and reads rotated credentials anew. It does not retry: callers have
 * a queue with back-off. It sends objects byte for byte as given, because fields that are dropped in silence open NetworkPolicies
 * (strict field validation is asked for, so that a field which the server would drop is `invalid`).
 */
export interface KubernetesApi {
  /** Whether the server has this group of resources, whatever the caller may do with them: everybody who is known to a server may ask. */
  servesGroup(group: string): Promise<Result<boolean, ApiError>>
  get(type: ResourceType, ref: ObjectRef): Promise<Result<KubernetesObject, ApiError>>
  list(type: ResourceType, options: ListOptions): Promise<Result<ListPage, ApiError>>
  /** Ends when the server ends it, the signal aborts, or after an ERROR; a broken connection is an ERROR `unavailable`. */
  watch(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>
  create(type: ResourceType, object: KubernetesObject): Promise<Result<KubernetesObject, ApiError>>
  /** Replaces the object whose `resourceVersion` it carries. */
  update(type: ResourceType, object: KubernetesObject): Promise<Result<KubernetesObject, ApiError>>
  /** JSON merge patch (RFC 7396); with `metadata.resourceVersion` in the patch, only on that version. */
  mergePatch(type: ResourceType, ref: ObjectRef, patch: Readonly<Record<string, unknown>>): Promise<Result<KubernetesObject, ApiError>>
  /** Server-side apply: creates or changes. */
  apply(type: ResourceType, object: KubernetesObject, options: ApplyOptions): Promise<Result<KubernetesObject, ApiError>>
  /** `not-found` when it is gone already. */
  delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions): Promise<Result<void, ApiError>>
}
