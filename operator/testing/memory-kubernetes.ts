import { failed, ok } from '../../program/result.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi, WatchEvent } from '../runtime/kubernetes-api.ts'
import { createMemoryFaults, type ApiVerb, type FaultSelector } from './memory-kubernetes-faults.ts'
import {
  apply,
  clean,
  create,
  createUids,
  get,
  list,
  mergePatch,
  remove,
  statusCodes,
  update,
  type Outcome,
  type Server,
} from './memory-kubernetes-rules.ts'
import { createMemoryStore, typeKeyOf } from './memory-kubernetes-store.ts'
import { createMemoryWatches } from './memory-kubernetes-watch.ts'
import { refOf } from '../../api/object-ref.ts'

export type { ApiVerb, FaultSelector } from './memory-kubernetes-faults.ts'

/** A request to change something. Dry runs are not recorded. */
export interface MemoryWrite {
  readonly verb: 'create' | 'update' | 'mergePatch' | 'apply' | 'delete'
  /** The plural of the type. */
  readonly type: string
  readonly ref: ObjectRef
  readonly subresource: string | undefined
  /** False: the object was already so, or the request was refused, so nothing was written. */
  readonly hasChanged: boolean
}

/**
 * The memory double of a Kubernetes API server, with the whole port `KubernetesApi`. It is for tests of the operator that need real
 * conflicts, watches and field ownership without a server process.
 */
export interface MemoryKubernetes extends KubernetesApi {
  /** Returns the same server for another client, whose changes other than `apply` are recorded under this manager. */
  as(manager: string): KubernetesApi
  /** Returns all objects of a type as they are, for assertions. */
  objects(type: Pick<ResourceType, 'group' | 'plural'>): readonly KubernetesObject[]
  /** Returns all writes since the start or `forgetWrites`. */
  writes(): readonly MemoryWrite[]
  forgetWrites(): void
  /** Returns all requests, including watches. */
  requests(): readonly { readonly verb: ApiVerb; readonly type: string }[]
  /** Makes the next `times` requests that match fail with this error. Watches end with it as an ERROR at once. @param times @default 1 */
  failNext(selector: FaultSelector, error: Partial<ApiError> & Pick<ApiError, 'kind'>, times?: number): void
  /** Delays every response. */
  setLatency(ms: number): void
  /** Stops responding: calls are `unavailable`, and watches break (or, `silently`, send nothing more). */
  vanish(how?: 'broken' | 'silently'): void
  comeBack(): void
  /** Forgets the history: old resource versions and continue tokens are `gone`. Open watches stay. */
  compact(): void
  /** Sends the current version to all watches. */
  sendBookmarks(): void
  /** Ends all watches in order, as a server does from time to time. */
  endWatches(): void
  readonly openWatches: number
  /** Removes the type, as if its CRD were not installed: requests for it are `no-such-resource`. */
  uninstall(type: ResourceType): void
  install(type: ResourceType): void
  /** Deletes everything in the namespace. */
  deleteNamespace(namespace: string): void
}

export interface MemoryKubernetesOptions {
  /** Current time. @default Date.now */
  readonly now?: () => number
  /** Manager of changes other than `apply`. @default 'carillon-operator' */
  readonly manager?: string
  /** Groups that it serves, besides those that every server has. */
  readonly groups?: readonly string[]
  /** Types that are missing at the start. */
  readonly missing?: readonly ResourceType[]
}

const refusalOfVanished: ApiError = { kind: 'unavailable', code: 0, message: 'connect ECONNREFUSED' }

const builtInGroups = ['apps', 'autoscaling', 'coordination.k8s.io', 'events.k8s.io', 'networking.k8s.io', 'policy'] as const

export function createMemoryKubernetes(options: MemoryKubernetesOptions = {}): MemoryKubernetes {
  const { now = Date.now, manager = 'carillon-operator', groups = [], missing = [] } = options
  const store = createMemoryStore()
  const watches = createMemoryWatches(store)
  const faults = createMemoryFaults()
  const writes: MemoryWrite[] = []
  const requests: { readonly verb: ApiVerb; readonly type: string }[] = []
  const uninstalled = new Set(missing.map(typeKeyOf))
  const server: Server = { store, now, pages: new Map(), nextUid: createUids() }

  const refusal = (verb: ApiVerb, type: ResourceType, name: string): ApiError | null => {
    if (faults.hasVanished()) return refusalOfVanished
    if (uninstalled.has(typeKeyOf(type)))
      return { kind: 'no-such-resource', code: 404, message: 'the server could not find the requested resource' }
    return faults.take(verb, type, name)
  }
  const run = async <T>(verb: ApiVerb, type: ResourceType, name: string, work: () => Outcome<T>): Promise<Outcome<T>> => {
    requests.push({ verb, type: type.plural })
    await faults.delay()
    const refused = refusal(verb, type, name)
    if (refused !== null) return failed(refused)
    const outcome = work()
    return outcome.ok ? ok(structuredClone(outcome.value)) : outcome
  }
  const note = <T>(write: Omit<MemoryWrite, 'hasChanged'>, isDryRun: boolean, work: () => Outcome<T>): Outcome<T> => {
    const before = store.version()
    const outcome = work()
    if (!isDryRun) writes.push({ ...write, hasChanged: store.version() !== before })
    return outcome
  }
  const apiAs = (by: string): KubernetesApi => ({
    servesGroup: async (group) => {
      requests.push({ verb: 'servesGroup', type: group })
      await faults.delay()
      const refused = faults.hasVanished()
        ? refusalOfVanished
        : faults.take('servesGroup', { group, version: '', plural: group, kind: '', isNamespaced: false }, '')
      return refused === null ? ok([...builtInGroups, ...groups].includes(group)) : failed(refused)
    },
    get: (type, ref) => run('get', type, ref.name, () => get(server, type, ref)),
    list: (type, listOptions) => run('list', type, '', () => list(server, type, listOptions)),
    watch: (type, watchOptions) =>
      watched(
        () => refusal('watch', type, ''),
        () => {
          requests.push({ verb: 'watch', type: type.plural })
          return watches.open(type, watchOptions)
        },
      ),
    create: (type, object) => {
      const write = { verb: 'create', type: type.plural, ref: refOf(object), subresource: undefined } as const
      return run('create', type, write.ref.name, () => note(write, false, () => create(server, type, clean(object), by)))
    },
    update: (type, object) => {
      const write = { verb: 'update', type: type.plural, ref: refOf(object), subresource: undefined } as const
      return run('update', type, write.ref.name, () => note(write, false, () => update(server, type, clean(object), by)))
    },
    mergePatch: (type, ref, patch) => {
      const write = { verb: 'mergePatch', type: type.plural, ref, subresource: undefined } as const
      return run('mergePatch', type, ref.name, () => note(write, false, () => mergePatch({ server, type, by }, ref, clean(patch))))
    },
    apply: (type, object, applyOptions) => {
      const write = { verb: 'apply', type: type.plural, ref: refOf(object), subresource: applyOptions.subresource } as const
      return run('apply', type, write.ref.name, () =>
        note(write, applyOptions.isDryRun === true, () => apply(server, type, clean(object), applyOptions)),
      )
    },
    delete: (type, ref, deleteOptions) => {
      const write = { verb: 'delete', type: type.plural, ref, subresource: undefined } as const
      return run('delete', type, ref.name, () =>
        note(write, deleteOptions.isDryRun === true, () => remove(server, type, ref, deleteOptions)),
      )
    },
  })
  return {
    ...apiAs(manager),
    as: apiAs,
    objects: ({ group, plural }) =>
      structuredClone(
        store
          .everything()
          .filter(({ type }) => typeKeyOf(type) === typeKeyOf({ group, plural }))
          .map(({ stored }) => stored.object),
      ),
    writes: () => writes,
    forgetWrites: () => void writes.splice(0),
    requests: () => requests,
    failNext: (selector, error, times = 1) => {
      const full = { message: `planned: ${error.kind}`, code: statusCodes[error.kind], ...error }
      faults.add(selector, full, times)
    },
    setLatency: faults.setLatency,
    vanish: (how = 'broken') => {
      faults.vanish()
      if (how === 'silently') watches.silence()
      else watches.end({ type: 'ERROR', error: { kind: 'unavailable', code: 0, message: 'socket hang up' } })
    },
    comeBack: faults.comeBack,
    compact: () => {
      store.compact()
      server.pages.clear()
    },
    sendBookmarks: watches.bookmark,
    endWatches: () => watches.end(null),
    get openWatches() {
      return watches.size
    },
    uninstall: (type) => {
      uninstalled.add(typeKeyOf(type))
      for (const { object } of store.all(type)) store.remove(type, refOf(object))
      watches.end(null)
    },
    install: (type) => void uninstalled.delete(typeKeyOf(type)),
    deleteNamespace: (namespace) => {
      for (const { type, stored } of store.everything()) {
        if (stored.object.metadata.namespace === namespace) remove(server, type, refOf(stored.object), {})
      }
    },
  }
}

async function* watched(refusal: () => ApiError | null, open: () => AsyncIterable<WatchEvent>): AsyncGenerator<WatchEvent, void> {
  const error = refusal()
  if (error === null) yield* open()
  else yield { type: 'ERROR', error }
}
