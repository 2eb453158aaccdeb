/** Publishes at a rate, in a process of its own: where it shares one with those who receive, an event leaves when they have time. Started by `startChild`. */
import { answerCalls } from '../../lib/calls.ts'
import { dialects } from '../dialects/dialects.ts'
import { emitAtRate, type Speaker } from './emit.ts'
import { HttpPublisher } from './http-publisher.ts'
import type { PublisherCalls } from './publisher-calls.ts'

const speakers = new Map<string, Speaker>()

function find(name: string): Speaker {
  const speaker = speakers.get(name)
  if (speaker === undefined) throw new Error(`there is no target ${name}`)
  return speaker
}

const calls: PublisherCalls = {
  target: ({ name, dialect, port, key }) => {
    speakers.get(name)?.publisher.close()
    speakers.set(name, { dialect: dialects[dialect], key, publisher: new HttpPublisher({ port, connections: 32 }) })
  },
  move: ({ name, port }) => void (find(name).publisher.port = port),
  atRate: ({ name, ...plan }) => emitAtRate(find(name), plan),
}

answerCalls(calls)
