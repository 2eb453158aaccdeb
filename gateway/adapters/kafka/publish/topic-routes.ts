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

function newer(known: TopicView, described: TopicView): TopicView {
  if (known.topicId !== described.topicId || known.topicId === null) return described
  const partitions = Array.from({ length: Math.max(known.partitions.length, described.partitions.length) }, (_, partition) =>
    newerPartition(known.partitions[partition], described.partitions[partition]),
  )
  return { topicId: described.topicId, partitions: partitions.filter((view) => view !== undefined) }
}

function newerPartition(known: PartitionView | undefined, described: PartitionView | undefined): PartitionView | undefined {
  if (known === undefined || described === undefined) return described ?? known
  return described.leaderEpoch !== -1 && described.leaderEpoch < known.leaderEpoch ? known : described
}
