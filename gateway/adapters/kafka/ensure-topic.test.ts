import type { Kafka } from 'kafkajs'
import { expect, it } from 'vitest'
import { ensureTopics } from './ensure-topic.ts'

/** The part of kafkajs that is used. @param create what creating a topic does */
function kafkaWith(existing: readonly string[], create: () => Promise<boolean>): Kafka {
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    listTopics: () => Promise.resolve(existing),
    createTopics: create,
  }
  return { admin: () => admin } as unknown as Kafka // only these calls are made
}

const refusal = (type: string): Error => Object.assign(new Error(type), { type })
const topics = [{ topic: 'news', partitions: 1 }]

it('ensureTopics creates what is missing, and says what it created', async () => {
  expect(
    await ensureTopics(
      kafkaWith([], () => Promise.resolve(true)),
      topics,
    ),
  ).toEqual(['news'])
  expect(
    await ensureTopics(
      kafkaWith(['news'], () => Promise.reject(new Error('not asked'))),
      topics,
    ),
  ).toEqual([])
  // Another pod was faster.
  expect(
    await ensureTopics(
      kafkaWith([], () => Promise.resolve(false)),
      topics,
    ),
  ).toEqual([])
})

it('ensureTopics does not take it for a refusal that a broker has not heard of the new topic yet', async () => {
  const kafka = kafkaWith([], () => Promise.reject(refusal('UNKNOWN_TOPIC_OR_PARTITION')))
  expect(await ensureTopics(kafka, topics)).toEqual(['news'])
})

it('ensureTopics names the topic that a broker refuses to create', async () => {
  const kafka = kafkaWith([], () => Promise.reject(refusal('TOPIC_AUTHORIZATION_FAILED')))
  await expect(ensureTopics(kafka, topics)).rejects.toThrow('the topic news is missing and could not be created')
})
