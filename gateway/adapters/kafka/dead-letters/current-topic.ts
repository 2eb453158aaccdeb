import type { PartitionReader } from '../consume/partition-reader.ts'
import { wasMadeAgain, type TopicIdentity } from '../consume/topic-identity.ts'
import type { Topology } from '../consume/topology.ts'

/** Reads the topic that has the name now, under any id. */
export interface CurrentTopic {
  /** Grows each time the topic is recreated: earlier answers are about another topic. */
  readonly generation: number
  assign(partitions: readonly number[]): void
  /** Idempotent. Resolves when the connections of all readers are closed. */
  stop(): Promise<void>
}

export interface CurrentTopicParts {
  readonly topology: Pick<Topology, 'subscribe'>
  /** Ids that `topology` does not believe any more. */
  readonly formerIds: Set<string>
  readonly makeReader: () => PartitionReader
  /**
   * Called when the topic was recreated: the old one is no longer read, and the new one is not read yet.
   * @returns the partitions to read
   */
  readonly madeAgain: () => readonly number[]
}

/** Limit on the ids that are remembered. Few topics are recreated even once. */
const maxFormerIds = 100

/**
 * A reader reads one topic id only: offsets of another topic of the same name are other records. When the topic is recreated, its reader is
 * stopped first, so that no record of the old one comes behind the workers' way back. Then a reader of the new id begins.
 */
export function createCurrentTopic({ topology, formerIds, makeReader, madeAgain }: CurrentTopicParts): CurrentTopic {
  let reader = makeReader()
  let closing: Promise<unknown> = Promise.resolve()
  let known: TopicIdentity | null = null
  let generation = 0

  function begin(): void {
    closing = Promise.all([closing, reader.stop()])
    generation += 1
    const partitions = madeAgain()
    reader = makeReader()
    reader.assign(partitions)
  }

  function remember(before: TopicIdentity, now: TopicIdentity): void {
    if (before.topicId !== null && formerIds.size < maxFormerIds) formerIds.add(before.topicId)
    // It was believed after all.
    if (now.topicId !== null) formerIds.delete(now.topicId)
  }

  const unsubscribe = topology.subscribe(({ topic }) => {
    if (topic === null) return
    const [before, now] = [known, { topicId: topic.topicId, partitions: topic.partitions.length }]
    // A broker that reports no id does not make the id forgotten.
    known = { ...now, topicId: now.topicId ?? before?.topicId ?? null }
    if (before === null || !wasMadeAgain(before, now)) return
    remember(before, now)
    begin()
  })

  return {
    get generation() {
      return generation
    },
    assign: (partitions) => reader.assign(partitions),
    async stop() {
      unsubscribe()
      await Promise.all([closing, reader.stop()])
    },
  }
}
