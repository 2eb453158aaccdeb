import { randomUUID } from 'node:crypto'
import type { Result } from '../../program/result.ts'
import { type HttpAnswer, requestOnce } from '../probe/probe-http.ts'
import type { AnyEvent } from './judge-event.ts'

/** What a run is about, and how it reaches the server. */
export interface Subject {
  /** WebSocket of the events; null: none was given. */
  readonly socket: URL | null
  /** The same stream as Server-Sent Events; null: none was given. */
  readonly stream: URL | null
  /** Target of POST; null: events are sent over the WebSocket. */
  readonly emit: URL | null
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Token of the client that receives; null: none. */
  readonly token: string | null
  /** Token of the emitter; null: none. */
  readonly emitToken: string | null
  readonly origin: string | null
  /** Extensions of every event that is sent, such as the audience of Carillon. */
  readonly extensions: Readonly<Record<string, string>>
  /** Time for each answer and each event, in milliseconds. */
  readonly timeoutMs: number
  readonly interrupted: AbortSignal
}

/** A message of the HTTP binding. */
export interface Message {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** One run: its events have ids and a source of their own. Observations that several rules need are made once. */
export interface Lab extends Subject {
  readonly source: string
  readonly type: string
  makeId(): string
  /** Sends a message to the target of POST. @throws when there is none */
  post(message: Message): Promise<Result<HttpAnswer, string>>
  /** Makes an observation that several rules share, the first time that one asks for it. */
  once<T>(observation: Observation<T>): Promise<T>
}

export interface Observation<T> {
  make(lab: Lab): Promise<T>
}

export const bearer = (token: string | null): Readonly<Record<string, string>> =>
  token === null ? {} : { authorization: `Bearer ${token}` }

export function createLab(subject: Subject): Lab {
  const run = randomUUID()
  const made = new Map<Observation<unknown>, Promise<unknown>>()
  let ids = 0
  const lab: Lab = {
    ...subject,
    source: `urn:carillon:conformance:${run}`,
    type: 'com.example.conformance',
    makeId: () => `${run}-${(ids += 1)}`,
    post: ({ headers, body }) => {
      const { emit, emitToken, headers: always, timeoutMs, interrupted } = subject
      if (emit === null) throw new Error('The target of POST is missing; a profile that posts asks for it.')
      return requestOnce({
        url: emit,
        method: 'POST',
        headers: { ...always, ...bearer(emitToken), ...headers },
        body,
        timeoutMs,
        interrupted,
      })
    },
    once: <T>(observation: Observation<T>) => {
      // The map holds under each observation what that observation has made.
      const before = made.get(observation) as Promise<T> | undefined
      const value = before ?? observation.make(lab)
      made.set(observation, value)
      return value
    },
  }
  return lab
}

/** Returns an event of this run in the JSON format. */
export function makeEvent(lab: Lab, members: AnyEvent = {}): AnyEvent & { readonly id: string } {
  return { specversion: '1.0', id: lab.makeId(), source: lab.source, type: lab.type, ...lab.extensions, ...members }
}
