import { startKafka } from '../../testing/kafka/kafka-broker.ts'
import { startKafkaCluster } from '../../testing/kafka/kafka-cluster.ts'

/** Kafka of the proof: one broker, or several of which one may die. */
export interface ProofBrokers {
  readonly bootstrap: readonly string[]
  /** True for a single broker: without it nothing can be read. */
  readonly isAlone: boolean
  /** Sends SIGKILL to one broker. */
  kill(): Promise<void>
  /** Restarts that broker. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 *
 * @param count number of brokers @throws with the last output of a broker that does not start
 */
export async function startBrokers(count: number): Promise<ProofBrokers> {
  if (count === 1) {
    const kafka = await startKafka()
    return { bootstrap: kafka.brokers, isAlone: true, kill: kafka.kill, restart: kafka.restart, stop: kafka.stop }
  }
  const cluster = await startKafkaCluster({ size: count })
  const dying = cluster.broker(2)
  return { bootstrap: cluster.bootstrap, isAlone: false, kill: dying.kill, restart: dying.start, stop: cluster.stop }
}
