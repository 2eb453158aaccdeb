import type { Config } from '../../config/options.ts'
import { takesSends } from '../../config/upstream.ts'
import type { EventPublisher } from '../../emit/event-publisher.ts'
import { createRecordDecoder, type DecodeOutcome } from '../../event/decode-record.ts'
import type { DecodeFailure } from '../../event/decoded-record.ts'
import { encodeEvent } from '../../event/encode-event.ts'
import type { LogRecord } from '../../event/log-record.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { RecordSource } from '../../replay/record-source.ts'
import type { ControlLog } from '../../revocation/create-revocation.ts'
import { createDeadLetterWorker, type DeadLetterWorker } from './dead-letters/dead-letters.ts'
import { createKafkaEventPublisher } from './publish/kafka-event-publisher.ts'
import { createKafkaRecordSource, type KafkaRecordSourceParts } from './consume/kafka-record-source.ts'
import { createUpstreamPublisher } from './upstream-publisher.ts'

export interface KafkaLog {
  readonly source: RecordSource
  readonly publisher: EventPublisher
  /** null: the gateway has no control topic. */
  readonly control: ControlLog | null
  /** Appends what browsers send; null: the gateway takes nothing from them. */
  readonly upstreamPublisher: EventPublisher | null
  /** Null when KAFKA_DLQ is off. */
  readonly deadLetters: DeadLetterWorker | null
}

/** Everything that a gateway does with Kafka. Connects when it is used. */
export function createKafkaLog(config: Config, { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }): KafkaLog {
  const clock = { now: Date.now }
  const check = createRecordCheck({ maxEventBytes: config.maxEventBytes, maxAudienceNames: config.maxAudienceSize })
  return {
    source: createKafkaRecordSource(config, { logger, metrics, clock }),
    publisher: createKafkaEventPublisher(config, { logger }),
    control: config.kafkaControlTopic === '' ? null : createControlLog(config, { logger, metrics, clock }),
    upstreamPublisher: takesSends(config) ? createUpstreamPublisher(config, { logger }) : null,
    deadLetters: config.kafkaDlq ? createDeadLetterWorker(config, { check, logger, metrics, clock }) : null,
  }
}

/** One partition holds 100,000 revocations, and keeps them in order. A topic that exists keeps its own partitions. */
const controlPartitions = 1

function createControlLog(config: Config, parts: KafkaRecordSourceParts): ControlLog {
  const options = { ...config, kafkaTopic: config.kafkaControlTopic, kafkaTopicPartitions: controlPartitions, kafkaTopicEpoch: '' }
  return {
    source: createKafkaRecordSource(options, { ...parts, setting: 'KAFKA_CONTROL_TOPIC', isCompacted: true }),
    publisher: createKafkaEventPublisher(options, parts),
  }
}

/** Checks a record as delivery does, and in full. Delivery reads the whole of a record only when a session is to receive it. */
export function createRecordCheck(limits: Parameters<typeof createRecordDecoder>[0]): (record: LogRecord) => DecodeFailure | null {
  const decode = createRecordDecoder(limits)
  return (record) => failureOf(decode(record))
}

function failureOf(outcome: DecodeOutcome): DecodeFailure | null {
  if (!outcome.ok) return outcome.error
  if (outcome.value === null) return null
  const encoded = encodeEvent(outcome.value.content)
  return encoded.ok ? null : encoded.error
}
