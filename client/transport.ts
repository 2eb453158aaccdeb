import type { Ending } from './ending.ts'

/** What one connection, over whichever transport, is made from. */
export interface LinkRequest {
  readonly url: URL
  readonly token: (() => string | null | undefined | Promise<string | null | undefined>) | undefined
  readonly openTimeoutMs: number
  readonly WebSocket: typeof globalThis.WebSocket
  readonly fetch: typeof globalThis.fetch
}

export interface LinkHandlers {
  /** The transport got through; whether the gateway admits the client is not known yet. */
  opened(): void
  /** @returns for how many milliseconds there may be silence then; 0: for ever */
  message(text: string): number
  /** At most once, and nothing is called after it. */
  ended(ending: Ending): void
}

/** A transport must stop when the signal aborts. Rejecting or throwing is an ending like any other. */
export type OpenTransport = (
  request: LinkRequest,
  token: string | null | undefined,
  handlers: TransportHandlers,
  signal: AbortSignal,
) => void | Promise<void>

type TransportHandlers = { readonly [Name in keyof LinkHandlers]: (...given: Parameters<LinkHandlers[Name]>) => void }
