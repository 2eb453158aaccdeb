/** Publishes at a rate, in a process of its own: where it shares one with those who receive, an event leaves when they have time. Started by `startChild`. */
import { answerCalls } from '../../lib/calls.ts'
import { dialects } from '../dialects/dialects.ts'
import { emitAtRate, type Speaker } from './emit.ts'
import { HttpPublisher } from './http-publisher.ts'
import { openTopic, produceAtRate, type TopicSpeaker } from './produce.ts'
import type { PublisherCalls } from './publisher-calls.ts'

const speakers = new Map<string, Speaker>()
const topics = new Map<string, TopicSpeaker>()

function find<T>(among: ReadonlyMap<string, T>, name: string): T {
  const found = among.get(name)
  if (found === undefined) throw new Error(`there is no target ${name}`)
  return found
}

const calls: PublisherCalls = {
  target: ({ name, dialect, port, key }) => {
    speakers.get(name)?.publisher.close()
    speakers.set(name, { dialect: dialects[dialect], key, publisher: new HttpPublisher({ port, connections: 32 }) })
  },
  move: ({ name, port }) => void (find(speakers, name).publisher.port = port),
  atRate: ({ name, ...plan }) => emitAtRate(find(speakers, name), plan),
  topic: async ({ name, dialect, brokers, topic }) => {
    await topics.get(name)?.producer.disconnect()
    topics.set(name, await openTopic(brokers, topic, dialects[dialect]))
  },
  produceAtRate: ({ name, ...plan }) => produceAtRate(find(topics, name), plan),
}

answerCalls(calls)
