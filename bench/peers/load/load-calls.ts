import type { Identity } from '../dialects/dialect.ts'
import type { DialectName } from '../dialects/dialects.ts'
import type { EventShape } from '../publish/emit.ts'
import type { PublishTarget } from '../publish/speaker.ts'
import type { Latencies } from './histogram.ts'
import type { Loss } from './receipts.ts'

/** Calls that the load generator (`load.ts`) answers. A group is a number of clients of one server. */
export interface LoadCalls extends Record<string, (parameter: never) => unknown> {
  /** Sets the identities of the clients, group by group from the first on. */
  identities(parameter: { readonly identities: readonly Identity[] }): void
  /** Makes a group, and connects it, some hundred clients at a time. */
  open(parameter: GroupOptions): Promise<Opened>
  /** Returns the events since the group was made, and the clients that are served now. */
  counts(parameter: GroupName): Counts
  /** Waits until the group has this many events, or until the time is over. */
  awaitEvents(parameter: GroupName & { readonly events: number; readonly timeoutMs: number }): Promise<Counts>
  /** Returns the latencies of the events since the last call. */
  latencies(parameter: GroupName): Latencies
  /** Publishes while fewer than `window` events are in flight, and resolves when the last has arrived. */
  saturate(parameter: Saturation): Promise<Saturated>
  /** Ends the clients after the first `clients`. */
  shrink(parameter: GroupName & { readonly clients: number }): void
  /** Stops reading the last client: what the server sends it piles up. */
  stallLast(parameter: GroupName): void
  /** Reads the last client again. */
  thawLast(parameter: GroupName): void
  /** Sets the ports of later connections; each client chooses one. */
  move(parameter: GroupName & { readonly ports: readonly number[] }): void
  /** Makes clients that lose the connection come back after a random back-off, until `stay`. */
  comeBack(parameter: GroupName & BackOff): void
  /** Cuts networks at random: each client's for `downMs`, repeatedly. Resolves when all are served again. */
  dropNetworks(parameter: GroupName & Drops): Promise<Dropped>
  /** Returns what the clients lost of the events with these numbers. */
  countLosses(parameter: GroupName & { readonly numbers: readonly number[] }): Loss
  /** Connects all clients at once. Resolves when all are served, or the time is over. */
  storm(parameter: GroupName & BackOff & { readonly timeoutMs: number }): Promise<Storm>
  close(parameter: GroupName): void
}

export interface GroupName {
  readonly group: string
}

export interface GroupOptions extends GroupName {
  readonly dialect: DialectName
  /** Ports; each client chooses one. */
  readonly ports: readonly number[]
  readonly clients: number
  /** Index of the first client's identity. */
  readonly firstIdentity?: number
  readonly resumes?: boolean
  /** Records what each client got. */
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
  /** Number of clients that get an event. */
  readonly receivers: number
}

export interface Saturated {
  readonly published: number
  readonly refused: number
  readonly deliveries: number
  /** Milliseconds until the last event had arrived. */
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
  /** Mean time between two cuts of a client's network, in milliseconds. */
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
  /** Milliseconds until the last client was served. */
  readonly tookMs: number
  /** From the first attempt of a client until it was served. */
  readonly latencies: Latencies
  /** Clients that were served at moments of the machine's clock (`nowMs`), some each second. */
  readonly progress: readonly Progress[]
  readonly failures: Readonly<Record<string, number>>
}

export interface Progress {
  readonly atMs: number
  readonly served: number
}
