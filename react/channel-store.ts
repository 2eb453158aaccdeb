import type { ConnectOptions, EventOf, EventType, Gap, TypedConnection } from '../client/index.ts'
import type { ChannelOptions, ChannelState, Connect, Send } from './types.ts'

export const idle: ChannelState = { kind: 'idle' }

/**
 * The connection of a provider, and what components want of it. React runs the effects of components before those of the provider above
 * them, and StrictMode runs all of them twice. So components never hold the connection: the store has their handlers, and gives them to each
 * connection that the provider opens.
 */
export class ChannelStore<Events extends object, Sends extends object> {
  readonly #connect: Connect<Events>
  #state = idle
  #connection: TypedConnection<Events> | null = null
  /** Channel and last cursor of the connection before. */
  #left: { readonly channel: string; readonly cursor: string | null } | null = null
  readonly #listeners = new Set<() => void>()
  readonly #subscriptions = new Set<Subscription<Events>>()
  readonly #gapHandlers = new Set<(gap: Gap) => void>()

  constructor(connect: Connect<Events>) {
    this.#connect = connect
  }

  // ---- for useSyncExternalStore

  readonly getState = (): ChannelState => this.#state

  readonly watch = (changed: () => void): (() => void) => {
    this.#listeners.add(changed)
    return () => void this.#listeners.delete(changed)
  }

  // ---- for the provider

  /**
   * Connects. A connection to the same channel as before continues at its cursor.
   * @param channel differs for the endpoints of two channels
   * @param latest returns the options of the latest render
   * @throws TypeError as `connect()` does
   */
  open(channel: string, latest: () => ChannelOptions<Events>): void {
    const cursor = this.#left?.channel === channel ? this.#left.cursor : null
    const connection = this.#connect(this.#optionsFor(latest, cursor))
    this.#connection = connection
    this.#left = { channel, cursor: null }
    for (const subscription of this.#subscriptions) subscription.attach(connection)
    this.#change(connection.state)
  }

  close(): void {
    const connection = this.#connection
    if (connection === null) return
    if (this.#left !== null) this.#left = { ...this.#left, cursor: connection.cursor }
    this.#connection = null
    connection.close()
    this.#change(idle)
  }

  // ---- for components

  readonly reconnect = (): void => this.#connection?.reconnect()

  readonly send: Send<Sends> = (type, data, options) => {
    const connection = this.#connection
    if (connection === null) return Promise.reject(new Error('useSend: there is no connection. Send when the state is not `idle`.'))
    if (!canSend<Sends>(connection))
      return Promise.reject(
        new Error('useSend: this connection only receives. Give createCarillon() the `connect` of @carillon/client/send.'),
      )
    return connection.send(type, data, options)
  }

  /** @returns a function that removes the handler */
  listen<Type extends EventType<Events>>(types: readonly Type[], handler: (event: EventOf<Events, Type>) => void): () => void {
    const subscription = new Subscription<Events>((connection) => types.map((type) => connection.on(type, handler)))
    this.#subscriptions.add(subscription)
    if (this.#connection !== null) subscription.attach(this.#connection)
    return () => {
      this.#subscriptions.delete(subscription)
      subscription.detach()
    }
  }

  /** @returns a function that removes the handler */
  listenToGaps(handler: (gap: Gap) => void): () => void {
    this.#gapHandlers.add(handler)
    return () => void this.#gapHandlers.delete(handler)
  }

  // ---- inside

  #optionsFor(latest: () => ChannelOptions<Events>, cursor: string | null): ConnectOptions<Events> {
    const options = latest()
    return {
      // connect() reads an option that is undefined as one that is left out.
      ...(options as ConnectOptions<Events>),
      ...(cursor === null ? {} : { cursor }),
      // Without a token, connect() trusts the cookie, so a function that may return none is not the same.
      ...(options.token === undefined ? {} : { token: () => latest().token?.() }),
      onEvent: (event) => latest().onEvent?.(event),
      onControl: (event) => latest().onControl?.(event),
      onError: (error) => report(latest, error),
      onGap: (gap) => this.#tellGap(latest, gap),
      onStateChange: (state) => {
        // close() forgets the connection first: its last state is `idle` here.
        if (this.#connection === null) return
        this.#change(state)
        const { onStateChange } = latest()
        if (onStateChange !== undefined) return onStateChange(state)
        // connect() does the same without this callback. The promise rejects with the reason.
        if (state.kind === 'closed') this.#connection.opened.catch((error: unknown) => report(latest, error))
      },
    }
  }

  /** Tells all, although one may throw. The client reports what this rejects with. */
  async #tellGap(latest: () => ChannelOptions<Events>, gap: Gap): Promise<void> {
    const handlers = [latest().onGap, ...this.#gapHandlers]
    const outcomes = await Promise.allSettled(handlers.map(async (handler) => handler?.(gap)))
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, `${errors.length} handlers of a gap threw.`)
  }

  #change(state: ChannelState): void {
    // connect() begins with the state that it reports when it dials: one render is enough for both.
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return
    this.#state = state
    for (const changed of this.#listeners) changed()
  }
}

/** Connections of `@carillon/client/send` and `/share` have this method. */
const canSend = <Sends extends object>(connection: object): connection is { readonly send: Send<Sends> } => 'send' in connection

function report(latest: () => Pick<ChannelOptions<object>, 'onError'>, error: unknown): void {
  // oxlint-disable-next-line no-console -- as the client does without this callback
  const { onError = console.error } = latest()
  onError(error)
}

/** Handlers of one component, at one connection after the other. */
class Subscription<Events extends object> {
  readonly #add: (connection: TypedConnection<Events>) => readonly (() => void)[]
  #removes: readonly (() => void)[] = []

  constructor(add: (connection: TypedConnection<Events>) => readonly (() => void)[]) {
    this.#add = add
  }

  /** A closed connection calls no handlers, so there is nothing to remove from the one before. */
  attach(connection: TypedConnection<Events>): void {
    this.#removes = this.#add(connection)
  }

  detach(): void {
    for (const remove of this.#removes) remove()
  }
}
