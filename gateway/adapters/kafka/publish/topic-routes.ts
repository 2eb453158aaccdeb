import type { BrokerAddress } from '../wire/broker-address.ts'
import type { ClusterView, PartitionView, TopicView } from '../wire/metadata.ts'

/** Leaders of the topic's partitions, by the newest known metadata. */
export interface TopicRoutes {
  /** 0 while the topic is not known. */
  readonly partitions: number
  /** Returns the id of the broker that leads the partition; null without one. */
  leaderOf(partition: number): number | null
  addressOf(broker: number): BrokerAddress | null
  /** Brokers that lead no partition any more, or have moved to another address, are not in the set. */
  leaders(): ReadonlySet<number>
  /** Takes the answer of one broker, which may be behind. Leaders of an older epoch and a topic that has shrunk are not believed. */
  learn(view: ClusterView & { readonly topic: TopicView }): void
  /** Notes that the topic is gone. */
  forget(): void
}

export function createTopicRoutes(): TopicRoutes {
  let brokers: ClusterView['brokers'] = new Map()
  let topic: TopicView | null = null

  function leaderOf(partition: number): number | null {
    const leader = topic?.partitions[partition]?.leader ?? -1
    return leader !== -1 && brokers.has(leader) ? leader : null
  }

  return {
    get partitions() {
      return topic?.partitions.length ?? 0
    },
    leaderOf,
    addressOf: (broker) => brokers.get(broker) ?? null,
    leaders: () => new Set(topic?.partitions.flatMap((_view, partition) => leaderOf(partition) ?? [])),
    learn(view) {
      brokers = view.brokers
      topic = topic === null ? view.topic : newer(topic, view.topic)
    },
    forget() {
      topic = null
    },
  }
}

function newer(known: TopicView, told: TopicView): TopicView {
  if (known.topicId !== told.topicId || known.topicId === null) return told
  const partitions = Array.from({ length: Math.max(known.partitions.length, told.partitions.length) }, (_, partition) =>
    newerPartition(known.partitions[partition], told.partitions[partition]),
  )
  return { topicId: told.topicId, partitions: partitions.filter((view) => view !== undefined) }
}

function newerPartition(known: PartitionView | undefined, told: PartitionView | undefined): PartitionView | undefined {
  if (known === undefined || told === undefined) return told ?? known
  return told.leaderEpoch !== -1 && told.leaderEpoch < known.leaderEpoch ? known : told
}
