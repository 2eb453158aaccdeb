import type { Identity } from '../dialects/dialect.ts'
import type { DialectName } from '../dialects/dialects.ts'
import type { EventShape } from '../publish/emit.ts'
import type { PublishTarget } from '../publish/publisher.ts'
import type { Latencies } from './histogram.ts'
import type { Loss } from './receipts.ts'

/** What the load generator (`load.ts`) is asked. A group is a number of clients of one server. */
export interface LoadCalls extends Record<string, (parameter: never) => unknown> {
  /** Who the clients are, group by group from the first on. */
  identities(parameter: { readonly identities: readonly Identity[] }): void
  /** Makes a group, and connects it, some hundred clients at a time. */
  open(parameter: GroupOptions): Promise<Opened>
  /** Events that came since the group was made, and clients that are served now. */
  counts(parameter: GroupName): Counts
  /** Waits until the group has had so many events, or for so long. */
  awaitEvents(parameter: GroupName & { readonly events: number; readonly timeoutMs: number }): Promise<Counts>
  /** Of the events since the last call. */
  latencies(parameter: GroupName): Latencies
  /** Publishes whenever fewer than `window` events are on their way, and resolves when the last has arrived. */
  saturate(parameter: Saturation): Promise<Saturated>
  /** Ends the clients after the first `clients`. */
  shrink(parameter: GroupName & { readonly clients: number }): void
  /** The last client reads no more: what is sent to it piles up. */
  stallLast(parameter: GroupName): void
  /** Where the clients connect to from now on, each to one of these ports. */
  move(parameter: GroupName & { readonly ports: readonly number[] }): void
  /** Who loses the connection comes back after a random back-off, until `stay`. */
  comeBack(parameter: GroupName & BackOff): void
  /** Networks go at random: each client's for `downMs`, again and again. Resolves when all are served again. */
  dropNetworks(parameter: GroupName & Drops): Promise<Dropped>
  /** What came of the events with these numbers. */
  judge(parameter: GroupName & { readonly numbers: readonly number[] }): Loss
  /** All clients connect at once. Resolves when all are served, or the time is over. */
  storm(parameter: GroupName & BackOff & { readonly timeoutMs: number }): Promise<Storm>
  close(parameter: GroupName): void
}

export interface GroupName {
  readonly group: string
}

export interface GroupOptions extends GroupName {
  readonly dialect: DialectName
  /** Each client connects to one of them. */
  readonly ports: readonly number[]
  readonly clients: number
  /** The index of the first client's identity. */
  readonly firstIdentity?: number
  readonly resumes?: boolean
  /** Whether it is remembered what each client got. */
  readonly keepsReceipts?: boolean
  readonly concurrency?: number
}

export interface Opened extends Counts {
  readonly tookMs: number
  readonly failures: Readonly<Record<string, number>>
}

export interface Counts {
  readonly events: number
  readonly bytes: number
  readonly ready: number
}

export interface Saturation extends GroupName, EventShape {
  readonly target: PublishTarget
  readonly firstNumber: number
  readonly window: number
  readonly durationMs: number
  /** How many clients get an event. */
  readonly receivers: number
}

export interface Saturated {
  readonly published: number
  readonly refused: number
  readonly deliveries: number
  /** Until the last event had arrived. */
  readonly tookMs: number
  readonly isComplete: boolean
}

export interface BackOff {
  readonly minBackOffMs: number
  readonly maxBackOffMs: number
}

export interface Drops {
  readonly durationMs: number
  readonly downMs: number
  /** How long a client is well, on average, before its network goes. */
  readonly meanUpMs: number
  readonly seed: number
}

export interface Dropped {
  readonly drops: number
  readonly failures: Readonly<Record<string, number>>
}

export interface Storm {
  readonly served: number
  readonly attempts: number
  /** Until the last was served. */
  readonly tookMs: number
  /** From the first attempt of a client until it was served. */
  readonly latencies: Latencies
  readonly failures: Readonly<Record<string, number>>
}
