import type { Target } from './raw-connection.ts'

/** What a server under measurement (`bench/subjects/`) is asked. */
export interface SubjectCalls extends Record<string, (parameter: never) => unknown> {
  start(parameter: null): Promise<SubjectTarget>
  /** Sends events, in one turn. @returns when they are handed over, not when they have arrived */
  broadcast(parameter: Broadcast): Promise<void>
  usage(parameter: { readonly collectGarbage: boolean }): Promise<Usage>
  /** Watches every turn of the event loop from now on, which keeps the process busy. */
  watchTurns(parameter: null): void
  /** @returns the longest turn since */
  longestTurn(parameter: null): LongestTurn
}

export interface SubjectTarget extends Target {
  /** With these headers a client is somebody else, who gets what is sent to `other`. */
  readonly otherHeaders: Readonly<Record<string, string>>
}

export interface Broadcast {
  readonly to: 'everybody' | 'other'
  readonly events: number
  /** Bytes on the wire that each event is to have, about. */
  readonly bytes: number
}

export interface Usage {
  /** Of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
  readonly rssBytes: number
  /** Heap and buffers that are in use. */
  readonly heldBytes: number
}

export interface LongestTurn {
  /** By the clock, which a busy machine stretches. */
  readonly wallMs: number
  /** Of the thread's own processor time. */
  readonly cpuMs: number
}
