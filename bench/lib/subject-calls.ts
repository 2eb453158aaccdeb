import type { Target } from './raw-connection.ts'

/** Calls that a server under measurement (`bench/subjects/`) answers. */
export interface SubjectCalls extends Record<string, (parameter: never) => unknown> {
  start(parameter: null): Promise<SubjectTarget>
  /** Sends events, in one turn. @returns when they are handed over, not when they have arrived */
  broadcast(parameter: Broadcast): Promise<void>
  usage(parameter: { readonly collectGarbage: boolean }): Promise<Usage>
  /** Watches every turn of the event loop from now on, which keeps the process busy. */
  watchTurns(parameter: null): void
  /**
   *
   * @returns the longest turn since then
   */
  longestTurn(parameter: null): LongestTurn
}

export interface SubjectTarget extends Target {
  /** Headers that identify another user, who gets what is sent to `other`. */
  readonly otherHeaders: Readonly<Record<string, string>>
}

export interface Broadcast {
  readonly to: 'everybody' | 'other'
  readonly events: number
  /** Approximate size of each event on the wire, in bytes. */
  readonly bytes: number
}

export interface Usage {
  /** Processor time of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
  readonly rssBytes: number
  /** Heap and buffers in use. */
  readonly heldBytes: number
}

export interface LongestTurn {
  /** By the clock, which a busy machine stretches. */
  readonly wallMs: number
  /** Processor time of the thread alone. */
  readonly cpuMs: number
}
