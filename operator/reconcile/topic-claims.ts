import { deadLetterTopicOf, topicNameOf } from '../api/v1alpha1/channel-names.ts'
import type { RealtimeChannel } from '../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../runtime/kubernetes-api.ts'
import type { TopicRecord } from './actions.ts'
import { sameBrokers } from './connection.ts'
import type { TopicRivals, TopicRival, TopicUse } from './world.ts'

/**
 * Which channel has which topic. Each topic has one channel, and one use there: its events, or its dead letters.
 *
 * Names alone cannot tell. One cluster has many addresses, so the same name at other addresses may be the same topic. Therefore a channel claims a topic
 * twice: by its name and the list of brokers, before anybody has asked Kafka; and by the ids of cluster and topic that its status remembers.
 *
 * Of two channels that claim one topic, the first of these has it:
 *   1. by ids only: the one at the operator's own brokers, because brokers that a channel names could tell any id;
 *   2. the one whose status remembers the topic, so that nobody loses a topic that is in use;
 *   3. the one that uses it for events, not for dead letters;
 *   4. the older one, by creation and then by uid, which every restart of the operator finds again.
 * A name that a channel is not allowed to use is no claim: nobody can keep others from a topic that way.
 */
export interface TopicClaims {
  /** Returns the other channels for which something may change. */
  upsert(channel: RealtimeChannel): readonly ObjectRef[]
  remove(ref: ObjectRef): readonly ObjectRef[]
  /** @param found the topics of the channel as Kafka describes them now; null: missing or unknown */
  rivalsOf(channel: RealtimeChannel, found: FoundIds): TopicRivals
}

export type FoundIds = Readonly<Record<TopicUse, TopicIds | null>>

/** What brokers tell of a topic, besides its name. */
export interface TopicIds {
  readonly topicId: string | null
  readonly clusterId: string | null
}

export interface TopicClaimsParts {
  readonly defaultBrokers: readonly string[]
  /** @default a channel may use any topic */
  readonly mayUseTopic?: (channel: RealtimeChannel, topic: string) => boolean
}

interface Claim {
  readonly ref: ObjectRef
  readonly use: TopicUse
  /** Sorts by age. */
  readonly age: string
  /** Brokers and name; null: the channel may not use a topic of this name. */
  readonly name: string | null
  /** Cluster and topic, as the status remembers them. */
  readonly ids: string | null
  readonly isAtOwnBrokers: boolean
}

const uses = ['topic', 'deadLetters'] as const satisfies readonly TopicUse[]

export function createTopicClaims(parts: TopicClaimsParts): TopicClaims {
  const byChannel = new Map<string, readonly Claim[]>()
  const claimants = new Map<string, Set<Claim>>()

  const others = (ref: ObjectRef, key: string | null): readonly Claim[] => (key === null ? [] : [...(claimants.get(key) ?? [])].filter((claim) => keyOf(claim.ref) !== keyOf(ref)))

  const sharers = (claims: readonly Claim[]): readonly ObjectRef[] => claims.flatMap((claim) => keysOf(claim).flatMap((key) => others(claim.ref, key))).map(({ ref }) => ref)

  function forget(ref: ObjectRef): readonly Claim[] {
    const claims = byChannel.get(keyOf(ref)) ?? []
    byChannel.delete(keyOf(ref))
    for (const claim of claims) {
      for (const key of keysOf(claim)) {
        const all = claimants.get(key)
        all?.delete(claim)
        if (all?.size === 0) claimants.delete(key)
      }
    }
    return claims
  }

  function rivalOf(mine: Claim, foundIds: string | null): TopicRival | null {
    const [byName] = others(mine.ref, mine.name).filter((other) => isBefore(other, mine, [isRemembered, isForEvents])).toSorted((a, b) => (isBefore(a, b, [isRemembered, isForEvents]) ? -1 : 1))
    const known: Claim = { ...mine, ids: mine.ids === foundIds ? foundIds : null }
    const [byIds] = others(mine.ref, foundIds).filter((other) => isBefore(other, known, [isAtOwnBrokers, isRemembered, isForEvents])).toSorted((a, b) => (isBefore(a, b, [isAtOwnBrokers, isForEvents]) ? -1 : 1))
    const rival = byName ?? byIds
    return rival === undefined ? null : { ...rival.ref, use: rival.use }
  }

  return {
    upsert(channel) {
      const claims = claimsOf(channel, parts)
      const ref = refOf(channel)
      const before = byChannel.get(keyOf(ref))
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(claims)) return []
      const released = forget(ref)
      byChannel.set(keyOf(ref), claims)
      for (const claim of claims) for (const key of keysOf(claim)) claimants.set(key, (claimants.get(key) ?? new Set()).add(claim))
      return unique(sharers([...released, ...claims]))
    },
    remove: (ref) => unique(sharers(forget(ref))),
    rivalsOf(channel, found) {
      const claims = claimsOf(channel, parts)
      const mine = (use: TopicUse): Claim | undefined => claims.find((claim) => claim.use === use)
      const [events, letters] = uses.map((use) => {
        const [claim, ids] = [mine(use), idsOf(found[use])]
        return { rival: claim === undefined ? null : rivalOf(claim, ids), alsoUsedBy: others(refOf(channel), ids)[0]?.ref ?? null }
      })
      return { topic: events?.rival ?? null, deadLetters: letters?.rival ?? null, alsoUsing: { topic: events?.alsoUsedBy ?? null, deadLetters: letters?.alsoUsedBy ?? null } }
    },
  }
}

type Trait = (claim: Claim) => boolean

const isRemembered: Trait = ({ ids }) => ids !== null
const isForEvents: Trait = ({ use }) => use === 'topic'
const isAtOwnBrokers: Trait = (claim) => claim.isAtOwnBrokers

/** By the first trait that only one of the two has, and then by age. */
function isBefore(a: Claim, b: Claim, traits: readonly Trait[]): boolean {
  const deciding = traits.find((has) => has(a) !== has(b))
  return deciding === undefined ? a.age < b.age : deciding(a)
}

function claimsOf(channel: RealtimeChannel, { defaultBrokers, mayUseTopic = () => true }: TopicClaimsParts): readonly Claim[] {
  const { metadata, spec, status } = channel
  const brokers = spec.kafka.bootstrapServers ?? defaultBrokers
  const address = [...brokers].toSorted().join(',')
  const claim = (use: TopicUse, name: string, record: TopicRecord | undefined): Claim => ({
    ref: refOf(channel),
    use,
    age: `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`,
    name: mayUseTopic(channel, name) ? `name ${address} ${name}` : null,
    ids: record === undefined || record.name !== name ? null : idsOf({ topicId: record.id ?? null, clusterId: record.clusterId ?? null }),
    isAtOwnBrokers: sameBrokers(brokers, defaultBrokers),
  })
  const letters = deadLetterTopicOf(channel)
  return [claim('topic', topicNameOf(channel), status?.topic), ...(letters === null ? [] : [claim('deadLetters', letters, status?.deadLetters)])]
}

function idsOf(topic: TopicIds | null): string | null {
  return topic === null || topic.topicId === null || topic.clusterId === null ? null : `ids ${topic.clusterId} ${topic.topicId}`
}

const refOf = ({ metadata }: RealtimeChannel): ObjectRef => ({ namespace: metadata.namespace ?? '', name: metadata.name })

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

const keysOf = ({ name, ids }: Claim): readonly string[] => [name, ids].filter((key) => key !== null)

const unique = (refs: readonly ObjectRef[]): readonly ObjectRef[] => [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()]
