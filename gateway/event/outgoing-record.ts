/** A record that a publisher appends to the topic. */
export interface OutgoingRecord {
  /** Decides the partition (murmur2, as in Kafka's own clients); null: the event has no order relative to others. */
  readonly key: string | null
  /** Decides the partition of a record without a key, so that duplicates of an event meet in one partition. */
  readonly identity: string
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}
