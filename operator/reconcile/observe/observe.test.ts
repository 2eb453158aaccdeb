import { expect, it } from 'vitest'
import { operandNames } from '../../../api/child-names.ts'
import { operandTypes } from '../../../api/child-types.ts'
import { failed } from '../../../program/result.ts'
import { channelType, type RealtimeChannel, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { aResolver } from '../../testing/class-builders.ts'
import { aChannel, aForeignObject } from '../../testing/channel-builders.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { createMemoryTopics } from '../../testing/memory-topics.ts'
import { createChildEchoes } from '../watch/child-echoes.ts'
import { createClaims } from '../watch/claims.ts'
import { createObserver } from './observe.ts'
import { createOtherRoutes } from '../route/other-routes.ts'
import { names } from '../settings.ts'
import type { World } from '../world.ts'

const ref = { namespace: 'shop', name: 'chat' }

function rig() {
  const api = createMemoryKubernetes()
  let askedPodUsers = 0
  const children = createChildEchoes()
  const observer = createObserver({
    api,
    admins: createMemoryTopics(),
    ownConnection: () => ({ brokers: ['kafka:9092'], tls: null, sasl: null }),
    claims: createClaims({ defaultBrokers: ['kafka:9092'] }),
    children,
    assignsPodUsers: async () => {
      askedPodUsers++
      return failed({ kind: 'forbidden', message: 'groups are hidden', code: 403 })
    },
    routes: { observe: async () => ({ kind: 'ok' }) },
    otherRoutes: createOtherRoutes(),
    otherOperators: { find: async () => null },
    contestedOf: () => new Map(),
    childTypes: Object.values(operandTypes),
    childNameOf: (name) => operandNames(name).Deployment,
    resolver: aResolver(),
    onClaimsChanged: () => {},
    nowMs: Date.now,
  })
  /** Returns the plurals that are read for a channel of this spec, besides its own. */
  async function readsFor(spec: Partial<RealtimeChannelSpec>): Promise<readonly string[]> {
    const { apiVersion, kind, spec: stored } = aChannel({ spec })
    await api.apply(channelType, { apiVersion, kind, metadata: ref, spec: stored }, { fieldManager: 'kubectl', force: true })
    const before = api.requests().length
    await observer.observe(ref)
    return api
      .requests()
      .slice(before)
      .flatMap(({ verb, type }) => (verb === 'get' && type !== channelType.plural ? [type] : []))
  }
  async function observed(channel: RealtimeChannel): Promise<World | null> {
    await api.create(channelType, { ...channel })
    const observation = await observer.observe(ref)
    return observation.ok && observation.value.kind === 'world' ? observation.value.world : null
  }
  return { api, children, readsFor, observed, askedPodUsers: () => askedPodUsers }
}

const always = ['serviceaccounts', 'networkpolicies', 'services', 'poddisruptionbudgets', 'deployments']

it('reads no autoscaler and no route for a channel that asks for none: a resync of thousands is mostly reads', async () => {
  const { readsFor } = rig()
  expect((await readsFor({})).toSorted()).toEqual(always.toSorted())
  const parentRefs = [{ name: 'public' }]
  expect(
    await readsFor({ gateway: { autoscaling: { maxReplicas: 3 } }, route: { type: 'HTTPRoute', host: 'a.example.com', parentRefs } }),
  ).toEqual(expect.arrayContaining(['horizontalpodautoscalers', 'httproutes']))
  const reads = await readsFor({ route: { host: 'a.example.com' } })
  expect(reads).toContain('ingresses')
  expect(reads).not.toContain('httproutes')
})

it('reads the children that the watches know, also when the channel does not ask for them any more', async () => {
  const { children, readsFor } = rig()
  children.seen(ref, aForeignObject('Ingress'))
  expect((await readsFor({})).toSorted()).toEqual([...always, 'ingresses'].toSorted())
})

it('observes a channel even when the API server does not show whether it assigns users of pods', async () => {
  const { observed } = rig()
  expect(await observed(aChannel())).toMatchObject({
    channel: { metadata: ref },
    assignsPodUsers: { ok: false, error: { kind: 'forbidden' } },
  })
})

it('does not look up the users of pods for a channel that is being deleted, or that sets podUser', async () => {
  const said = rig()
  expect(await said.observed(aChannel({ spec: { gateway: { podUser: 'Fixed' } } }))).not.toBeNull()
  const deleted = rig()
  expect(
    await deleted.observed(aChannel({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [names.finalizer] } })),
  ).not.toBeNull()
  expect([said.askedPodUsers(), deleted.askedPodUsers()]).toEqual([0, 0])
})
