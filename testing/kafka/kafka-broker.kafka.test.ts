import { Kafka, logLevel } from 'kafkajs'
import { beforeAll, describe, expect, it } from 'vitest'
import { startKafka } from './kafka-broker.ts'
import { useKafka } from '../use.ts'

const broker = useKafka()
const kafka = (): Kafka => new Kafka({ clientId: 'harness', brokers: [...broker.brokers], logLevel: logLevel.NOTHING })

async function send(value: string): Promise<void> {
  const producer = kafka().producer()
  await producer.connect()
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value }] })
  await producer.disconnect()
}

async function endOffset(): Promise<string | undefined> {
  const admin = kafka().admin()
  await admin.connect()
  const [partition] = await admin.fetchTopicOffsets('kept')
  await admin.disconnect()
  return partition?.high
}

beforeAll(async () => {
  const admin = kafka().admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] })
  await admin.disconnect()
})

describe('the broker for tests', () => {
  it('takes records as soon as it has started', async () => {
    await send('first')
    expect(await endOffset()).toBe('1')
  })

  it('keeps its records, its port and its address over a kill and a restart', async () => {
    const { pid, brokers } = broker
    await broker.kill()
    expect(broker.pid).toBe(null)
    expect(isAlive(pid)).toBe(false)
    await broker.restart()
    expect(broker.brokers).toEqual(brokers)
    expect(await endOffset()).toBe('1')
  })

  it('restarts also while it runs', async () => {
    const { pid } = broker
    await broker.restart()
    expect(isAlive(pid)).toBe(false)
    expect(isAlive(broker.pid)).toBe(true)
    await send('second')
    expect(await endOffset()).toBe('2')
  })

  it('ignores KAFKA_ variables that are meant for the gateway', async () => {
    process.env['KAFKA_BROKERS'] = 'elsewhere:9092'
    const other = await startKafka()
    delete process.env['KAFKA_BROKERS']
    const { pid } = other
    expect(isAlive(pid)).toBe(true)
    await other.stop()
    await other.stop()
    expect(isAlive(pid)).toBe(false)
    await expect(other.restart()).rejects.toThrow('start a new one')
  })

  it('gives the reason when its port is taken, and leaves nothing behind', async () => {
    const start = startKafka({ port: broker.port, startTimeoutMs: 30_000 })
    await expect(start).rejects.toThrow(/did not start: .*ended by itself[\s\S]*Address already in use/)
  })
})

/** Sends signal 0, which only asks for the process. */
function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false // ESRCH: there is no such process
  }
}
