/** What a reader of a real topic (`bench/subjects/kafka-scan.ts`) is asked. */
export interface KafkaScanCalls extends Record<string, (parameter: never) => unknown> {
  /** Makes the topic, and puts so many records into it. */
  produce(topic: FilledTopic): Promise<void>
  /** Reads all of it as a gateway does: through its Kafka adapter and its core, for one session whom no record concerns. */
  scan(topic: FilledTopic): Promise<KafkaScanCost>
  /** Reads all of it with kafkajs alone, which decodes each record's key, value and headers, and counts. */
  count(topic: FilledTopic): Promise<KafkaScanCost>
}

export interface FilledTopic {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly records: number
}

/** From the first record in hand to the last: joining the group takes the broker three seconds. */
export interface KafkaScanCost {
  readonly records: number
  readonly wallMs: number
  /** Of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
}
