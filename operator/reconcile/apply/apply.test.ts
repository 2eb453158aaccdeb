import { describe, expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import type { Action } from '../plan-types.ts'
import { createApplier } from './apply.ts'
import { createChildEchoes } from '../watch/child-echoes.ts'
import type { TopicAdmin } from '../topic/topic-admin.ts'
import { childKey } from '../world.ts'

const names = { fieldManager: 'carillon-operator', handOverManager: 'carillon-operator-handover', finalizer: 'carillon.dev/topic' }
const serviceType: ResourceType = { group: '', version: 'v1', plural: 'services', kind: 'Service', isNamespaced: true }
const channel = {
  metadata: { namespace: 'team', name: 'news', resourceVersion: '7', finalizers: ['other/one'] },
} as unknown as RealtimeChannel // Other fields are not read.
const conflict: ApiError = { kind: 'conflict', message: 'changed', code: 409 }

function object(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'team' } }
}
const apply = (name: string): Action => ({
  kind: 'apply-object',
  type: serviceType,
  object: object(name),
  change: 'create',
  restartsPods: false,
})
const createTopic: Action = { kind: 'create-topic', topic: { name: 't', partitions: 3, replicas: null, config: {} } }
const deleteTopic: Action = { kind: 'delete-topic', name: 't' }

/** A Service with an edited port number and an added label. */
const edited = {
  ...object('a'),
  metadata: { ...object('a').metadata, resourceVersion: '5', labels: { team: 'edge' } },
  spec: { clusterIP: '10.0.0.1', ports: [{ name: 'http', port: 81 }] },
}

/** Records its calls in order. They succeed, except those in `failures`. */
function rig({
  failures = {},
  mayWrite = () => true,
}: { readonly failures?: Readonly<Record<string, ApiError>>; readonly mayWrite?: () => boolean } = {}) {
  const asked: string[] = []
  const answer = (call: string, made: KubernetesObject) => {
    asked.push(call)
    const error = failures[call]
    return error === undefined ? ok(made) : failed(error)
  }
  const kafka = async (call: string) => {
    asked.push(call)
    const error = failures[call]
    return error === undefined ? ok(undefined) : failed({ kind: 'unreachable' as const, detail: error.message })
  }
  const admin: TopicAdmin = {
    describe: () => Promise.reject(new Error('not called')),
    create: (topic) => kafka(`create ${topic.name}`),
    growPartitions: (name, partitions) => kafka(`grow ${name} ${partitions}`),
    alterConfig: (name) => kafka(`alter ${name}`),
    delete: (name) => kafka(`delete ${name}`),
  }
  const children = createChildEchoes()
  const applier = createApplier({
    api: {
      apply: async (_type, made, { fieldManager }) =>
        answer(`apply ${made.metadata.name} as ${fieldManager}`, { ...made, metadata: { ...made.metadata, resourceVersion: '9' } }),
      get: async (_type, ref) => answer(`get ${ref.name}`, edited),
      mergePatch: async (_type, ref, patch) =>
        answer(`patch ${ref.name} ${JSON.stringify(patch)}`, {
          ...object('news'),
          metadata: { name: 'news', namespace: 'team', resourceVersion: '8', finalizers: [] },
        }),
      delete: async (_type, ref, { uid }) => {
        const made = answer(`remove ${ref.name} ${uid ?? ''}`, object(ref.name))
        return made.ok ? ok(undefined) : made
      },
    },
    children,
    names,
    mayWrite,
  })
  return { asked, admin, children, run: (actions: readonly Action[]) => applier(actions, { channel, admin }) }
}

const addFinalizerCall = 'patch news {"metadata":{"finalizers":["other/one","carillon.dev/topic"],"resourceVersion":"7"}}'

describe('applying a plan', () => {
  it("keeps the order of the actions, and applies as the operator's field manager", async () => {
    const { asked, run } = rig()
    const { outcomes } = await run([{ kind: 'add-finalizer' }, createTopic, apply('a'), apply('b')])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done', 'done', 'done'])
    expect(asked).toEqual([addFinalizerCall, 'create t', 'apply a as carillon-operator', 'apply b as carillon-operator'])
  })

  it('creates no topic when the finalizer could not be added before', async () => {
    const { asked, run } = rig({ failures: { [addFinalizerCall]: conflict } })
    const { outcomes } = await run([{ kind: 'add-finalizer' }, createTopic])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'not-tried'])
    expect(asked).toEqual([addFinalizerCall])
  })

  it('keeps the finalizer while the topic could not be deleted', async () => {
    const { run } = rig({ failures: { 'delete t': conflict } })
    const { outcomes } = await run([deleteTopic, { kind: 'remove-finalizer', because: 'topic-deleted' }])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'not-tried'])
  })

  it('applies the other objects when one fails', async () => {
    const { run } = rig({ failures: { 'apply a as carillon-operator': conflict } })
    const { outcomes, objects } = await run([apply('a'), apply('b')])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'done'])
    expect([...objects.keys()]).toEqual([childKey('Service', 'b')])
  })

  it('replaces an object that an edit made invalid for an apply, and then applies it', async () => {
    // A port was given another number: an apply would add our port of the same name. The API server refuses two ports of one name, and did
    // so at each apply, because an apply never removes fields of other writers. No change of the channel was applied from then on.
    const invalid: ApiError = { kind: 'invalid', message: 'spec.ports[1].name: Duplicate value: "http"', code: 422 }
    const { asked, run } = rig({ failures: { 'apply a as carillon-operator': invalid } })
    const wanted = { ...object('a'), spec: { ports: [{ name: 'http', port: 80 }] } }
    await run([{ kind: 'apply-object', type: serviceType, object: wanted, change: 'heal', restartsPods: false }])
    expect(asked).toEqual([
      'apply a as carillon-operator',
      'get a',
      'patch a {"metadata":{"resourceVersion":"5"},"spec":{"clusterIP":null,"ports":[{"name":"http","port":80}]}}',
      'patch a {"metadata":{"resourceVersion":"8","managedFields":[]}}',
      'apply a as carillon-operator',
    ])
  })

  it('leaves an object alone that is not valid in any case, and returns the error of the apply', async () => {
    const invalid = (message: string): ApiError => ({ kind: 'invalid', message, code: 422 })
    const replacement = 'patch a {"metadata":{"resourceVersion":"5"}}'
    const { asked, run } = rig({
      failures: { 'apply a as carillon-operator': invalid('of the apply'), [replacement]: invalid('of the patch') },
    })
    const { outcomes } = await run([
      { kind: 'apply-object', type: serviceType, object: object('a'), change: 'change', restartsPods: false },
    ])
    expect(outcomes).toMatchObject([{ kind: 'failed', failure: { error: { message: 'of the apply' } } }])
    expect(asked).toEqual(['apply a as carillon-operator', 'get a', replacement])
  })

  it('counts an object that is gone already as deleted', async () => {
    const gone: ApiError = { kind: 'not-found', message: '', code: 404 }
    const { run } = rig({ failures: { 'remove a u': gone } })
    const { outcomes, objects } = await run([{ kind: 'delete-object', type: serviceType, ref: { namespace: 'team', name: 'a' }, uid: 'u' }])
    expect(outcomes[0]?.kind).toBe('done')
    expect(objects.get(childKey('Service', 'a'))).toBeNull()
  })

  it('hands replicas over under the other field manager, and returns the channel as it is afterwards', async () => {
    const { asked, run } = rig()
    const applied = await run([
      { kind: 'hand-over-replicas', type: serviceType, object: object('a') },
      { kind: 'remove-finalizer', because: 'policy-is-retain' },
    ])
    expect(asked[0]).toBe('apply a as carillon-operator-handover')
    expect(applied.channel.metadata.resourceVersion).toBe('8')
  })

  it('writes nothing more when this process loses the leadership', async () => {
    let writes = 0
    const { asked, run } = rig({ mayWrite: () => writes++ < 1 })
    const { outcomes } = await run([createTopic, apply('a')])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'not-tried'])
    expect(asked).toEqual(['create t'])
  })

  it('notes its own writes for the watches', async () => {
    const { children, run } = rig()
    await run([apply('a')])
    expect(children.seen({ namespace: 'team', name: 'news' }, { ...object('a'), metadata: { name: 'a', resourceVersion: '9' } })).toBe(
      false,
    )
  })
})
