import type { Percentiles } from './percentiles.ts'
import type { Target } from './raw-connection.ts'

/** What the load generator (`load.ts`) is asked. A group is a number of connections to one server. */
export interface LoadCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens connections, a few hundred at a time. @returns how many are open */
  connect(parameter: {
    readonly group: string
    readonly target: Target
    readonly connections: number
    readonly wantsLatency?: boolean
  }): Promise<number>
  /** Resolves when the group has received this many text frames since it began. @throws Error after the deadline */
  awaitFrames(parameter: { readonly group: string; readonly frames: number; readonly timeoutMs: number }): Promise<Received>
  received(parameter: { readonly group: string }): Received
  /** Of the frames since the last call, in milliseconds. */
  latencies(parameter: { readonly group: string }): Percentiles
  /** The group reads no more. */
  stall(parameter: { readonly group: string }): void
  resume(parameter: { readonly group: string }): void
  disconnect(parameter: { readonly group: string }): void
}

export interface Received {
  readonly frames: number
  readonly bytes: number
}
