import { messageOf } from '../../program/message-of.ts'
import { type KafkaBroker, startKafka } from '../../testing/kafka/kafka-broker.ts'
import type { BenchSettings, Row } from './bench.ts'

/** Gives a benchmark a broker of its own, and ends it in every case. Without Kafka the row says so instead of a figure. */
export async function withKafka(
  what: string,
  { say }: BenchSettings,
  run: (broker: KafkaBroker) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  let broker: KafkaBroker
  try {
    broker = await startKafka()
  } catch (error) {
    say(messageOf(error))
    return [{ measure: what, ours: 'not measured: no Kafka', other: '', ratio: '', target: '', verdict: '' }]
  }
  try {
    return await run(broker)
  } finally {
    await broker.stop()
  }
}
