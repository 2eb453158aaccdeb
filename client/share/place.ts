/** What tabs of one origin have in common, and what a tab knows of itself. A test has a place of its own. */
export interface Place {
  /** Undefined in a runtime without Web Locks, and in pages that came over plain HTTP. */
  readonly locks: Pick<LockManager, 'request'> | undefined
  readonly BroadcastChannel: (new (name: string) => Bus) | undefined
  /** Gets `freeze` and `resume`; undefined outside of pages. */
  readonly document: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
  /** Gets `pagehide` and `pageshow`; undefined outside of pages. */
  readonly window: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined
}

/** What is used of a `BroadcastChannel`. */
export interface Bus {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  close(): void
}

/** The place of the runtime. */
export const runtimePlace = (): Place => ({
  locks: globalThis.navigator?.locks,
  BroadcastChannel: globalThis.BroadcastChannel,
  document: globalThis.document,
  window: globalThis.window,
})
