import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { openTopicRules } from '../../testing/channel-builders.ts'
import { createClaims } from './claims.ts'
import { perUse } from '../topic/topic-uses.ts'

interface Asked {
  readonly namespace?: string
  readonly name: string
  readonly created?: string
  readonly topic?: string
  readonly brokers?: readonly string[]
  readonly host?: string
  readonly socket?: string
}

/** A channel with only the fields that claims read. */
function channel({ namespace = 'team', name, created = '2026-01-01T00:00:00Z', topic, brokers, host, socket }: Asked): RealtimeChannel {
  const route = {
    type: host === undefined ? 'None' : 'Ingress',
    paths: socket === undefined ? {} : { socket },
    ...(host === undefined ? {} : { host }),
  }
  const spec = {
    kafka: brokers === undefined ? {} : { bootstrapServers: brokers },
    topic: { deadLetters: { enabled: false }, control: { enabled: false }, ...(topic === undefined ? {} : { name: topic }) },
    route,
  }
  return { metadata: { namespace, name, uid: `uid-${namespace}-${name}`, creationTimestamp: created }, spec } as unknown as RealtimeChannel // Other fields are not read.
}

const ref = (name: string, namespace = 'team') => ({ namespace, name })
const nothingFound = perUse(() => null)

/** Claims of the channels that were upserted, by name. */
function make(defaultBrokers: readonly string[] = ['kafka:9092']) {
  const claims = createClaims({ defaultBrokers })
  const known = new Map<string, RealtimeChannel>()
  return {
    upsert: (given: RealtimeChannel) => {
      known.set(`${given.metadata.namespace ?? ''}/${given.metadata.name}`, given)
      return claims.upsert(given, openTopicRules)
    },
    remove: claims.remove,
    rivalsOf: ({ namespace, name }: ReturnType<typeof ref>) =>
      claims.rivalsOf(known.get(`${namespace}/${name}`) ?? channel({ namespace, name }), openTopicRules, nothingFound),
  }
}

describe('claims', () => {
  it('give a topic that two channels name to the older one', () => {
    const claims = make()
    claims.upsert(channel({ name: 'new', topic: 'shared', created: '2026-02-01T00:00:00Z' }))
    claims.upsert(channel({ name: 'old', topic: 'shared', namespace: 'other' }))
    expect(claims.rivalsOf(ref('new')).topic).toEqual({ ...ref('old', 'other'), use: 'topic' })
    expect(claims.rivalsOf(ref('old', 'other')).topic).toBeNull()
  })

  it("know that one channel's default name can be another channel's explicit name", () => {
    const claims = make()
    claims.upsert(channel({ name: 'a' }))
    claims.upsert(channel({ name: 'b', topic: 'team.a', created: '2026-02-01T00:00:00Z' }))
    expect(claims.rivalsOf(ref('b')).topic).toEqual({ ...ref('a'), use: 'topic' })
  })

  it('treat the cluster of the options and the same brokers in any order as one cluster', () => {
    const claims = make(['k1:9092', 'k2:9092'])
    claims.upsert(channel({ name: 'a', topic: 't' }))
    claims.upsert(channel({ name: 'b', topic: 't', brokers: ['k2:9092', 'k1:9092'], created: '2026-02-01T00:00:00Z' }))
    claims.upsert(channel({ name: 'c', topic: 't', brokers: ['elsewhere:9092'], created: '2026-03-01T00:00:00Z' }))
    expect(claims.rivalsOf(ref('b')).topic).toEqual({ ...ref('a'), use: 'topic' })
    expect(claims.rivalsOf(ref('c')).topic).toBeNull()
  })

  it('give a path of a host to the older one, and let others share the host', () => {
    const claims = make()
    claims.upsert(channel({ name: 'x', host: 'a.example', topic: 't1' }))
    claims.upsert(channel({ name: 'x', namespace: 'other', host: 'a.example', topic: 't2', created: '2026-02-01T00:00:00Z' }))
    claims.upsert(channel({ name: 'y', host: 'a.example', topic: 't3' }))
    expect(claims.rivalsOf(ref('x', 'other')).route).toEqual({ channel: ref('x'), path: 'a.example/wss/x', taken: 'a.example/wss/x' })
    expect(claims.rivalsOf(ref('y')).route).toBeNull()
  })

  it('return the waiting channels when a claim ends or changes', () => {
    const claims = make()
    claims.upsert(channel({ name: 'old', topic: 'shared' }))
    expect(claims.upsert(channel({ name: 'new', topic: 'shared', created: '2026-02-01T00:00:00Z' }))).toEqual([ref('old')])
    expect(claims.upsert(channel({ name: 'old', topic: 'shared' }))).toEqual([])
    expect(claims.remove(ref('old'))).toEqual([ref('new')])
    expect(claims.rivalsOf(ref('new')).topic).toBeNull()
    expect(claims.remove(ref('old'))).toEqual([])
  })

  it('give each claim to exactly one of its channels, in any order of events', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
    fc.assert(
      fc.property(
        names,
        fc.array(fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'), { minLength: 5, maxLength: 5 }),
        (order, ages) => {
          const claims = make()
          for (const name of order) claims.upsert(channel({ name, topic: 'one', created: ages['abcde'.indexOf(name)] ?? '' }))
          const winners = order.filter((name) => claims.rivalsOf(ref(name)).topic === null)
          const [eldest] = [...order].sort((a, b) => `${ages['abcde'.indexOf(a)]}${a}`.localeCompare(`${ages['abcde'.indexOf(b)]}${b}`))
          expect(winners).toEqual([eldest])
        },
      ),
    )
  })
})
