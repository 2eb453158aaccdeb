import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { refOf, uniqueRefs } from '../../../api/object-ref.ts'
import { createRouteClaims, type RouteClaims, type RouteHolder } from '../route/claims.ts'
import { createTopicClaims, type FoundIds, type TopicClaimsParts, type TopicHolder } from '../topic/claims.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import type { Rivals } from '../world.ts'

/**
 * Who claims which topic (`topic-claims.ts`) and which paths of which host (`route-claims.ts`). Two channels that claim one thing are not an error that
 * the API server could see (they may be in different namespaces), so the operator decides, in a way which every replica of the operator and every restart
 * finds again. When a claim ends, whoever waited for it is told of.
 *
 * It is fed by the watch of channels and holds a few short texts for each.
 */
export interface Claims {
  /** A channel appeared or changed, or the rules for it did. @returns the other channels for whom that may change something */
  upsert(channel: RealtimeChannel, rules: Pick<TopicRules, 'topics'>): readonly ObjectRef[]
  /** A channel is not understood, or is refused as a whole: it claims nothing but what its status says that it has. @returns the other channels for whom that may change something */
  suspend(channel: RouteHolder & TopicHolder): readonly ObjectRef[]
  /** A channel is gone. @returns the other channels for whom that may change something */
  remove(ref: ObjectRef): readonly ObjectRef[]
  /** @param found the topics of the channel as Kafka describes them now */
  rivalsOf(channel: RealtimeChannel, rules: Pick<TopicRules, 'topics'>, found: FoundIds): Rivals
  /** Whether the channel is one that `upsert` or `suspend` told of, and `remove` did not: a reconcile may go on when the watch has seen it going. */
  isKnown(channel: RouteHolder): boolean
  /** Gives a channel that is about to be planned its route, unless another has it. */
  takeRoute: RouteClaims['take']
  /** The rival of a route that a channel does not ask for yet. */
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
