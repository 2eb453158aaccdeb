import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { refOf, uniqueRefs } from '../../../api/object-ref.ts'
import { createRouteClaims, type RouteClaims, type RouteHolder } from '../route/claims.ts'
import { createTopicClaims, type FoundIds, type TopicClaimsParts, type TopicHolder } from '../topic/claims.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import type { Rivals } from '../world.ts'

/**
 * Records which channel claims which topic (`topic/claims.ts`) and which paths of which host (`route/claims.ts`). The API server cannot
 * detect two channels that claim the same thing, because they may be in different namespaces. So the operator decides, in a way that every
 * replica and every restart repeats. When a claim ends, the channels that waited for it are returned.
 *
 * The watch of channels feeds it. It holds a few short texts for each channel.
 */
export interface Claims {
  /** Notes a channel that appeared or changed, or whose rules did. @returns the other channels that may be affected */
  upsert(channel: RealtimeChannel, rules: Pick<TopicRules, 'topics'>): readonly ObjectRef[]
  /**
   * Notes a channel that is not understood, or is refused as a whole. It claims only what its status says that it has. @returns the other
   * channels that may be affected
   */
  suspend(channel: RouteHolder & TopicHolder): readonly ObjectRef[]
  /** Notes that a channel is gone. @returns the other channels that may be affected */
  remove(ref: ObjectRef): readonly ObjectRef[]
  /** Returns the rivals of a channel. @param found the topics of the channel as Kafka describes them now */
  rivalsOf(channel: RealtimeChannel, rules: Pick<TopicRules, 'topics'>, found: FoundIds): Rivals
  /** Returns true if `upsert` or `suspend` has noted the channel, and `remove` has not. A reconcile may outlast the channel. */
  isKnown(channel: RouteHolder): boolean
  /** Gives a channel that is about to be planned its route, unless another channel has it. */
  takeRoute: RouteClaims['take']
  /** Returns the rival of a route that a channel does not ask for yet. */
  routeRivalIf: RouteClaims['rivalIf']
  /** Returns the channels that ask for this place of a route, or for one that it is within. */
  channelsAskingFor: RouteClaims['askingFor']
}

export function createClaims(parts: TopicClaimsParts): Claims {
  const [topics, routes] = [createTopicClaims(parts), createRouteClaims()]
  return {
    isKnown: routes.isKnown,
    takeRoute: routes.take,
    upsert: (channel, rules) => uniqueRefs([...topics.upsert(channel, rules), ...routes.upsert(channel)]),
    suspend: (channel) => uniqueRefs([...topics.suspend(channel), ...routes.suspend(channel)]),
    remove: (ref) => uniqueRefs([...topics.remove(ref), ...routes.remove(ref)]),
    rivalsOf: (channel, rules, found) => ({ ...topics.rivalsOf(channel, rules, found), route: routes.rivalOf(refOf(channel)) }),
    routeRivalIf: routes.rivalIf,
    channelsAskingFor: routes.askingFor,
  }
}
