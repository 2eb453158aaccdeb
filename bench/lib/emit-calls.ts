import type { Percentiles } from './percentiles.ts'

/** What a whole gateway on the log of its configuration (`bench/subjects/emit-gateway.ts`) is asked. */
export interface EmitGatewayCalls extends Record<string, (parameter: never) => unknown> {
  /** Resolves when the gateway is ready. */
  start(parameter: null): Promise<EmitTarget>
}

export interface EmitTarget {
  readonly port: number
  readonly emitPath: string
  readonly socketPath: string
  readonly token: string
}

/** What a client that emits and receives (`bench/lib/emit-client.ts`) is asked. */
export interface EmitClientCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens one connection to emit by, and one to receive by. */
  connect(target: EmitTarget): Promise<void>
  /** The next event leaves when the last one has arrived. */
  oneByOne(parameter: { readonly events: number }): Promise<Latencies>
  /** Events leave at their times, whatever became of those before. */
  atRate(parameter: { readonly events: number; readonly perSecond: number }): Promise<Latencies>
}

/** From the moment that an event was to leave, in milliseconds. */
export interface Latencies {
  /** Until it is at the client. */
  readonly delivered: Percentiles
  /** Until it is acknowledged: 202. */
  readonly accepted: Percentiles
}
