import type { Ending } from './ending.ts'

/** Parts of one connection over either transport. */
export interface LinkRequest {
  readonly url: URL
  readonly token: (() => string | null | undefined | Promise<string | null | undefined>) | undefined
  readonly openTimeoutMs: number
  readonly WebSocket: typeof globalThis.WebSocket
  readonly fetch: typeof globalThis.fetch
}

export interface LinkHandlers {
  /** The transport got through; the gateway may still refuse the client. */
  opened(): void
  /** @returns milliseconds of silence that are allowed after it; 0: any */
  message(text: string): number
  /** At most once, and no call follows it. */
  ended(ending: Ending): void
}

/** A transport must stop when the signal aborts. A rejection or an exception is an ending like any other. */
export type OpenTransport = (
  request: LinkRequest,
  token: string | null | undefined,
  handlers: TransportHandlers,
  signal: AbortSignal,
) => void | Promise<void>

type TransportHandlers = { readonly [Name in keyof LinkHandlers]: (...given: Parameters<LinkHandlers[Name]>) => void }
