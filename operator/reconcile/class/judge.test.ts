import { describe, expect, it } from 'vitest'
import { apiVersion, channelKind, type RealtimeChannelSpec, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ResourceType } from '../../../api/kubernetes.ts'
import { aChannelClass } from '../../testing/class-builders.ts'
import { smallestSpec } from '../../testing/channel-builders.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { failed, ok } from '../../../program/result.ts'
import type { ChannelClass } from './channel-class.ts'
import { createOneClass, type Classes } from './classes.ts'
import { createJudge, maxNamespaces } from './judge.ts'

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }

const written = (spec: RealtimeChannelSpec = {}): WrittenChannel => ({
  apiVersion,
  kind: channelKind,
  metadata: { name: 'chat', namespace: 'shop' },
  spec: { ...smallestSpec, ...spec },
})

const nowhere: Classes = { find: () => failed({ reason: 'ClassNotFound', message: 'There is none.' }), brokers: () => [] }

async function judgeBy(of: ChannelClass | Classes, labels: Readonly<Record<string, string>> | null = {}) {
  const api = createMemoryKubernetes()
  if (labels !== null) await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } })
  const judge = createJudge({ api, classes: 'find' in of ? of : createOneClass(of), image: 'carillon:1', brokers: ['kafka:9092'] })
  const gets = (): number => api.requests().filter(({ verb }) => verb === 'get').length
  return { judge, gets }
}

const edge = aChannelClass({
  name: 'edge',
  defaults: { kafka: { bootstrapServers: ['class:9092'] }, route: { host: 'NAMESPACE.apps.example.com', paths: { socket: '/s/NAME' } } },
  pathPrefixes: ['/api/NAME'],
  deletion: 'Never',
  maxPartitions: 7,
})

describe('a channel under its class', () => {
  it('has what the class provides, and its rules about topics', async () => {
    const { judge, gets } = await judgeBy(edge)
    const held = await judge.judge(written())
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
    const { judge } = await judgeBy(edge)
    expect(judge.atOnce(written({ route: { host: 'a.example.com' }, topic: { partitions: 8 } }), 'refused')).toEqual({
      ok: false,
      error: {
        reason: 'NotAllowedByClass',
        message:
          'spec.topic.partitions is 8, and the class edge allows 7 at most (spec.allowed.maxPartitions). spec.route.host is a.example.com, and the class edge allows none (spec.allowed.hosts). Change it, or ask an administrator to allow it in the class.',
      },
    })
  })

  it('names ten violations at most, and says how many more there are', async () => {
    const { judge } = await judgeBy(edge)
    const podLabels = Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`label-${index}`, 'x']))
    const held = judge.atOnce(written({ gateway: { podLabels } }), 'refused')
    const message = held.ok ? '' : held.error.message
    expect(message.match(/spec\.gateway\.podLabels is/g)).toHaveLength(10)
    expect(message).toContain('3 more are not shown.')
  })

  it('is told how to get more where there is no class', async () => {
    const { judge } = await judgeBy(aChannelClass())
    expect(judge.atOnce(written({ gateway: { image: 'other:1' } }), 'refused')).toMatchObject({
      error: {
        message:
          'spec.gateway.image is other:1, and a channel without a class may have carillon:1 (spec.allowed.images). Change it, or ask an administrator for a RealtimeChannelClass that allows it.',
      },
    })
  })

  it('may have a class of chosen namespaces when its own is one of them', async () => {
    const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })
    const [inside, outside, unknown] = await Promise.all([
      judgeBy(chosen, { team: 'edge' }),
      judgeBy(chosen, { team: 'core' }),
      judgeBy(chosen, null),
    ])
    expect(await inside.judge.judge(written())).toMatchObject({ ok: true, value: { ok: true } })
    expect(inside.gets()).toBe(1)
    expect(await outside.judge.judge(written())).toMatchObject({
      ok: true,
      value: { ok: false, error: { reason: 'NotAllowedByClass', message: expect.stringContaining('is not for the namespace shop') } },
    })
    expect(await unknown.judge.judge(written())).toMatchObject({ ok: false, error: { kind: 'not-found' } })
  })
})

describe('a class of chosen namespaces, without a read', () => {
  const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })

  it('is for the namespaces that it was for when they were read last', async () => {
    const [inside, outside] = await Promise.all([judgeBy(chosen, { team: 'edge' }), judgeBy(chosen, { team: 'core' })])
    await Promise.all([inside.judge.judge(written()), outside.judge.judge(written())])
    expect([inside.judge.atOnce(written(), 'refused').ok, outside.judge.atOnce(written(), 'allowed').ok]).toEqual([true, false])
  })

  it('is for the others or not, as whoever asks wants it', async () => {
    const { judge, gets } = await judgeBy(chosen, { team: 'core' })
    expect([judge.atOnce(written(), 'allowed').ok, judge.atOnce(written(), 'refused').ok]).toEqual([true, false])
    expect(gets()).toBe(0)
  })

  it('remembers the labels of so many namespaces, and no more', async () => {
    const { judge } = await judgeBy(chosen, { team: 'edge' })
    const api = { get: async () => ok({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'any', labels: { team: 'edge' } } }) }
    const many = createJudge({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
    const of = (namespace: string): WrittenChannel => ({ ...written(), metadata: { name: 'chat', namespace } })
    for (let index = 0; index <= maxNamespaces; index += 1) await many.judge(of(`n${index}`))
    expect([many.atOnce(of('n0'), 'refused').ok, many.atOnce(of('n1'), 'refused').ok, judge.atOnce(of('n1'), 'refused').ok]).toEqual([
      false,
      true,
      false,
    ])
  })
})

it('refuses a channel of a namespace that the operator may not read, when the class is only for some', async () => {
  const api = { get: async () => failed({ kind: 'forbidden', message: 'no', code: 403 } as const) }
  const classes = createOneClass(aChannelClass({ name: 'edge', namespaces: {} }))
  const judge = createJudge({ api, classes, image: 'carillon:1', brokers: [] })
  expect(await judge.judge(written())).toMatchObject({
    ok: true,
    value: { ok: false, error: { reason: 'Forbidden', message: expect.stringContaining('may not read the labels of shop') } },
  })
})

describe('a channel at its end', () => {
  const deleting = written({ topic: { deletionPolicy: 'Delete' } })
  const nothingDeleted = { ok: true, value: { topicRules: { topics: [], deletion: 'Never' } } }
  const chosen = aChannelClass({ name: 'edge', namespaces: { matchLabels: { team: 'edge' } } })

  it.each([
    ['allows it', aChannelClass({ name: 'edge' })],
    ['is for its namespace', chosen],
  ])('keeps the rules of a class that %s', async (_title, of) => {
    const { judge } = await judgeBy(of, { team: 'edge' })
    expect(await judge.atItsEnd(deleting)).toMatchObject({
      value: { topicRules: { deletion: 'CreatedOnly' }, channel: { spec: { topic: { deletionPolicy: 'Delete' } } } },
    })
  })

  it.each([
    ['is unknown', nowhere, {}],
    ['does not allow it', aChannelClass({ name: 'edge' }), { kafka: { bootstrapServers: ['hostile:9092'] } }],
    ['leaves it incomplete', aChannelClass({ name: 'edge' }), { auth: {} }],
    ['is not for its namespace', chosen, { topic: { deletionPolicy: 'Delete' } }],
  ] as const)('may go, and deletes nothing, when its class %s', async (_title, of, spec) => {
    const { judge } = await judgeBy(of)
    expect(await judge.atItsEnd(written(spec))).toMatchObject(nothingDeleted)
  })

  it.each(['forbidden', 'not-found'] as const)(
    'may go, and deletes nothing, when its class is for some namespaces and the answer about its own is %s',
    async (kind) => {
      const api = { get: async () => failed({ kind, message: 'no', code: 403 } as const) }
      const judge = createJudge({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
      expect(await judge.atItsEnd(deleting)).toMatchObject(nothingDeleted)
    },
  )

  it('waits while the API server cannot tell of its namespace, so that no topic is left behind for that', async () => {
    const api = { get: async () => failed({ kind: 'unavailable', message: 'no', code: 503 } as const) }
    const judge = createJudge({ api, classes: createOneClass(chosen), image: 'carillon:1', brokers: [] })
    expect(await judge.atItsEnd(deleting)).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })
})
