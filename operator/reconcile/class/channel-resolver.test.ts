import { describe, expect, it } from 'vitest'
import { apiVersion, channelKind, type RealtimeChannelSpec, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ResourceType } from '../../../api/kubernetes.ts'
import { aChannelClass } from '../../testing/class-builders.ts'
import { smallestSpec } from '../../testing/channel-builders.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { failed, ok } from '../../../program/result.ts'
import type { ChannelClass } from './channel-class.ts'
import { createOneClass, type Classes } from './classes.ts'
import { createChannelResolver, maxNamespaces } from './channel-resolver.ts'

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }

const written = (spec: RealtimeChannelSpec = {}): WrittenChannel => ({
  apiVersion,
  kind: channelKind,
  metadata: { name: 'chat', namespace: 'shop' },
  spec: { ...smallestSpec, ...spec },
})

const nowhere: Classes = { find: () => failed({ reason: 'ClassNotFound', message: 'There is none.' }), brokers: () => [] }

async function rig(of: ChannelClass | Classes, labels: Readonly<Record<string, string>> | null = {}) {
  const api = createMemoryKubernetes()
  if (labels !== null) await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  const resolver = createChannelResolver({
    api,
    classes: 'find' in of ? of : createOneClass(of),
    image: 'carillon:1',
    brokers: ['kafka:9092'],
  })
  const gets = (): number => api.requests().filter(({ verb }) => verb === 'get').length
  return { resolver, gets }
}

const edge = aChannelClass({
  name: 'edge',
  defaults: { kafka: { bootstrapServers: ['class:9092'] }, route: { host: 'NAMESPACE.apps.example.com', paths: { socket: '/s/NAME' } } },
  pathPrefixes: ['/api/NAME'],
  deletion: 'Never',
  maxPartitions: 7,
})

describe('a channel under its class', () => {
  it('has the defaults of the class, and its rules for topics', async () => {
    const { resolver, gets } = await rig(edge)
    const held = await resolver.resolve(written())
    expect(held).toMatchObject({
      value: {
        value: {
          className: 'edge',
          brokers: ['class:9092'],
          topicRules: { topics: ['NAMESPACE.*'], adopt: false, deletion: 'Never', maxPartitions: 7 },
          channel: { spec: { route: { type: 'Ingress', host: 'shop.apps.example.com', paths: { socket: '/s/chat' } } } },
        },
      },
    })
    expect(gets()).toBe(0)
  })

  it('is refused for what the class does not allow, with the field, the value, the bound and the class', async () => {
    const { resolver } = await rig(edge)
    expect(resolver.resolveKnown(written({ route: { host: 'a.example.com' }, topic: { partitions: 8 } }), 'refused')).toEqual({
      ok: false,
      error: {
        reason: 'NotAllowedByClass',
        message:
          'spec.topic.partitions is 8, and the class edge allows 7 at most (spec.allowed.maxPartitions). spec.route.host is a.example.com, and the class edge allows none (spec.allowed.hosts). Change it, or ask an administrator to allow it in the class.',
      },
    })
  })

  it('names at most ten violations, and counts the rest', async () => {
    const { resolver } = await rig(edge)
    const podLabels = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`label-${index}`, 'x']))
    const held = resolver.resolveKnown(written({ gateway: { podLabels } }), 'refused')
    const message = held.ok ? '' : held.error.message
    expect(message.match(/spec\.gateway\.podLabels is/g)).toHaveLength(10)
    expect(message).toContain('3 more are not shown.')
  })

  it('is refused with the way to get more where there is no class', async () => {
    const { resolver } = await rig(aChannelClass())
    expect(resolver.resolveKnown(written({ gateway: { image: 'other:1' } }), 'refused')).toMatchObject({
      error: {
        message:
          'spec.gateway.image is other:1, and a channel without a class may have carillon:1 (spec.allowed.images). Change it, or ask an administrator for a RealtimeChannelClass that allows it.',
      },
    })
  })

  it('may have a class of chosen namespaces when its own is one of them', async () => {
    const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })
    const [inside, outside, unknown] = await Promise.all([rig(chosen, { team: 'edge' }), rig(chosen, { team: 'core' }), rig(chosen, null)])
    expect(await inside.resolver.resolve(written())).toMatchObject({ ok: true, value: { ok: true } })
    expect(inside.gets()).toBe(1)
    expect(await outside.resolver.resolve(written())).toMatchObject({
      ok: true,
      value: { ok: false, error: { reason: 'NotAllowedByClass', message: expect.stringContaining('is not for the namespace shop') } },
    })
    expect(await unknown.resolver.resolve(written())).toMatchObject({ ok: false, error: { kind: 'not-found' } })
  })
})

describe('a class of chosen namespaces, without a read', () => {
  const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })

  it('includes the namespaces that it included when they were last read', async () => {
    const [inside, outside] = await Promise.all([rig(chosen, { team: 'edge' }), rig(chosen, { team: 'core' })])
    await Promise.all([inside.resolver.resolve(written()), outside.resolver.resolve(written())])
    expect([inside.resolver.resolveKnown(written(), 'refused').ok, outside.resolver.resolveKnown(written(), 'allowed').ok]).toEqual([
      true,
      false,
    ])
  })

  it('includes unread namespaces or not, as the caller asks', async () => {
    const { resolver, gets } = await rig(chosen, { team: 'core' })
    expect([resolver.resolveKnown(written(), 'allowed').ok, resolver.resolveKnown(written(), 'refused').ok]).toEqual([true, false])
    expect(gets()).toBe(0)
  })

  it('remembers the labels of a limited number of namespaces', async () => {
    const { resolver } = await rig(chosen, { team: 'edge' })
    const api = { get: async () => ok({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'any', labels: { team: 'edge' } } }) }
    const many = createChannelResolver({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
    const of = (namespace: string): WrittenChannel => ({ ...written(), metadata: { name: 'chat', namespace } })
    for (let index = 0; index <= maxNamespaces; index += 1) await many.resolve(of(`n${index}`))
    expect([
      many.resolveKnown(of('n0'), 'refused').ok,
      many.resolveKnown(of('n1'), 'refused').ok,
      resolver.resolveKnown(of('n1'), 'refused').ok,
    ]).toEqual([false, true, false])
  })
})

it('refuses a channel of a namespace that the operator is not allowed to read, when the class chooses namespaces', async () => {
  const api = { get: async () => failed({ kind: 'forbidden', message: 'no', code: 403 } as const) }
  const classes = createOneClass(aChannelClass({ name: 'edge', namespaces: {} }))
  const resolver = createChannelResolver({ api, classes, image: 'carillon:1', brokers: [] })
  expect(await resolver.resolve(written())).toMatchObject({
    ok: true,
    value: { ok: false, error: { reason: 'Forbidden', message: expect.stringContaining('not allowed to read the labels of shop') } },
  })
})

describe('a channel that is being deleted', () => {
  const deleting = written({ topic: { deletionPolicy: 'Delete' } })
  const nothingDeleted = { ok: true, value: { topicRules: { topics: [], deletion: 'Never' } } }
  const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })

  it.each([
    ['allows it', aChannelClass({ name: 'edge' })],
    ['is for its namespace', chosen],
  ])('keeps the rules of a class that %s', async (_title, of) => {
    const { resolver } = await rig(of, { team: 'edge' })
    expect(await resolver.resolveAtEnd(deleting)).toMatchObject({
      value: { topicRules: { deletion: 'CreatedOnly' }, channel: { spec: { topic: { deletionPolicy: 'Delete' } } } },
    })
  })

  it.each([
    ['is unknown', nowhere, {}],
    ['does not allow it', aChannelClass({ name: 'edge' }), { kafka: { bootstrapServers: ['hostile:9092'] } }],
    ['leaves it incomplete', aChannelClass({ name: 'edge' }), { auth: {} }],
    ['is not for its namespace', chosen, { topic: { deletionPolicy: 'Delete' } }],
  ] as const)('may go, and deletes nothing, when its class %s', async (_title, of, spec) => {
    const { resolver } = await rig(of)
    expect(await resolver.resolveAtEnd(written(spec))).toMatchObject(nothingDeleted)
  })

  it.each(['forbidden', 'not-found'] as const)(
    'may go, and deletes nothing, when its class is for some namespaces and the answer about its own is %s',
    async (kind) => {
      const api = { get: async () => failed({ kind, message: 'no', code: 403 } as const) }
      const resolver = createChannelResolver({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
      expect(await resolver.resolveAtEnd(deleting)).toMatchObject(nothingDeleted)
    },
  )

  it('waits while the API server does not answer for its namespace, so that no topic is left behind', async () => {
    const api = { get: async () => failed({ kind: 'unavailable', message: 'no', code: 503 } as const) }
    const resolver = createChannelResolver({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
    expect(await resolver.resolveAtEnd(deleting)).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })
})
