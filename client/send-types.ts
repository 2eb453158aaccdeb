import type { Filter } from './filters.ts'
import type { ConnectOptions, CursorStorage, DataOf, EventType, TypedConnection } from './types.ts'

/** Options of `connect()` of `@carillon/client/send`. */
export interface SendingOptions<Events extends object = object> extends ConnectOptions<Events> {
  /** Bounds of the events that wait for an acknowledgement, and a place that keeps them over a reload. */
  readonly outbox?: OutboxOptions
}

/** Options of the outbox. */
export interface OutboxOptions {
  /** Most events that may wait. @default 100 */
  readonly maxCount?: number
  /** Most bytes of all waiting events together, as JSON. @default 262144 */
  readonly maxBytes?: number
  /** Most bytes of one event, as JSON. A gateway closes a connection with a larger frame (MAX_INBOUND_FRAME_BYTES). @default 4096 */
  readonly maxFrameBytes?: number
  /** Keeps waiting events over a reload, as `sessionStorage` does; the next page of the same user sends them again. */
  readonly storage?: CursorStorage
  /** Name of the signed-in user. The storage is used only with it: the events of one user are never sent as another's. */
  readonly user?: string
}

/** Options of one send. Other members are attributes of the event, such as `subject`. */
export interface SendOptions {
  /** Id of the event: the gateway writes an id of a user once. @default a random one */
  readonly id?: string
  /** Gives up on the event: it leaves the outbox, and the promise rejects with the reason. It may have been sent before. */
  readonly signal?: SendSignal
  readonly [attribute: string]: unknown
}

/** What `send` uses of an `AbortSignal`. */
export interface SendSignal {
  /** True: given up. */
  readonly aborted: boolean
  /** What the promise rejects with. */
  readonly reason: unknown
  /** Adds a listener for the moment in which it is given up. */
  addEventListener(type: 'abort', listener: () => void): void
  /** Removes a listener. */
  removeEventListener(type: 'abort', listener: () => void): void
}

/** Events that wait for an acknowledgement. */
export interface OutboxView {
  /** Number of events. */
  readonly count: number
  /** Bytes of all of them as JSON. */
  readonly bytes: number
}

/** Connection that also sends. */
export interface SendingConnection<Events extends object = object, Sends extends object = object> extends TypedConnection<Events> {
  /** Events that wait for an acknowledgement, at this moment. */
  readonly outbox: OutboxView
  /**
   * Sends an event. Resolves when the brokers have acknowledged it. While there is no connection, the event waits in the outbox, and the next
   * connection sends it again with the same id. A gateway that asks for a pause gets it again after the pause.
   *
   * Events are sent in the order of the calls. Several are on their way at once, so one that has to wait may be written after later ones: await
   * each where the order matters.
   *
   * Rejects with a `SendError` when the gateway refuses the event finally, when the outbox is full, when the gateway takes no events, and when the
   * connection is closed finally.
   */
  send<Type extends EventType<Sends>>(type: Type, data: DataOf<Sends, Type>, options?: SendOptions): Promise<void>
  /**
   * Gets a token from `token`, and sends it on the connection. Opens a second connection with one where the gateway takes no tokens, refuses it, or
   * does not answer. Resolves when the new token is in use. The client does this by itself before a token ends.
   */
  renewToken(): Promise<void>
  /**
   * Narrows the events from now on; `[]` narrows nothing. Resolves when the filters hold. Connects again where the gateway cannot change them on the
   * connection. The filters stay for all connections that follow. After filters that let more through, fetch the current state.
   *
   * Rejects with a `SendError` when the gateway refuses the filters: those before stay.
   */
  setFilters(filters: readonly Filter[]): Promise<void>
}
