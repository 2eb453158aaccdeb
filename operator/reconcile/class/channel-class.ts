import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { allowed } from '../../../api/v1alpha1/schema/allowed.ts'
import type { TopicRules } from '../topic/name-rules.ts'
import { boundsOf, type Bounds } from './bounds.ts'

/** A class, as this operator understands it. */
export interface ChannelClass {
  /** Null: there is none, and the closed bounds hold. */
  readonly name: string | null
  readonly defaults: RealtimeChannelSpec
  readonly bounds: Bounds
}

/** What holds for channels without a class: nothing is provided, and all is closed but what the operator's options say of topics. */
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

/** For the end of a channel whose class nobody knows: in doubt its topic stays. */
export const noTopicRules: TopicRules = { topics: [], adopt: false, deletion: 'Never', maxPartitions: null }
