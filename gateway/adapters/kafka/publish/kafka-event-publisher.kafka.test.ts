import { afterEach, describe, expect, it } from 'vitest'
import type { EventPublisher } from '../../../emit/event-publisher.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { anOutgoingRecord, describeEventPublisher } from '../../../testing/event-publisher-contract.ts'
import { freeze, thaw } from '../../../../testing/frozen-group.ts'
import { useKafka } from '../../../../testing/use.ts'
import { createKafkaEventPublisher } from './kafka-event-publisher.ts'
import { useTestClient, kafkaOptions, type KafkaTestOptions } from '../testing/test-topic.ts'

const broker = useKafka()
const client = useTestClient(broker)

const newPublisher = (options: Partial<KafkaTestOptions>): EventPublisher =>
  createKafkaEventPublisher(kafkaOptions({ kafkaBrokers: broker.brokers, ...options }), { logger: createRecordingLogger().logger })

describeEventPublisher('Kafka', async () => {
  const topic = await client.createTopic(3)
  return {
    partitions: 3,
    publisher: () => newPublisher({ kafkaTopic: topic }),
    read: () => client.readAll(topic),
    suspend: () => freeze(broker.pid),
    resume: async () => thaw(broker.pid),
  }
})

describe('the Kafka event publisher', () => {
  let publisher: EventPublisher | null = null

  afterEach(async () => {
    await publisher?.stop({ deadlineMs: 1_000 })
    publisher = null
  })

  it('reports that it is unavailable, and why, while the topic is missing; then it works', async () => {
    publisher = newPublisher({ kafkaTopic: 'published-later' })
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 3_000 })).toMatchObject({
      ok: false,
      error: { kind: 'unavailable', detail: expect.stringContaining('topic') },
    })
    await client.createTopic(1, {}, 'published-later')
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 20_000 })).toMatchObject({ ok: true })
  })

  it('finds that a topic accepts smaller batches than it makes', async () => {
    const topic = await client.createTopic(1, { 'max.message.bytes': '20000' })
    publisher = newPublisher({ kafkaTopic: topic })
    const records = Array.from({ length: 40 }, (_, n) => anOutgoingRecord({ value: Buffer.alloc(n === 17 ? 30_000 : 5_000, 'x') }))
    const outcomes = await Promise.all(records.map((record) => publisher?.publish([record], { timeoutMs: 10_000 })))
    expect(outcomes.flatMap((outcome, n) => (outcome?.ok === false ? [[n, outcome.error.kind]] : []))).toEqual([[17, 'too-large']])
    expect(await client.readAll(topic)).toHaveLength(39)
  })

  it('has every acknowledged record in the log, though the broker is killed in between', async () => {
    const topic = await client.createTopic(3)
    publisher = newPublisher({ kafkaTopic: topic })
    const acknowledged = new Set<string>()
    const outcomes: string[] = []
    const done = new AbortController()
    const emitters = Array.from({ length: 20 }, async () => {
      while (!done.signal.aborted) {
        const record = anOutgoingRecord()
        const outcome = await publisher?.publish([record], { timeoutMs: 2_000 })
        if (outcome?.ok === true) acknowledged.add(record.headers.ce_id ?? '')
        outcomes.push(outcome?.ok === false ? outcome.error.kind : 'ok')
      }
    })
    await expect.poll(() => acknowledged.size, { timeout: 10_000 }).toBeGreaterThan(200)
    await broker.kill()
    await expect.poll(() => outcomes.filter((kind) => kind !== 'ok').length, { timeout: 20_000 }).toBeGreaterThan(0)
    const before = acknowledged.size
    await broker.restart()
    await expect.poll(() => acknowledged.size, { timeout: 40_000 }).toBeGreaterThan(before + 200)
    done.abort()
    await Promise.all(emitters)
    const written = new Set((await client.readAll(topic)).map((record) => String(record.headers.ce_id)))
    expect([...acknowledged].filter((id) => !written.has(id))).toEqual([])
    expect(new Set(outcomes)).not.toContain('too-large')
  })
})
