import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import { channelLabel } from '../../../api/labels.ts'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { aChannelClass, aResolver, openAllowed } from '../../testing/class-builders.ts'
import { aChannel, ownedBy, type ChannelParts } from '../../testing/channel-builders.ts'
import { createChannelWatch } from './channel-watch.ts'
import { createChildHandlers } from './child-watch.ts'
import { createChildEchoes } from './child-echoes.ts'
import { createClaimLooks } from './claim-looks.ts'
import { createOneClass } from '../class/classes.ts'
import type { ChannelResolver } from '../class/channel-resolver.ts'
import { createClaims } from './claims.ts'

function rig({
  hasSynced = true,
  isWorking = true,
  resolver = aResolver(),
}: { readonly hasSynced?: boolean; readonly isWorking?: boolean; readonly resolver?: ChannelResolver } = {}) {
  const work: string[] = []
  const children = createChildEchoes()
  const enqueue = ({ namespace, name }: { readonly namespace: string; readonly name: string }, priority: string): void =>
    void work.push(`${namespace}/${name} ${priority}`)
  const claimLooks = createClaimLooks({
    nowMs: () => 0,
    enqueueAfter: (ref, afterMs) => (afterMs === 0 ? enqueue(ref, 'child') : enqueue(ref, 'later')),
  })
  const watch = createChannelWatch({
    claims: createClaims({ defaultBrokers: ['kafka:9092'] }),
    resolver,
    children,
    claimLooks,
    enqueue,
    hasSynced: () => hasSynced,
    isWorking: () => isWorking,
  })
  const services = createChildHandlers(operandTypes.Service, { children, enqueue, hasSynced: () => hasSynced })
  return { work, watch, services, children }
}

const object = (parts: ChannelParts): KubernetesObject => aChannel(parts) as unknown as KubernetesObject // A channel is an object.
const named = (name: string, more: ChannelParts = {}): KubernetesObject =>
  object({ ...more, metadata: { name, uid: `uid-${name}`, ...more.metadata } })

describe('the watch of channels', () => {
  it("enqueues a channel that a user created or changed, and none after the operator's own status write", () => {
    const { work, watch } = rig()
    watch.handlers.onUpsert(named('a'))
    watch.handlers.onUpsert(named('a', { status: { replicas: 2 }, metadata: { resourceVersion: '2' } }))
    expect(work).toEqual(['shop/a user'])
    watch.handlers.onUpsert(named('a', { metadata: { generation: 2 } }))
    watch.handlers.onUpsert(named('a', { metadata: { generation: 2, annotations: { 'carillon.dev/paused': 'true' } } }))
    watch.handlers.onUpsert(named('a', { metadata: { generation: 2, deletionTimestamp: '2026-01-02T00:00:00Z' } }))
    expect(work).toHaveLength(4)
  })

  it('enqueues two channels whose statuses record the same topic', () => {
    const { work, watch } = rig()
    const remembers = (id: string): NonNullable<ChannelParts['status']> => ({
      topic: { name: 'shop.chat', id, clusterId: 'c', origin: 'Adopted' },
    })
    const other: ChannelParts = { spec: { topic: { name: 'shop.a' }, kafka: { bootstrapServers: ['localhost:9092'] } } }
    watch.handlers.onUpsert(named('a'))
    watch.handlers.onUpsert(named('b', other))
    work.length = 0
    watch.handlers.onUpsert(named('a', { status: { topic: { ...remembers('t1').topic, name: 'shop.a', origin: 'Created' } } }))
    expect(work).toEqual([])
    watch.handlers.onUpsert(named('b', { ...other, status: { topic: { ...remembers('t1').topic, name: 'shop.a', origin: 'Adopted' } } }))
    expect(work).toEqual(['shop/b child', 'shop/a child'])
  })

  // Two channels whose brokers reported another id at each read made each other write their statuses without end.
  it('limits the work for channels whose brokers report another id each time', () => {
    const { work, watch } = rig()
    const saying = (name: string, id: string): KubernetesObject =>
      named(name, {
        spec: { topic: { name: `shop.${name}` }, kafka: { bootstrapServers: ['hostile:9092'] } },
        status: { topic: { name: `shop.${name}`, id, clusterId: 'c', origin: 'Adopted' } },
      })
    for (const name of ['a', 'b']) watch.handlers.onUpsert(saying(name, 'x'))
    work.length = 0
    for (let times = 0; times < 100; times++) {
      watch.handlers.onUpsert(saying('a', times % 2 === 0 ? 'y' : 'x'))
      watch.handlers.onUpsert(saying('b', times % 2 === 0 ? 'y' : 'x'))
    }
    expect(work.length).toBeGreaterThan(2)
    expect(work.length).toBeLessThanOrEqual(14)
    expect(work.slice(-2).toSorted()).toEqual(['shop/a later', 'shop/b later'])
  })

  it('enqueues the channels of the first list with the priority of a resync', () => {
    const { work, watch } = rig({ hasSynced: false })
    watch.handlers.onUpsert(named('a'))
    expect(work).toEqual(['shop/a resync'])
  })

  it('enqueues the channels that waited for the topic of a channel that is gone', () => {
    const { work, watch } = rig()
    watch.handlers.onUpsert(named('old', { spec: { topic: { name: 'one' } } }))
    watch.handlers.onUpsert(named('new', { spec: { topic: { name: 'one' } }, metadata: { creationTimestamp: '2026-02-01T00:00:00Z' } }))
    work.length = 0
    watch.handlers.onDelete({ namespace: 'shop', name: 'old' }, null)
    expect(work).toEqual(['shop/new child'])
  })

  it("enqueues the channels that waited for a path when its channel's status releases it, but not that channel", () => {
    const { work, watch } = rig()
    const route = { type: 'Ingress', host: 'a.example', paths: { socket: '/s', api: '/a' } } as const
    const has = { host: 'a.example', socket: '/s', api: '/a' }
    watch.handlers.onUpsert(named('first', { spec: { route: { ...route, host: 'b.example' } }, status: { route: has } }))
    watch.handlers.onUpsert(named('next', { spec: { route } }))
    work.length = 0
    watch.handlers.onUpsert(
      named('first', { spec: { route: { ...route, host: 'b.example' } }, status: { route: { ...has, host: 'b.example' } } }),
    )
    expect(work).toEqual(['shop/next child'])
  })

  it.each([
    [true, ['shop/old user', 'shop/new user']],
    // Among the channels that existed before, the older one wins.
    [false, ['shop/old user', 'shop/new user', 'shop/old child', 'shop/new child']],
  ])(
    'lets a channel claim by a class with a namespace selector before its labels are known, but only until channels are reconciled (%s)',
    (isWorking, expected) => {
      const { work, watch } = rig({
        isWorking,
        resolver: aResolver(createOneClass(aChannelClass({ ...openAllowed, name: 'edge', namespaces: {} }))),
      })
      watch.handlers.onUpsert(named('old', { spec: { topic: { name: 'one' } } }))
      watch.handlers.onUpsert(named('new', { spec: { topic: { name: 'one' } }, metadata: { creationTimestamp: '2026-02-01T00:00:00Z' } }))
      watch.handlers.onDelete({ namespace: 'shop', name: 'old' }, null)
      expect(work).toEqual(expected)
    },
  )

  it('enqueues the channels that waited for a path of a channel of an earlier release, when its addresses drop it', () => {
    const { work, watch } = rig()
    const route = { type: 'Ingress', host: 'a.example', paths: { socket: '/s', api: '/a' } } as const
    watch.handlers.onUpsert(
      named('first', {
        spec: { route: { ...route, host: 'b.example' } },
        status: { url: 'ws://a.example/s/v1/ws', apiUrl: 'http://a.example/a/v1' },
      }),
    )
    watch.handlers.onUpsert(named('next', { spec: { route } }))
    work.length = 0
    watch.handlers.onUpsert(
      named('first', {
        spec: { route: { ...route, host: 'b.example' } },
        status: { url: 'ws://b.example/s/v1/ws', apiUrl: 'http://b.example/a/v1' },
      }),
    )
    expect(work).toEqual(['shop/next child'])
  })

  it('counts the channels that are Ready, and forgets those that are gone', () => {
    const { watch } = rig()
    const ready: NonNullable<RealtimeChannel['status']> = {
      conditions: [{ type: 'Ready', status: 'True', reason: 'Reconciled', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    }
    watch.handlers.onUpsert(named('a', { status: ready }))
    watch.handlers.onUpsert(named('b'))
    expect(watch.count()).toEqual({ ready: 1, notReady: 1 })
    expect(watch.all()).toEqual([
      { namespace: 'shop', name: 'a' },
      { namespace: 'shop', name: 'b' },
    ])
    watch.handlers.onUpsert(named('a'))
    expect(watch.count()).toEqual({ ready: 0, notReady: 2 })
    watch.handlers.onUpsert(named('a', { status: ready }))
    watch.handlers.onDelete({ namespace: 'shop', name: 'a' }, null)
    expect(watch.count()).toEqual({ ready: 0, notReady: 1 })
  })

  it('returns the readiness and reason of channels up to a maximum, those that are not Ready first', () => {
    const { watch } = rig()
    const saying = (status: 'True' | 'False', reason: string): NonNullable<RealtimeChannel['status']> => ({
      conditions: [{ type: 'Ready', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    })
    watch.handlers.onUpsert(named('a', { status: saying('True', 'Reconciled') }))
    watch.handlers.onUpsert(named('b', { status: saying('False', 'QuotaExceeded') }))
    watch.handlers.onUpsert(named('c', { status: saying('False', 'OfAnotherRelease') }))
    watch.handlers.onUpsert(named('d'))
    const readiness = (max: number): readonly string[] =>
      watch.readiness(max).map(({ ref, isReady, reason }) => `${ref.name} ${isReady} ${reason}`)
    expect(readiness(4)).toEqual(['b false QuotaExceeded', 'c false NotLookedAt', 'd false NotLookedAt', 'a true Reconciled'])
    expect(readiness(3)).toEqual(['b false QuotaExceeded', 'c false NotLookedAt', 'd false NotLookedAt'])
    expect(readiness(0)).toEqual([])
    watch.handlers.onUpsert(named('b', { status: saying('True', 'Reconciled') }))
    watch.handlers.onDelete({ namespace: 'shop', name: 'c' }, null)
    expect(readiness(4)).toEqual(['d false NotLookedAt', 'a true Reconciled', 'b true Reconciled'])
  })

  it('drops the claims of a channel that it does not understand', () => {
    const { work, watch } = rig()
    watch.handlers.onUpsert(named('old', { spec: { topic: { name: 'one' } } }))
    watch.handlers.onUpsert(named('new', { spec: { topic: { name: 'one' } }, metadata: { creationTimestamp: '2026-02-01T00:00:00Z' } }))
    work.length = 0
    watch.handlers.onUpsert({ ...named('old', { metadata: { generation: 2 } }), spec: { topic: 'nonsense' } })
    expect(work).toEqual(['shop/old user', 'shop/new child'])
  })
})

describe('the watch of children', () => {
  const channel = aChannel()
  const service = (resourceVersion: string, more: Partial<KubernetesObject['metadata']> = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'chat-gateway', namespace: 'shop', resourceVersion, ...ownedBy(channel), ...more },
  })

  it('enqueues the channel of a child that was changed or deleted', () => {
    const { work, services } = rig()
    services.onUpsert(service('1'))
    services.onUpsert(service('1'))
    services.onDelete({ namespace: 'shop', name: 'chat-gateway' }, null)
    expect(work).toEqual(['shop/chat child', 'shop/chat child'])
  })

  it('finds the channel by the label when the owner reference was removed', () => {
    const { work, services } = rig()
    services.onUpsert(service('1', { ownerReferences: [], labels: { [channelLabel]: 'chat' } }))
    expect(work).toEqual(['shop/chat child'])
  })

  it('ignores objects that belong to no channel', () => {
    const { work, services } = rig()
    services.onUpsert(service('1', { ownerReferences: [] }))
    services.onDelete({ namespace: 'shop', name: 'chat-gateway' }, null)
    expect(work).toEqual([])
  })

  it('only notes the children of the first list', () => {
    const { work, services, children } = rig({ hasSynced: false })
    services.onUpsert(service('1'))
    expect(work).toEqual([])
    expect([...children.keysOf({ namespace: 'shop', name: 'chat' })]).toEqual(['Service/chat-gateway'])
  })
})
