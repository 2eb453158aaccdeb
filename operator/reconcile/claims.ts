import type { RealtimeChannel } from '../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../runtime/kubernetes-api.ts'
import { channelPaths } from '../api/v1alpha1/channel-names.ts'
import { createTopicClaims, type FoundIds, type TopicClaimsParts } from './topic-claims.ts'
import type { Rivals } from './world.ts'

/**
 * Who claims which topic (`topic-claims.ts`) and which path of which host. Two channels that claim one thing are not an error that the API server
 * could see (they may be in different namespaces), so the operator decides: the older one has a path, by creation and then by uid, which every replica of
 * the operator and every restart finds again. When a claim ends, whoever waited for it is told of.
 *
 * It is fed by the watch of channels and holds a few short texts for each.
 */
export interface Claims {
  /** A channel appeared or changed. @returns the other channels for whom that may change something */
  upsert(channel: RealtimeChannel): readonly ObjectRef[]
  /** A channel is gone, or is not understood. @returns the other channels for whom that may change something */
  remove(ref: ObjectRef): readonly ObjectRef[]
  /** @param found the topics of the channel as Kafka describes them now */
  rivalsOf(channel: RealtimeChannel, found: FoundIds): Rivals
}

interface Claim {
  readonly ref: ObjectRef
  /** Sorts by age. */
  readonly age: string
  readonly paths: readonly string[]
}

export function createClaims(parts: TopicClaimsParts): Claims {
  const topics = createTopicClaims(parts)
  const byChannel = new Map<string, Claim>()
  const claimants = new Map<string, Set<Claim>>()

  function forget(ref: ObjectRef): readonly ObjectRef[] {
    const claim = byChannel.get(keyOf(ref))
    if (claim === undefined) return []
    byChannel.delete(keyOf(ref))
    for (const thing of thingsOf(claim)) {
      const others = claimants.get(thing)
      others?.delete(claim)
      if (others?.size === 0) claimants.delete(thing)
    }
    return rivalsIn(claim)
  }

  function rivalsIn(claim: Claim): readonly ObjectRef[] {
    const all = thingsOf(claim).flatMap((thing) => [...(claimants.get(thing) ?? [])])
    return [...new Set(all)].filter((other) => other !== claim).map(({ ref }) => ref)
  }

  const elder = (claim: Claim, thing: string): Claim | null =>
    [...(claimants.get(thing) ?? [])].filter(({ age }) => age < claim.age).toSorted((a, b) => (a.age < b.age ? -1 : 1))[0] ?? null

  function claimPaths(channel: RealtimeChannel): readonly ObjectRef[] {
    const claim = claimOf(channel)
    const before = byChannel.get(keyOf(claim.ref))
    if (before !== undefined && isSame(before, claim)) return []
    const released = forget(claim.ref)
    byChannel.set(keyOf(claim.ref), claim)
    for (const thing of thingsOf(claim)) claimants.set(thing, (claimants.get(thing) ?? new Set()).add(claim))
    return [...released, ...rivalsIn(claim)]
  }

  return {
    upsert: (channel) => unique([...topics.upsert(channel), ...claimPaths(channel)]),
    remove: (ref) => unique([...topics.remove(ref), ...forget(ref)]),
    rivalsOf(channel, found) {
      const claim = claimOf(channel)
      const taken = claim.paths.map((path) => ({ path, by: elder(claim, path) })).find(({ by }) => by !== null)
      return { ...topics.rivalsOf(channel, found), route: taken === undefined || taken.by === null ? null : { channel: taken.by.ref, path: taken.path } }
    },
  }
}

function claimOf(channel: RealtimeChannel): Claim {
  const { metadata, spec } = channel
  const { socket, api } = channelPaths(channel)
  const hasRoute = spec.route.type !== 'None' && spec.route.host !== undefined
  return {
    ref: { namespace: metadata.namespace ?? '', name: metadata.name },
    age: `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`,
    paths: hasRoute ? [`${spec.route.host}${socket}`, `${spec.route.host}${api}`] : [],
  }
}

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

const thingsOf = (claim: Claim): readonly string[] => claim.paths

const isSame = (a: Claim, b: Claim): boolean => a.age === b.age && thingsOf(a).join(' ') === thingsOf(b).join(' ')

const unique = (refs: readonly ObjectRef[]): readonly ObjectRef[] => [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()]
