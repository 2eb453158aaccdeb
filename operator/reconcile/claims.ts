import type { RealtimeChannel } from '../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../runtime/kubernetes-api.ts'
import { topicNameOf } from '../api/v1alpha1/channel-names.ts'
import { createRouteClaims, refOf, type RouteClaims, type RouteHolder } from './route-claims.ts'
import type { Rivals } from './world.ts'

/**
 * Who claims which topic and which paths of which host (`route-claims.ts`). Two channels that claim one thing are not an error that the API server
 * could see (they may be in different namespaces), so the operator decides: of two channels with one topic the older one has it, by creation and then
 * by uid, which every replica of the operator and every restart finds again. When a claim ends, whoever waited for it is told of.
 *
 * It is fed by the watch of channels and holds a few short texts for each.
 */
export interface Claims {
  /** A channel appeared or changed. @returns the other channels for whom that may change something */
  upsert(channel: RealtimeChannel): readonly ObjectRef[]
  /** A channel is not understood, or is refused as a whole: it claims nothing but the route that it has. @returns the other channels for whom that may change something */
  suspend(channel: RouteHolder): readonly ObjectRef[]
  /** A channel is gone. @returns the other channels for whom that may change something */
  remove(ref: ObjectRef): readonly ObjectRef[]
  rivalsOf(ref: ObjectRef): Rivals
  /** The rival of a route that a channel does not ask for yet. */
  routeRivalIf: RouteClaims['rivalIf']
  /** Returns the channels that ask for this place of a route, or for one that it is within. */
  channelsAskingFor: RouteClaims['askingFor']
}

interface Claim {
  readonly ref: ObjectRef
  /** Sorts by age. */
  readonly age: string
  readonly topic: string
}

export function createClaims({ defaultBrokers }: { readonly defaultBrokers: readonly string[] }): Claims {
  const byChannel = new Map<string, Claim>()
  const claimants = new Map<string, Set<Claim>>()
  const routes = createRouteClaims()

  function forgetTopic(ref: ObjectRef): readonly ObjectRef[] {
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

  function claimTopic(channel: RealtimeChannel): readonly ObjectRef[] {
    const claim = claimOf(channel, defaultBrokers)
    const before = byChannel.get(keyOf(claim.ref))
    if (before !== undefined && isSame(before, claim)) return []
    const released = forgetTopic(claim.ref)
    byChannel.set(keyOf(claim.ref), claim)
    for (const thing of thingsOf(claim)) claimants.set(thing, (claimants.get(thing) ?? new Set()).add(claim))
    return unique([...released, ...rivalsIn(claim)])
  }

  return {
    upsert: (channel) => unique([...claimTopic(channel), ...routes.upsert(channel)]),
    suspend: (channel) => unique([...forgetTopic(refOf(channel)), ...routes.suspend(channel)]),
    remove: (ref) => unique([...forgetTopic(ref), ...routes.remove(ref)]),
    rivalsOf(ref) {
      const claim = byChannel.get(keyOf(ref))
      return { topic: claim === undefined ? null : (elder(claim, claim.topic)?.ref ?? null), route: routes.rivalOf(ref) }
    },
    routeRivalIf: routes.rivalIf,
    channelsAskingFor: routes.askingFor,
  }
}

function claimOf(channel: RealtimeChannel, defaultBrokers: readonly string[]): Claim {
  const { metadata, spec } = channel
  const brokers = spec.kafka.bootstrapServers ?? defaultBrokers
  return {
    ref: { namespace: metadata.namespace ?? '', name: metadata.name },
    age: `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`,
    // Two lists that name other brokers of one cluster are not seen to be the same: the topic's own state then tells that it is taken.
    topic: `topic ${[...brokers].sort().join(',')} ${topicNameOf(channel)}`,
  }
}

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

const thingsOf = (claim: Claim): readonly string[] => [claim.topic]

const isSame = (a: Claim, b: Claim): boolean => a.age === b.age && thingsOf(a).join(' ') === thingsOf(b).join(' ')

const unique = (refs: readonly ObjectRef[]): readonly ObjectRef[] => [...new Map(refs.map((ref) => [keyOf(ref), ref])).values()]
