import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { createTopicClaims, type FoundIds, type TopicClaims } from './claims.ts'
import { perUse, topicUses, type TopicUse } from './topic-uses.ts'
import { closedTopicRules } from '../../testing/channel-builders.ts'

interface Asked {
  readonly namespace?: string
  readonly name: string
  readonly day?: number
  readonly topic?: string
  readonly letters?: string
  /** Names of these topics; without a name, the channel has none. */
  readonly upstream?: string
  readonly control?: string
  readonly brokers?: readonly string[]
  /** Ids of topics that the status remembers. */
  readonly has?: Partial<Record<TopicUse, string>>
}

/** Only what claims are made of. */
function channel({ namespace = 'team', name, day = 1, topic, letters, upstream, control, brokers, has = {} }: Asked): RealtimeChannel {
  const own = topic ?? `${namespace}.${name}`
  const spec = {
    kafka: brokers === undefined ? {} : { bootstrapServers: brokers },
    topic: {
      name: own,
      deadLetters: { enabled: true, ...(letters === undefined ? {} : { name: letters }) },
      control: { enabled: control !== undefined, name: control },
    },
    ...(upstream === undefined ? {} : { upstream: { topic: { name: upstream } } }),
  }
  const record = (use: TopicUse, recorded: string) =>
    has[use] === undefined ? {} : { [use]: { name: recorded, id: has[use], clusterId: 'cluster', origin: 'Created' } }
  const status = {
    ...record('topic', own),
    ...record('deadLetters', letters ?? `${own}.dlq`),
    ...record('upstream', upstream ?? `${own}.upstream`),
    ...record('control', control ?? `${own}.control`),
  }
  return {
    metadata: { namespace, name, uid: `uid-${name}`, creationTimestamp: `2026-01-0${day}T00:00:00Z` },
    spec,
    status,
  } as unknown as RealtimeChannel // The rest is not looked at.
}

const anything = { topics: ['*'] }
const ids = (topicId: string) => ({ topicId, clusterId: 'cluster' })
const nothing: FoundIds = perUse(() => null)
const found = (topic?: string, deadLetters?: string): FoundIds => ({
  ...nothing,
  topic: topic === undefined ? null : ids(topic),
  deadLetters: deadLetters === undefined ? null : ids(deadLetters),
})
const make = (...channels: readonly RealtimeChannel[]): TopicClaims => {
  const claims = createTopicClaims({ defaultBrokers: ['kafka:9092'] })
  for (const each of channels) claims.upsert(each, anything)
  return claims
}
const rivals = (claims: TopicClaims, of: RealtimeChannel, ids_: FoundIds = found()) => claims.rivalsOf(of, anything, ids_)

describe('a topic that two channels reach by different addresses of one cluster', () => {
  // A tenant named the brokers by another address, adopted the topic of an older channel, and deleted it with its records.
  const elder = channel({ name: 'prod', topic: 'orders', has: { topic: 't1' } })
  const younger = channel({ name: 'blue', topic: 'orders', brokers: ['localhost:9092'], day: 2 })

  it("is the one channel's whose status remembers it", () => {
    const claims = make(elder, younger)
    expect(rivals(claims, younger, found('t1')).topic).toEqual({ namespace: 'team', name: 'prod', use: 'topic' })
    expect(rivals(claims, elder, found('t1')).topic).toBeNull()
  })

  it('is reported as used by both channels when both statuses remember it', () => {
    const adopted = channel({ name: 'blue', topic: 'orders', brokers: ['localhost:9092'], day: 2, has: { topic: 't1' } })
    const claims = make(elder, adopted)
    expect(rivals(claims, elder, found('t1')).alsoUsing.topic).toEqual({ namespace: 'team', name: 'blue' })
    expect(rivals(claims, adopted, found('t1')).alsoUsing.topic).toEqual({ namespace: 'team', name: 'prod' })
  })

  it("is the channel's at the operator's own brokers, although an older one elsewhere remembers it, because other brokers could report any id", () => {
    const liar = channel({ name: 'liar', topic: 'x', brokers: ['evil:9092'], has: { topic: 't1' } })
    const victim = channel({ name: 'victim', topic: 'orders', day: 2 })
    const claims = make(liar, victim)
    expect(rivals(claims, victim, found('t1')).topic).toBeNull()
    // The victim gets the topic once its status remembers it.
    claims.upsert(channel({ name: 'victim', topic: 'orders', day: 2, has: { topic: 't1' } }), anything)
    expect(rivals(claims, liar, found('t1')).topic).toMatchObject({ name: 'victim' })
  })

  it("is the channel's at brokers that a class names, although an older one elsewhere remembers it", () => {
    const liar = channel({ name: 'liar', topic: 'x', brokers: ['evil:9092'], has: { topic: 't1' } })
    const victim = channel({ name: 'victim', topic: 'orders', brokers: ['kafka.platform:9092'], day: 2, has: { topic: 't1' } })
    const claims = createTopicClaims({ defaultBrokers: [], brokersOfClasses: () => [['kafka.platform:9092']] })
    for (const each of [liar, victim]) claims.upsert(each, anything)
    expect(rivals(claims, victim, found('t1')).topic).toBeNull()
    expect(rivals(claims, liar, found('t1')).topic).toMatchObject({ name: 'victim' })
  })

  it('is another topic in another cluster, or with another id', () => {
    const claims = make(elder, younger)
    expect(rivals(claims, younger, found('t2')).topic).toBeNull()
    expect(rivals(claims, younger, { ...nothing, topic: { topicId: 't1', clusterId: 'other' } }).topic).toBeNull()
    expect(rivals(claims, younger, { ...nothing, topic: { topicId: null, clusterId: 'cluster' } }).topic).toBeNull()
  })
})

describe('a topic that two channels name', () => {
  it('stays with the channel that has it, although the other is older', () => {
    const [old, holder] = [channel({ name: 'old', topic: 'one' }), channel({ name: 'holder', topic: 'one', day: 2, has: { topic: 't1' } })]
    const claims = make(old, holder)
    expect(rivals(claims, old).topic).toMatchObject({ name: 'holder' })
    expect(rivals(claims, holder).topic).toBeNull()
  })

  it("is the younger channel's when the older may not use a topic of this name", () => {
    const [squatter, owner] = [channel({ namespace: 'evil', name: 'squatter', topic: 'team.news' }), channel({ name: 'news', day: 2 })]
    const claims = createTopicClaims({ defaultBrokers: [] })
    claims.upsert(squatter, closedTopicRules)
    claims.upsert(owner, closedTopicRules)
    expect(claims.rivalsOf(owner, closedTopicRules, found()).topic).toBeNull()
  })
})

describe('a channel that is refused as a whole', () => {
  it('keeps the topic that its status remembers, and names no other', () => {
    const refused = channel({ name: 'refused', topic: 'one', has: { topic: 't1' } })
    const [same, other] = [
      channel({ name: 'same', topic: 'one', brokers: ['localhost:9092'], day: 2 }),
      channel({ name: 'other', topic: 'one', day: 2 }),
    ]
    const claims = make(same, other)
    claims.suspend(refused)
    expect(rivals(claims, same, found('t1')).topic).toMatchObject({ name: 'refused' })
    expect(rivals(claims, other).topic).toBeNull()
    expect(rivals(claims, other, found('t1')).alsoUsing.topic).toMatchObject({ name: 'refused' })
  })

  // A status of an earlier release names no brokers, and all channels are refused while their class is not there yet.
  it.each([
    ["the operator's", undefined, 'refused'],
    ['others', ['hostile:9092'], undefined],
  ])(
    'is kept from a channel at brokers of the operator by one that is refused, whose status names no brokers, if those of its spec are %s',
    (_whose, brokers, rival) => {
      const other = channel({ name: 'other', topic: 'one', day: 2 })
      const claims = make(other)
      claims.suspend(channel({ name: 'refused', topic: 'one', has: { topic: 't1' }, ...(brokers === undefined ? {} : { brokers }) }))
      expect(rivals(claims, other, found('t1')).topic?.name).toBe(rival)
    },
  )
})

describe('a dead letter topic', () => {
  const victim = channel({ name: 'victim', day: 2, has: { topic: 't1', deadLetters: 'd1' } })

  it('cannot be the topic of another channel, even of a younger one', () => {
    const thief = channel({ name: 'thief', letters: 'team.victim' })
    expect(rivals(make(victim, thief), thief).deadLetters).toEqual({ namespace: 'team', name: 'victim', use: 'topic' })
    expect(rivals(make(victim, thief), victim)).toMatchObject({ topic: null, deadLetters: null })
  })

  it('cannot be the topic of another channel by another address of the cluster', () => {
    const thief = channel({ name: 'thief', letters: 'team.victim', brokers: ['localhost:9092'] })
    expect(rivals(make(victim, thief), thief, found('own', 't1')).deadLetters).toMatchObject({ name: 'victim' })
  })

  it("gives way to a channel's topic while no channel has it", () => {
    const [letters, events] = [channel({ name: 'letters', letters: 'team.events' }), channel({ name: 'events', day: 2 })]
    const claims = make(letters, events)
    expect(rivals(claims, letters).deadLetters).toMatchObject({ name: 'events', use: 'topic' })
    expect(rivals(claims, events).topic).toBeNull()
  })

  it('does not become the topic of a new channel while it is in use', () => {
    const thief = channel({ name: 'thief', topic: 'team.victim.dlq' })
    expect(rivals(make(victim, thief), thief).topic).toEqual({ namespace: 'team', name: 'victim', use: 'deadLetters' })
  })

  it('belongs to one channel only', () => {
    const [first, second] = [channel({ name: 'a', letters: 'team.lost' }), channel({ name: 'b', letters: 'team.lost', day: 2 })]
    expect(rivals(make(first, second), second).deadLetters).toMatchObject({ name: 'a', use: 'deadLetters' })
  })
})

describe('the rivals of a topic claim', () => {
  it('are returned when a channel appears, remembers a topic, changes, or is deleted', () => {
    const [a, b] = [
      channel({ name: 'a', topic: 'one' }),
      channel({ name: 'b', topic: 'one', brokers: ['localhost:9092'], day: 2, has: { topic: 't1' } }),
    ]
    const claims = make(b)
    expect(claims.upsert(a, anything)).toEqual([])
    expect(claims.upsert(channel({ name: 'a', topic: 'one', has: { topic: 't1' } }), anything)).toEqual([{ namespace: 'team', name: 'b' }])
    expect(claims.upsert(channel({ name: 'a', topic: 'one', has: { topic: 't1' } }), anything)).toEqual([])
    expect(claims.remove({ namespace: 'team', name: 'a' })).toEqual([{ namespace: 'team', name: 'b' }])
    expect(claims.remove({ namespace: 'team', name: 'a' })).toEqual([])
  })
})

describe('the channels that claim one topic', () => {
  const one = fc.record({
    day: fc.integer({ min: 1, max: 3 }),
    isElsewhere: fc.boolean(),
    remembers: fc.boolean(),
    use: fc.constantFrom(...topicUses),
  })

  const named: Readonly<Record<TopicUse, Partial<Asked>>> = {
    topic: { topic: 'the.one' },
    deadLetters: { letters: 'the.one' },
    upstream: { upstream: 'the.one' },
    control: { control: 'the.one' },
  }

  it('end with exactly one owner once the channels that found the topic remember it, in any order and from any earlier records', () => {
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat()), (all, order) => {
        const build = (remembered: readonly boolean[]) =>
          all.map(({ day, isElsewhere, use }, index) => {
            return {
              use,
              of: channel({
                name: `c${index}`,
                day,
                ...(isElsewhere ? { brokers: ['localhost:9092'] } : {}),
                ...named[use],
                has: remembered[index] === true ? { [use]: 't1' } : {},
              }),
            }
          })
        const winnersOf = (channels: ReturnType<typeof build>): readonly boolean[] => {
          const claims = make(
            ...channels
              .map(({ of }) => ({ of, at: order.next().value ?? 0 }))
              .toSorted((a, b) => a.at - b.at)
              .map(({ of }) => of),
          )
          return channels.map(({ of, use }) => rivals(claims, of, { ...perUse(() => ids('else')), [use]: ids('t1') })[use] === null)
        }
        const before = all.map(({ remembers }) => remembers)
        const first = winnersOf(build(before))
        const second = winnersOf(build(before.map((was, index) => was || first[index] === true)))
        expect(first).toContain(true)
        expect(second.filter((hasIt) => hasIt)).toHaveLength(1)
      }),
      { numRuns: 1_000 },
    )
  })
})
