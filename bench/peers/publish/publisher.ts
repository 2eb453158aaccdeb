/** Publishes at a rate, in a process of its own: in a process shared with receivers, events would wait for them. Started by `startChild`. */
import { answerCalls } from '../../lib/calls.ts'
import { dialects, type DialectName } from '../dialects/dialects.ts'
import { emitAtRate, type EmitReport, type RatePlan } from './emit.ts'
import { openTopic, produceAtRate, type TopicSpeaker } from './produce.ts'
import { createSpeaker, type PublishTarget, type Speaker } from './speaker.ts'

/** Calls that this process answers. It publishes to several servers, each by its name. */
export interface PublisherCalls extends Record<string, (parameter: never) => unknown> {
  target(parameter: PublishTarget & { readonly name: string }): void
  /** Changes the port of a server. */
  move(parameter: { readonly name: string; readonly port: number }): void
  atRate(parameter: RatePlan & { readonly name: string }): Promise<EmitReport>
  topic(parameter: TopicTarget & { readonly name: string }): Promise<void>
  produceAtRate(parameter: RatePlan & { readonly name: string }): Promise<EmitReport>
}

export interface TopicTarget {
  readonly dialect: DialectName
  readonly brokers: readonly string[]
  readonly topic: string
}

const speakers = new Map<string, Speaker>()
const topics = new Map<string, TopicSpeaker>()

function find<T>(among: ReadonlyMap<string, T>, name: string): T {
  const found = among.get(name)
  if (found === undefined) throw new Error(`there is no target ${name}`)
  return found
}

const calls: PublisherCalls = {
  target: ({ name, ...target }) => {
    speakers.get(name)?.publisher.close()
    speakers.set(name, createSpeaker(target, 32))
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
