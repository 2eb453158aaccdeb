import type { ReactElement, ReactNode } from 'react'
import type { ConnectionState, ConnectOptions, DataOf, EventOf, EventType, Gap, TypedConnection } from '../client/index.ts'
import type { SendOptions } from '../client/send.ts'

/** State of a provider's connection; `idle` while there is none: on the server, before the page is mounted, and without `enabled`. */
export type ChannelState = { readonly kind: 'idle' } | ConnectionState

/** Options of `connect()`, of which each may be undefined. */
export type ChannelOptions<Events extends object> = {
  readonly [Name in keyof ConnectOptions<Events>]?: ConnectOptions<Events>[Name] | undefined
}

/**
 * Props of a provider. A change of `url`, `channel`, `base`, `eventsUrl`, `transport`, `user` or `enabled` makes a new connection, and so
 * does a `token` that appears or disappears. A new callback is used from its next call on. The other options are read whenever a connection
 * is made.
 */
export interface CarillonProviderProps<Events extends object> extends ChannelOptions<Events> {
  /**
   * Any name of the user that `token` or the cookie identifies. The provider cannot see that a token is of another user, so that a change
   * of this name says it.
   */
  readonly user?: string | null | undefined
  /** False closes the connection, and true continues where it was. @default true */
  readonly enabled?: boolean | undefined
  /** Components that use the connection. */
  readonly children?: ReactNode
}

/** What `useConnection()` returns: the state of the connection, and a way to end a wait. */
export interface ConnectionView {
  /** Present state: the component renders again when it changes. */
  readonly state: ChannelState
  /** Connects at once, from the cursor, also after `closed`. Does nothing while the state is `idle`. The function is always the same. */
  readonly reconnect: () => void
}

/** Connects a provider: a `connect` of the client, or a function that calls one with more options. */
export type Connect<Events extends object> = (options: ConnectOptions<Events>) => TypedConnection<Events>

/** Options of `createCarillon()`. */
export interface CarillonOptions<Events extends object> {
  /** `connect` of `@carillon/client/send` or `@carillon/client/share`, for connections that send. @default that of `@carillon/client` */
  readonly connect?: Connect<Events>
}

/** Sends an event, as `send` of `@carillon/client/send` does. */
export type Send<Sends extends object> = <Type extends EventType<Sends>>(
  type: Type,
  data: DataOf<Sends, Type>,
  options?: SendOptions,
) => Promise<void>

/** Provider and hooks of one channel. */
export interface Carillon<Events extends object, Sends extends object = object> {
  /** Has one connection, for all components below. */
  readonly CarillonProvider: (props: CarillonProviderProps<Events>) => ReactElement
  /** Returns the state of the connection. @throws when there is no provider above */
  readonly useConnection: () => ConnectionView
  /**
   * Calls a handler with each event of a type, or of one of some types, while the component is mounted. The handler of the latest render is
   * called, so it needs no `useCallback`. @throws when there is no provider above
   */
  readonly useEvents: <Type extends EventType<Events>>(
    types: Type | readonly Type[],
    handler: (event: EventOf<Events, Type>) => void,
  ) => void
  /**
   * Calls a handler when events are lost, after the provider's `onGap`: a component that keeps what events brought fetches it again.
   * @throws when there is no provider above
   */
  readonly useGap: (handler: (gap: Gap) => void) => void
  /**
   * Returns a function that sends an event on the provider's connection, and is always the same. It rejects as `send` does, and where the connection
   * only receives. @throws when there is no provider above
   */
  readonly useSend: () => Send<Sends>
}
