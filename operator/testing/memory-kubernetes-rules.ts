import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { mergePatch as mergeJson } from '../../api/merge-patch.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError, ApplyOptions, DeleteOptions, ListOptions, ListPage } from '../runtime/kubernetes-api.ts'
import { changedLeaves, leavesOf } from './memory-kubernetes-fields.ts'
import { applyFields, managedFieldsOf, takeFields } from './memory-kubernetes-managers.ts'
import { matchesFields, matchesLabels } from './memory-kubernetes-selectors.ts'
import type { MemoryStore, StoredObject } from './memory-kubernetes-store.ts'
import { refOf } from '../../api/object-ref.ts'

/** The verbs of the memory double, one function each. */
export type Outcome<T> = Result<T, ApiError>

export const statusCodes: Readonly<Record<ApiError['kind'], number>> = {
  'not-found': 404,
  'no-such-resource': 404,
  'already-exists': 409,
  conflict: 409,
  invalid: 422,
  forbidden: 403,
  unauthorized: 401,
  gone: 410,
  overloaded: 429,
  unavailable: 503,
}

export interface Server {
  readonly store: MemoryStore
  readonly now: () => number
  /** Unread rest of lists, by continue token. */
  readonly pages: Map<string, { readonly rest: readonly KubernetesObject[]; readonly version: number }>
  readonly nextUid: () => string
}

const refuse = (kind: ApiError['kind'], message: string): { readonly ok: false; readonly error: ApiError } =>
  failed({ kind, message, code: statusCodes[kind] })
const missingObject = (type: ResourceType, ref: ObjectRef) => refuse('not-found', `${type.plural} "${ref.name}" not found`)

export function get({ store }: Server, type: ResourceType, ref: ObjectRef): Outcome<KubernetesObject> {
  const found = store.get(type, ref)
  return found === null ? missingObject(type, ref) : ok(found.object)
}

export function list(server: Server, type: ResourceType, options: ListOptions): Outcome<ListPage> {
  const { store, pages } = server
  const { namespace, labelSelector, fieldSelector, limit = Number.POSITIVE_INFINITY, continueToken } = options
  const continued = continueToken === undefined ? undefined : pages.get(continueToken)
  if (continueToken !== undefined && continued === undefined) return refuse('gone', 'The provided continue parameter is too old')
  const isIn = (object: KubernetesObject): boolean =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchesLabels(object, labelSelector) &&
    matchesFields(object, fieldSelector)
  const all =
    continued?.rest ??
    store
      .all(type)
      .map(({ object }) => object)
      .filter(isIn)
  const version = continued?.version ?? store.version()
  const rest = all.slice(limit)
  const token = rest.length === 0 ? null : `page-${pages.size + 1}-of-${version}`
  if (token !== null) pages.set(token, { rest, version })
  return ok({ items: all.slice(0, limit), resourceVersion: String(version), continueToken: token })
}

export function create(server: Server, type: ResourceType, object: KubernetesObject, by: string): Outcome<KubernetesObject> {
  const named = placed(type, object)
  if (server.store.get(type, refOf(named)) !== null)
    return refuse('already-exists', `${type.plural} "${object.metadata.name}" already exists`)
  const { status: _status, ...rest } = named
  const made = withoutEmpty(rest) // an object without its status is an object still
  return ok(keep(server, type, null, { object: born(server, made), managers: takeFields(null, made, [], by) }))
}

export function update(server: Server, type: ResourceType, object: KubernetesObject, by: string): Outcome<KubernetesObject> {
  const ref = refOf(object)
  const found = server.store.get(type, ref)
  if (found === null) return missingObject(type, ref)
  const { resourceVersion, uid } = object.metadata
  if (resourceVersion === undefined) return refuse('invalid', 'metadata.resourceVersion: must be specified for an update')
  if (resourceVersion !== found.object.metadata.resourceVersion || (uid !== undefined && uid !== found.object.metadata.uid))
    return versionConflict(type, ref)
  const next = { ...withoutEmpty(object), ...statusOf(found.object) }
  if (!('status' in found.object)) delete (next as Record<string, unknown>)['status'] // our own copy
  return ok(keep(server, type, found.object, { object: next, managers: takeFields(found.object, next, found.managers, by) }))
}

interface Caller {
  readonly server: Server
  readonly type: ResourceType
  readonly by: string
}

export function mergePatch(
  { server, type, by }: Caller,
  ref: ObjectRef,
  patch: Readonly<Record<string, unknown>>,
): Outcome<KubernetesObject> {
  const found = server.store.get(type, ref)
  if (found === null) return missingObject(type, ref)
  const wanted = isRecord(patch['metadata']) ? patch['metadata'] : {}
  const { resourceVersion = found.object.metadata.resourceVersion } = wanted
  if (resourceVersion !== found.object.metadata.resourceVersion) return versionConflict(type, ref)
  // An object that is merged with a patch keeps its name and metadata.
  const merged = { ...withoutEmpty(mergeJson(found.object, patch) as KubernetesObject), ...statusOf(found.object) }
  return ok(keep(server, type, found.object, { object: merged, managers: takeFields(found.object, merged, found.managers, by) }))
}

export function apply(server: Server, type: ResourceType, object: KubernetesObject, options: ApplyOptions): Outcome<KubernetesObject> {
  const named = placed(type, object)
  const ref = refOf(named)
  const found = server.store.get(type, ref)
  if (found === null && options.subresource !== undefined) return missingObject(type, ref)
  const { uid, resourceVersion, managedFields } = named.metadata
  if (managedFields !== undefined) return refuse('invalid', 'metadata.managedFields must be nil')
  if (uid !== undefined && found === null)
    return refuse('conflict', `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`)
  if (uid !== undefined && uid !== found?.object.metadata.uid) return refuse('invalid', 'metadata.uid: field is immutable')
  if (resourceVersion !== undefined && resourceVersion !== found?.object.metadata.resourceVersion) return versionConflict(type, ref)
  const outcome = applyFields(found?.object ?? null, found?.managers ?? [], named, options)
  if (outcome.kind === 'conflict') {
    return refuse(
      'conflict',
      `Apply failed with ${outcome.fields.length} conflicts with ${outcome.managers.join(', ')}: ${outcome.fields.join(', ')}`,
    )
  }
  if (options.isDryRun === true)
    return ok({
      ...outcome.object,
      metadata: { ...outcome.object.metadata, managedFields: managedFieldsOf(outcome.managers, object.apiVersion) },
    })
  const next = found === null ? born(server, outcome.object) : outcome.object
  return ok(keep(server, type, found?.object ?? null, { object: next, managers: outcome.managers }))
}

/** Deletes an object, or only marks it if it has finalizers. */
export function remove(server: Server, type: ResourceType, ref: ObjectRef, options: DeleteOptions): Outcome<void> {
  const { store, now } = server
  const found = store.get(type, ref)
  if (found === null) return missingObject(type, ref)
  const { object, managers } = found
  if (options.uid !== undefined && options.uid !== object.metadata.uid) return versionConflict(type, ref)
  if (options.isDryRun === true) return ok(undefined)
  if ((object.metadata.finalizers ?? []).length > 0) {
    if (object.metadata.deletionTimestamp !== undefined) return ok(undefined)
    const deletionTimestamp = rfc3339(now())
    store.put(type, {
      object: { ...object, metadata: { ...object.metadata, deletionTimestamp, generation: (object.metadata.generation ?? 0) + 1 } },
      managers,
    })
    return ok(undefined)
  }
  if (options.propagation === 'Orphan') orphan(server, object.metadata.uid ?? '')
  if (options.propagation === 'Foreground') collectGarbage(server, object.metadata.uid ?? '')
  store.remove(type, ref)
  collectGarbage(server, object.metadata.uid ?? '')
  return ok(undefined)
}

/** Deletes objects whose owners are all gone. */
function collectGarbage(server: Server, goneUid: string): void {
  const all = server.store.everything()
  const alive = new Set(all.map(({ stored }) => stored.object.metadata.uid).filter((uid) => uid !== goneUid))
  for (const { type, stored } of all) {
    const owners = stored.object.metadata.ownerReferences ?? []
    const isOwnedByIt = owners.some(({ uid }) => uid === goneUid)
    if (isOwnedByIt && !owners.some(({ uid }) => alive.has(uid))) remove(server, type, refOf(stored.object), {})
  }
}

function orphan({ store }: Server, goneUid: string): void {
  for (const { type, stored } of store.everything()) {
    const { object, managers } = stored
    const owners = object.metadata.ownerReferences ?? []
    const left = owners.filter(({ uid }) => uid !== goneUid)
    if (left.length !== owners.length)
      store.put(type, { object: { ...object, metadata: { ...object.metadata, ownerReferences: left } }, managers })
  }
}

/** Stores an object unless nothing changed. Removes a deleted object when it has lost its last finalizer. */
function keep(
  server: Server,
  type: ResourceType,
  before: KubernetesObject | null,
  { object: next, managers }: StoredObject,
): KubernetesObject {
  const managedFields = managedFieldsOf(managers, next.apiVersion)
  const tidy = withoutEmpty(next)
  const object = { ...tidy, metadata: { ...tidy.metadata, ...serverFields(before, tidy), managedFields } }
  if (before !== null && isDeepStrictEqual(before, object)) return before
  const kept = server.store.put(type, { object, managers })
  if (kept.metadata.deletionTimestamp !== undefined && (kept.metadata.finalizers ?? []).length === 0) {
    server.store.remove(type, refOf(kept))
    collectGarbage(server, kept.metadata.uid ?? '')
  }
  return kept
}

/** Sets the fields of the server. The generation counts changes of everything but metadata and status. */
function serverFields(before: KubernetesObject | null, next: KubernetesObject): Partial<KubernetesObject['metadata']> {
  if (before === null) return {}
  const { uid, creationTimestamp, deletionTimestamp, resourceVersion, generation = 1 } = before.metadata
  const isSpec = (key: string): boolean => !key.startsWith('["f:metadata"') && !key.startsWith('["f:status"')
  const { set, removed } = changedLeaves(leavesOf(before), leavesOf(next))
  const hasChanged = [...set, ...removed].some(isSpec)
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    generation: hasChanged ? generation + 1 : generation,
  }
}

function born({ now, nextUid }: Server, object: KubernetesObject): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, uid: nextUid(), creationTimestamp: rfc3339(now()), generation: 1 } }
}

/** Drops these fields when they are empty, as the server's types do. */
function withoutEmpty(object: KubernetesObject): KubernetesObject {
  const isNothing = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0
  const often = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences'])
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name, value]) => !(often.has(name) && isNothing(value))))
  const { data, ...rest } = object
  // Only optional fields were dropped.
  return { ...(isNothing(data) || data === undefined ? rest : object), metadata } as KubernetesObject
}

function placed(type: ResourceType, object: KubernetesObject): KubernetesObject {
  if (type.isNamespaced && (object.metadata.namespace ?? '') === '')
    throw new TypeError(`${type.plural} are namespaced, and ${object.metadata.name} has no namespace`)
  return object
}

/** Copies a value as over the wire, without undefined fields. */
export function clean<T extends object>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T // JSON survives the round trip
}

function statusOf(object: KubernetesObject): object {
  return 'status' in object ? { status: object['status'] } : {}
}

function versionConflict(type: ResourceType, ref: ObjectRef): { readonly ok: false; readonly error: ApiError } {
  return refuse('conflict', `Operation cannot be fulfilled on ${type.plural} "${ref.name}": the object has been modified`)
}

/** Formats a time of the API server, which has whole seconds. */
function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function createUids(): () => string {
  let last = 0
  return () => {
    last += 1
    return `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`
  }
}
