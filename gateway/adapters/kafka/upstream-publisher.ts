import type { Config } from '../../config/options.ts'
import { upstreamTopicOf } from '../../config/upstream.ts'
import type { EventPublisher } from '../../emit/event-publisher.ts'
import type { Logger } from '../../../program/log/logger.ts'
import { failed } from '../../../program/result.ts'
import { withDeadline } from '../../../program/waiting.ts'
import { createKafkaClient } from './client.ts'
import { createsTopics, ensureTopics } from './ensure-topic.ts'
import { createKafkaEventPublisher } from './publish/kafka-event-publisher.ts'

/** Least time between two attempts to create the topic. */
const createEveryMs = 5_000

/**
 * Appends what browsers send to the upstream topic. It is a publisher of its own, so that trouble with this topic delays no emit and no delivery. Where
 * the gateway creates topics, it creates this one before the first publish. If that fails, the publish is tried all the same: the topic may be there,
 * and the user without the right to create one.
 */
export function createUpstreamPublisher(config: Config, { logger }: { readonly logger: Logger }): EventPublisher {
  const topic = upstreamTopicOf(config)
  const publisher = createKafkaEventPublisher({ ...config, kafkaTopic: topic }, { logger, topicOption: 'KAFKA_UPSTREAM_TOPIC' })
  if (!createsTopics(config)) return publisher
  const create = createOnce(() => createTopic(config, topic, logger))
  return {
    async publish(records, { timeoutMs }) {
      const startedMs = performance.now()
      const isReady = await withDeadline(create(), timeoutMs, () => false)
      const leftMs = timeoutMs - (performance.now() - startedMs)
      if (!isReady && leftMs <= 0) return failed({ kind: 'timeout', detail: `the topic ${topic} was not created in time` })
      return publisher.publish(records, { timeoutMs: Math.max(1, leftMs) })
    },
    stop: (options) => publisher.stop(options),
  }
}

/** Returns true if the topic is there. Never rejects. */
async function createTopic(config: Config, topic: string, logger: Logger): Promise<boolean> {
  try {
    const partitions = config.kafkaTopicPartitions
    const created = await ensureTopics(createKafkaClient(config, logger), [{ topic, partitions }])
    if (created.length > 0) logger.info({ topic, partitions }, 'topic created')
    return true
  } catch (error) {
    logger.warn({ topic, err: error }, 'upstream topic not created; create it, or grant CREATE')
    return false
  }
}

/** Makes a function that runs until it has succeeded once: callers at one time share a run, and a failure is repeated after a pause. */
function createOnce(run: () => Promise<boolean>): () => Promise<boolean> {
  let current: Promise<boolean> | null = null
  let failedAtMs = Number.NEGATIVE_INFINITY
  return () => {
    if (current === null && performance.now() - failedAtMs < createEveryMs) return Promise.resolve(false)
    current ??= run().then((isDone) => {
      if (isDone) return true
      current = null
      failedAtMs = performance.now()
      return false
    })
    return current
  }
}
