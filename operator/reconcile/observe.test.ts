import { expect, it } from 'vitest'
import { operandNames } from '../../cdk8s/operands/operand-names.ts'
import { operandTypes } from '../../cdk8s/operands/operand-types.ts'
import { channelType, type RealtimeChannelSpec } from '../api/v1alpha1/realtime-channel.ts'
import { aJudge } from '../testing/class-builders.ts'
import { aChannel, aForeignObject } from '../testing/channel-builders.ts'
import { createMemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createMemoryTopics } from '../testing/memory-topics.ts'
import { createChildren } from './children.ts'
import { createClaims } from './claims.ts'
import { createObserver } from './observe.ts'
import { createOtherRoutes } from './other-routes.ts'

const ref = { namespace: 'shop', name: 'chat' }

function rig() {
  const api = createMemoryKubernetes()
  const children = createChildren()
  const observer = createObserver({
    api,
    admins: createMemoryTopics(),
    ownConnection: () => ({ brokers: ['kafka:9092'], tls: null, sasl: null }),
    claims: createClaims({ defaultBrokers: ['kafka:9092'] }),
    children,
    assignsPodUsers: async () => ({ ok: true, value: false }),
    routes: { observe: async () => ({ kind: 'ok' }) },
    otherRoutes: createOtherRoutes(),
    otherOperators: { find: async () => null },
    healMeter: { contestedOf: () => new Map() },
    childTypes: Object.values(operandTypes),
    childNameOf: (name) => operandNames(name).Deployment,
    judge: aJudge(),
    onClaimsChanged: () => {},
    nowMs: Date.now,
  })
  /** The plurals that are read for a channel of this spec, besides its own. */
  async function readsFor(spec: Partial<RealtimeChannelSpec>): Promise<readonly string[]> {
    const { apiVersion, kind, spec: stored } = aChannel({ spec })
    await api.apply(channelType, { apiVersion, kind, metadata: ref, spec: stored }, { fieldManager: 'kubectl', force: true })
    const before = api.requests().length
    await observer.observe(ref)
    return api.requests().slice(before).flatMap(({ verb, type }) => (verb === 'get' && type !== channelType.plural ? [type] : []))
  }
  return { api, children, readsFor }
}

const always = ['serviceaccounts', 'networkpolicies', 'services', 'poddisruptionbudgets', 'deployments']

it('reads no autoscaler and no route of a channel that asks for none: a resync of thousands is mostly reads', async () => {
  const { readsFor } = rig()
  expect((await readsFor({})).toSorted()).toEqual(always.toSorted())
  const parentRefs = [{ name: 'public' }]
  expect(await readsFor({ gateway: { autoscaling: { maxReplicas: 3 } }, route: { type: 'HTTPRoute', host: 'a.example.com', parentRefs } })).toEqual(expect.arrayContaining(['horizontalpodautoscalers', 'httproutes']))
  const reads = await readsFor({ route: { host: 'a.example.com' } })
  expect(reads).toContain('ingresses')
  expect(reads).not.toContain('httproutes')
})

it('reads what the watches know as children, also when the channel asks for it no longer', async () => {
  const { children, readsFor } = rig()
  children.seen(ref, aForeignObject('Ingress'))
  expect((await readsFor({})).toSorted()).toEqual([...always, 'ingresses'].toSorted())
})
