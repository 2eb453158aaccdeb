import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { allowed } from '../../../api/v1alpha1/schema/allowed.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import { boundsOf, type Bounds } from './bounds.ts'

/** Class, as this operator understands it. */
export interface ChannelClass {
  /** Null: there is no class, and the closed bounds apply. */
  readonly name: string | null
  readonly defaults: RealtimeChannelSpec
  readonly bounds: Bounds
}

/** Returns the class for channels without one: no defaults, and closed bounds except for the operator's options for topics. */
export function withoutClass({ topics, adopt, deletion, maxPartitions }: TopicRules): ChannelClass {
  return {
    name: null,
    defaults: {},
    bounds: boundsOf({ topics, adopt, deletion, maxPartitions: maxPartitions ?? allowed.properties.maxPartitions.maximum }),
  }
}

export function topicRulesOf({ bounds: { topics, adopt, deletion, maxPartitions } }: ChannelClass): TopicRules {
  return { topics, adopt, deletion, maxPartitions }
}

/** Rules for deleting a channel whose class is unknown: in doubt its topic stays. */
export const noTopicRules: TopicRules = { topics: [], adopt: false, deletion: 'Never', maxPartitions: null }
