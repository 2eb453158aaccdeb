import kafkajs, { type Producer } from 'kafkajs'

export interface Poison {
  /** Stops writing, and resolves when no write is in progress. */
  stop(): Promise<void>
}

export interface PoisonOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  /** Records a second. */
  readonly rate: number
}

interface Connected {
  readonly producer: Producer
  readonly opened: Promise<void>
}

const maxUnderWay = 20

/**
 * Writes records that no gateway can decode. Records that are refused in an outage are dropped: the records in the topic at the end decide
 * what must be in the dead letter topic.
 */
export async function startPoison({ brokers, topic, partitions, rate }: PoisonOptions): Promise<Poison> {
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'poison',
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { retries: 1, initialRetryTime: 50 },
  })
  const connectNew = (): Connected => {
    const producer = kafka.producer({
      allowAutoTopicCreation: false,
      metadataMaxAge: 500,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    })
    return { producer, opened: producer.connect() }
  }
  let current = connectNew()
  await current.opened
  const underWay = new Set<Promise<void>>()
  let count = 0
  const write = async (): Promise<void> => {
    const used = current
    const partition = count % partitions
    count += 1
    try {
      await used.opened
      await used.producer.send({ topic, acks: -1, messages: [{ partition, value: `poison ${count}` }] })
    } catch {
      // An outage: this producer may never recover, so the next record has another.
      if (used !== current) return
      current = connectNew()
      current.opened.catch(() => undefined) // reported to the next record
      void used.producer.disconnect().catch(() => undefined)
    }
  }
  const timer = setInterval(() => {
    if (underWay.size >= maxUnderWay) return
    const writing = write().finally(() => underWay.delete(writing))
    underWay.add(writing)
  }, 1_000 / rate)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay)
      await current.producer.disconnect().catch(() => undefined)
    },
  }
}
