/** What a core with a full log (`bench/subjects/storm.ts`) is asked. Each call makes a new channel, and fills its log before it measures. */
export interface StormCalls extends Record<string, (parameter: never) => unknown> {
  /** So many sessions come with a cursor from before the first event, and get theirs. */
  resume(storm: Storm): Promise<StormCost>
  /** The same events to the same sessions, the naive way: each session looks at every event. */
  scanForEach(storm: Storm): Promise<StormCost>
}

export interface Storm {
  readonly sessions: number
  /** Of these each is for one user, and each user gets as many as the others. */
  readonly events: number
}

export interface StormCost {
  /** Of all threads, user and system, in milliseconds. */
  readonly cpuMs: number
  /** Processor time of the longest turn of the event loop, in milliseconds. */
  readonly longestTurnMs: number
  /** Bytes that the sockets took. */
  readonly bytes: number
}
