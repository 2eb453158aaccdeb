import { vi } from 'vitest'
import type { RealtimeChannel } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from './ask-cluster.ts'
import { valueOf } from './kubernetes-api-contract.ts'
import { kstatusOf, type Kstatus } from './kstatus.ts'
import { eventType, operatorUser, type TestChannel, type TestCluster } from './test-cluster.ts'

/** The fields of an Event that people read. */
export interface TestEvent {
  readonly type: string
  readonly reason: string
  readonly note: string
}

/** Returns the Events about a channel, in the order of their writes. */
export async function eventsOf(
  { api }: TestCluster,
  { namespace, name }: Pick<TestChannel, 'namespace' | 'name'>,
): Promise<readonly TestEvent[]> {
  const { items } = valueOf(await api.list(eventType, { namespace }))
  const about = items.filter(({ regarding }) => (regarding as { readonly name?: string }).name === name) // an ObjectReference
  const written = (event: KubernetesObject): string => String(event['eventTime'])
  return about
    .toSorted((a, b) => (written(a) < written(b) ? -1 : 1))
    .map(({ type, reason, note }) => ({ type: String(type), reason: String(reason), note: String(note) }))
}

/** Resolves with the first Event of this reason. @throws when there is none within 60 s */
export function untilEvent(cluster: TestCluster, channel: Pick<TestChannel, 'namespace' | 'name'>, reason: string): Promise<TestEvent> {
  return soon(async () => {
    const events = await eventsOf(cluster, channel)
    const found = events.find((event) => event.reason === reason)
    if (found === undefined) throw new Error(`there is no Event ${reason}, only ${JSON.stringify(events.map((event) => event.reason))}`)
    return found
  })
}

/** Returns the status of the channel for Helm, Flux and Argo CD. */
export async function kstatusOfChannel(channel: TestChannel): Promise<Kstatus> {
  return kstatusOf(await channel.get()) // the API server validates it by the schema
}

/** Retries until `look` returns without a throw, for 60 s or the given time. */
export function soon<T>(look: () => Promise<T> | T, timeout = 60_000): Promise<T> {
  return vi.waitFor(look, { timeout, interval: 50 })
}

/** Resolves when the operator has reconciled the current generation of the channel and written its status. */
export async function untilSeen(channel: TestChannel): Promise<void> {
  await soon(async () => {
    const { metadata, status } = (await channel.get()) as unknown as RealtimeChannel // the API server validates it by the schema
    if (status?.observedGeneration !== metadata.generation)
      throw new Error(`generation ${metadata.generation} of ${channel.namespace}/${channel.name} has not been reconciled`)
  })
}

/** Waits until a new object is younger: ages are whole seconds. */
export async function untilYounger(older: TestChannel): Promise<void> {
  const { metadata } = await older.get()
  await soon(() => {
    if (Date.now() <= Date.parse(metadata.creationTimestamp ?? '') + 1_000) throw new Error(`${older.name} was made in this second`)
  })
}

/** Waits until the channel is Ready, and pretends that its pods are available. */
export async function untilReady(channel: TestChannel): Promise<void> {
  await soon(async () => {
    await channel.pretendAvailable()
    // Tools that wait treat a channel without conditions as current, too.
    const hasConditions = (await channel.status()).conditions !== undefined
    if (!hasConditions || (await kstatusOfChannel(channel)) !== 'Current')
      throw new Error(`not Ready: ${JSON.stringify((await channel.status()).conditions)}`)
  })
}

/** Runs the work and returns its duration in milliseconds. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const start = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - start) }
}

const role = (plural: string, kind: string): ResourceType => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural,
  kind,
  isNamespaced: true,
})
const secretType: ResourceType = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', isNamespaced: true }

export async function makeSecret(
  { api }: TestCluster,
  namespace: string,
  name: string,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  valueOf(await api.create(secretType, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData: texts }))
}

/** Lets the operator read one Secret, by the Role of docs/rbac.md. Resolves when the API server applies it. */
export async function grantSecret({ api, plane }: TestCluster, namespace: string, secret: string): Promise<void> {
  const [name, apiVersion] = ['carillon-kafka-secret-reader', 'rbac.authorization.k8s.io/v1']
  valueOf(
    await api.create(role('roles', 'Role'), {
      apiVersion,
      kind: 'Role',
      metadata: { name, namespace },
      rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['get'] }],
    }),
  )
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: operatorUser }]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }
  valueOf(
    await api.create(role('rolebindings', 'RoleBinding'), {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef,
      subjects,
    }),
  )
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: operatorUser, resourceAttributes: { namespace, verb: 'get', resource: 'secrets', name: secret } },
  }
  await soon(async () => {
    const { body } = await askCluster(plane, { method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', body: review })
    if ((body['status'] as { readonly allowed?: boolean }).allowed !== true) throw new Error(`the Role in ${namespace} is not applied yet`) // a SubjectAccessReview
  })
}
