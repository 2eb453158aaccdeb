import type { RealtimeChannel, RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { sameBrokers } from './topic-admin.ts'
import { whyNameIsNotAllowed, type TopicRules } from './name-rules.ts'
import { perUse, topicUses, wantedName, type TopicUse } from './topic-uses.ts'
import type { FoundTopics, TopicRivals, TopicRival, TopicRecord } from '../world.ts'
import { keyOf, refOf, uniqueRefs } from '../../../api/object-ref.ts'

/**
 * Decides which channel has which topic. Each topic has one channel, which has one use for it: its events, or one of the uses besides (`topic-uses.ts`).
 *
 * Names alone cannot decide. One cluster has many addresses, so the same name at other addresses may be the same topic. Therefore a channel claims a topic
 * twice. The first claim is by name and list of brokers, before Kafka was asked. The second is by the recorded ids of cluster and topic.
 *
 * If two channels claim one topic, the first of these has it:
 *   1. by ids only: the channel at brokers of the operator's options or of a class, because brokers that a channel names could report any id;
 *   2. the channel whose status remembers the topic, so that no channel loses a topic in use;
 *   3. the channel that uses it for events, and not besides them;
 *   4. the older channel, by creation and then by uid, which every restart of the operator finds again.
 * A name that a channel is not allowed to use makes no claim. So a channel cannot keep others from a topic that way.
 */
export interface TopicClaims {
  /** Notes a new or changed channel. @returns the other channels whose plans may change */
  upsert(channel: RealtimeChannel, rules: NameRules): readonly ObjectRef[]
  /** Notes a channel that is not understood, or is refused. Its pods may still use the recorded topics. @returns as `upsert` */
  suspend(channel: TopicHolder): readonly ObjectRef[]
  remove(ref: ObjectRef): readonly ObjectRef[]
  /** @param found current ids of the channel's topics; null: missing or unknown */
  rivalsOf(channel: RealtimeChannel, rules: NameRules, found: FoundIds): TopicRivals
}

type NameRules = Pick<TopicRules, 'topics'>
/** Parts of a channel from which its claim to recorded topics follows. */
export type TopicHolder = Pick<RealtimeChannel, 'metadata' | 'status'> & { readonly spec?: Pick<RealtimeChannelSpec, 'kafka'> }

export type FoundIds = Readonly<Record<TopicUse, TopicIds | null>>

/** Ids of a topic and its cluster, as brokers report them. */
export interface TopicIds {
  readonly topicId: string | null
  readonly clusterId: string | null
}

export interface TopicClaimsParts {
  readonly defaultBrokers: readonly string[]
  /** Lists of brokers that classes name. @default none */
  readonly brokersOfClasses?: () => readonly (readonly string[])[]
}

/** Returns the ids of the topics that exist. */
export function foundIdsOf(topics: FoundTopics): FoundIds {
  return perUse((use) => {
    const found = topics[use]
    return found?.kind === 'present' ? found.topic : null
  })
}

interface Claim {
  readonly ref: ObjectRef
  readonly use: TopicUse
  /** Sort key for age. */
  readonly age: string
  /** Brokers and name; null: the channel is not allowed to use this name. */
  readonly name: string | null
  /** Recorded ids of cluster and topic. */
  readonly ids: string | null
  readonly isAtOwnBrokers: boolean
}

export function createTopicClaims(parts: TopicClaimsParts): TopicClaims {
  const byChannel = new Map<string, readonly Claim[]>()
  const claimants = new Map<string, Set<Claim>>()

  const others = (ref: ObjectRef, key: string | null): readonly Claim[] =>
    key === null ? [] : [...(claimants.get(key) ?? [])].filter((claim) => keyOf(claim.ref) !== keyOf(ref))

  const sharers = (claims: readonly Claim[]): readonly ObjectRef[] =>
    claims.flatMap((claim) => keysOf(claim).flatMap((key) => others(claim.ref, key))).map(({ ref }) => ref)

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
    const [byName] = others(mine.ref, mine.name)
      .filter((other) => isBefore(other, mine, [isRemembered, isForEvents]))
      .toSorted((a, b) => (isBefore(a, b, [isRemembered, isForEvents]) ? -1 : 1))
    const known: Claim = { ...mine, ids: mine.ids === foundIds ? foundIds : null }
    const [byIds] = others(mine.ref, foundIds)
      .filter((other) => isBefore(other, known, [isNear, isRemembered, isForEvents]))
      .toSorted((a, b) => (isBefore(a, b, [isNear, isForEvents]) ? -1 : 1))
    const rival = byName ?? byIds
    return rival === undefined ? null : { ...rival.ref, use: rival.use }
  }

  function register(ref: ObjectRef, claims: readonly Claim[]): readonly ObjectRef[] {
    const before = byChannel.get(keyOf(ref))
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(claims)) return []
    const released = forget(ref)
    byChannel.set(keyOf(ref), claims)
    for (const each of claims) for (const key of keysOf(each)) claimants.set(key, (claimants.get(key) ?? new Set()).add(each))
    return uniqueRefs(sharers([...released, ...claims]))
  }

  return {
    upsert: (channel, rules) => register(refOf(channel), claimsOf(channel, rules, parts)),
    suspend: (channel) => register(refOf(channel), rememberedClaimsOf(channel, parts)),
    remove: (ref) => uniqueRefs(sharers(forget(ref))),
    rivalsOf(channel, rules, found) {
      const claims = claimsOf(channel, rules, parts)
      const mine = (use: TopicUse): Claim | undefined => claims.find((claim) => claim.use === use)
      const rivals = perUse((use) => {
        const claim = mine(use)
        return claim === undefined ? null : rivalOf(claim, idsOf(found[use]))
      })
      return { ...rivals, alsoUsing: perUse((use) => others(refOf(channel), idsOf(found[use]))[0]?.ref ?? null) }
    },
  }
}

type Trait = (claim: Claim) => boolean

const isRemembered: Trait = ({ ids }) => ids !== null
const isForEvents: Trait = ({ use }) => use === 'topic'
const isNear: Trait = ({ isAtOwnBrokers }) => isAtOwnBrokers

/** Compares by the first trait that only one of the two has, and then by age. */
function isBefore(a: Claim, b: Claim, traits: readonly Trait[]): boolean {
  const deciding = traits.find((has) => has(a) !== has(b))
  return deciding === undefined ? a.age < b.age : deciding(a)
}

function claimsOf(channel: RealtimeChannel, rules: NameRules, parts: TopicClaimsParts): readonly Claim[] {
  const { metadata, spec, status } = channel
  const brokers = spec.kafka.bootstrapServers ?? parts.defaultBrokers
  const address = [...brokers].toSorted().join(',')
  const mayUse = (topic: string): boolean =>
    whyNameIsNotAllowed(rules, { namespace: metadata.namespace ?? '', name: metadata.name }, topic) === null
  const claim = (use: TopicUse, name: string, record: TopicRecord | undefined): Claim => ({
    ref: refOf(channel),
    use,
    age: ageOf(channel),
    name: mayUse(name) ? `name ${address} ${name}` : null,
    ids: record?.name === name ? idsOfRecord(record) : null,
    isAtOwnBrokers: areOwn(brokers, parts),
  })
  return topicUses.flatMap((use) => {
    const name = wantedName(use, channel)
    return name === null ? [] : [claim(use, name, status?.[use])]
  })
}

/** Returns whether an administrator named these brokers. */
function areOwn(brokers: readonly string[], { defaultBrokers, brokersOfClasses = () => [] }: TopicClaimsParts): boolean {
  return [defaultBrokers, ...brokersOfClasses()].some((own) => sameBrokers(brokers, own))
}

/** Returns claims by ids alone, because it is unknown whether the names are allowed. */
function rememberedClaimsOf(channel: TopicHolder, parts: TopicClaimsParts): readonly Claim[] {
  const { status, spec } = channel
  // An operator of an earlier release wrote no `status.brokers`.
  const isNearby = areOwn(status?.brokers ?? spec?.kafka?.bootstrapServers ?? parts.defaultBrokers, parts)
  return topicUses.flatMap((use): readonly Claim[] => {
    const record = status?.[use]
    return record === undefined
      ? []
      : [{ ref: refOf(channel), use, age: ageOf(channel), name: null, ids: idsOfRecord(record), isAtOwnBrokers: isNearby }]
  })
}

const ageOf = ({ metadata }: TopicHolder): string => `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`

const idsOfRecord = ({ id, clusterId }: TopicRecord): string | null => idsOf({ topicId: id ?? null, clusterId: clusterId ?? null })

function idsOf(topic: TopicIds | null): string | null {
  return topic === null || topic.topicId === null || topic.clusterId === null ? null : `ids ${topic.clusterId} ${topic.topicId}`
}

const keysOf = ({ name, ids }: Claim): readonly string[] => [name, ids].filter((key) => key !== null)
