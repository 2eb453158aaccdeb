import kafkajs from 'kafkajs'

/** Count of records of each event of the topic, by `user id`. */
export interface UpstreamRecords {
  readonly counts: ReadonlyMap<string, number>
  /** Distinct pairs of source and id: what a reader keeps that suppresses duplicates. */
  readonly distinct: number
  readonly total: number
  /** Records that do not name their user, or another user than their key. */
  readonly unsigned: number
}

/** Reads a topic from its beginning to its end, as a service does. @throws when the end does not come in time */
export async function readUpstream(brokers: readonly string[], topic: string, timeoutMs: number): Promise<UpstreamRecords> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'proof-reader', logLevel: kafkajs.logLevel.NOTHING })
  const ends = await endsOf(kafka, topic)
  const counts = new Map<string, number>()
  const distinct = new Set<string>()
  let total = 0
  let unsigned = 0
  const expected = [...ends.values()].reduce((sum, end) => sum + end, 0)
  const consumer = kafka.consumer({ groupId: `proof-${Date.now()}` })
  const finished = Promise.withResolvers<void>()
  const timer = setTimeout(
    () => finished.reject(new Error(`read ${total} of ${expected} records of ${topic} in ${timeoutMs} ms`)),
    timeoutMs,
  )
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ partition, message }) => {
        if (Number(message.offset) >= (ends.get(partition) ?? 0)) return
        const header = (name: string): string => String(message.headers?.[name] ?? '')
        const user = header('ce_authid')
        if (user === '' || header('ce_authtype') !== 'app_user' || String(message.key) !== user) unsigned += 1
        const event = `${user} ${header('ce_id')}`
        counts.set(event, (counts.get(event) ?? 0) + 1)
        distinct.add(`${header('ce_source')} ${header('ce_id')}`)
        total += 1
        if (total >= expected) finished.resolve()
      },
    })
    if (expected > 0) await finished.promise
    return { counts, distinct: distinct.size, total, unsigned }
  } finally {
    clearTimeout(timer)
    await consumer.disconnect()
  }
}

async function endsOf(kafka: kafkajs.Kafka, topic: string): Promise<ReadonlyMap<number, number>> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    const offsets = await admin.fetchTopicOffsets(topic)
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
  } finally {
    await admin.disconnect()
  }
}
