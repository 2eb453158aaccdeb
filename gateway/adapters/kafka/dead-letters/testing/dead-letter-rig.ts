import type { DecodeFailure } from '../../../../event/decoded-record.ts'
import type { LogRecord } from '../../../../event/log-record.ts'
import { createRecordingLogger } from '../../../../testing/recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from '../../../../testing/recording-metrics.ts'
import { kafkaOptions, type KafkaTestOptions } from '../../testing/test-topic.ts'
import { createBrokerConnector } from '../../wire/broker-link.ts'
import { produceRequest } from '../../wire/requests/produce.ts'
import type { DeadLetterParts } from '../dead-letter-run.ts'
import { createDeadLetterWorker, type DeadLetterWorker } from '../dead-letters.ts'

export interface RunningWorker {
  readonly worker: DeadLetterWorker
  readonly metrics: RecordingMetrics
  readonly log: ReturnType<typeof createRecordingLogger>
}

/** Finds every record undecodable whose value begins with `bad`. */
export const checkByValue = (record: LogRecord): DecodeFailure | null =>
  String(record.value).startsWith('bad') ? { reason: 'not-json', detail: 'It is not JSON.' } : null

/** Starts a worker as a gateway does. */
export function startWorker(
  options: Partial<KafkaTestOptions> & Pick<KafkaTestOptions, 'kafkaBrokers'>,
  check = checkByValue,
  more: Pick<DeadLetterParts, 'summaryEveryMs'> = {},
): RunningWorker {
  const metrics = createRecordingMetrics()
  const log = createRecordingLogger()
  const worker = createDeadLetterWorker(kafkaOptions(options), {
    check,
    logger: log.logger,
    metrics: metrics.metrics,
    clock: { now: Date.now },
    ...more,
  })
  worker.start()
  return { worker, metrics, log }
}

/** Writes a batch unchanged, which no client library would make. */
export async function appendBatch(brokers: readonly string[], topic: string, partition: number, records: Buffer): Promise<void> {
  const connect = createBrokerConnector(kafkaOptions({ kafkaBrokers: brokers }), createRecordingLogger().logger)
  const [host = '', port] = brokers[0]?.split(':') ?? []
  const link = await connect({ host, port: Number(port) }, { signal: new AbortController().signal })
  try {
    const [answer] = await link.ask(produceRequest(link, { topic, acks: -1, timeoutMs: 5_000, partitions: [{ partition, records }] }), {
      timeoutMs: 10_000,
    })
    if (answer?.errorCode !== 0) throw new Error(`the broker refuses the batch with error ${answer?.errorCode}: ${answer?.message}`)
  } finally {
    link.close()
  }
}
