/** A record that a publisher appends to the topic. */
export interface OutgoingRecord {
  /** Decides the partition (murmur2, as Kafka's own clients do); null when nothing orders this event after another. */
  readonly key: string | null
  /** Decides the partition when there is no key, so that the same event sent twice meets its twin in one partition. */
  readonly identity: string
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}
