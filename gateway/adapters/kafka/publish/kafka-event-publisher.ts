import type { Config } from '../../../config/options.ts'
import type { EventPublisher } from '../../../emit/event-publisher.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import type { KafkaClientOptions } from '../client.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { createLeaderConnector } from './leader-link.ts'
import { createPartitionedPublisher } from './partitioned-publisher.ts'
import type { TopicOption } from './topic-watch.ts'

export type KafkaEventPublisherOptions = KafkaClientOptions & Pick<Config, 'kafkaTopic'>

/** Appends events to the topic. Connects at the first publish. */
export function createKafkaEventPublisher(
  options: KafkaEventPublisherOptions,
  { logger, topicOption = 'KAFKA_TOPIC' }: { readonly logger: Logger; readonly topicOption?: TopicOption },
): EventPublisher {
  const connect = createBrokerConnector(options, logger)
  return createPartitionedPublisher({
    topic: options.kafkaTopic,
    topicOption,
    discovery: createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect }),
    connect: createLeaderConnector(options.kafkaTopic, connect),
    logger,
  })
}
