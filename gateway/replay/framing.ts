/** How the JSON of an event becomes bytes on the wire. There is one constant per transport, so that a frame is made once for all its sockets. */
export interface Framing {
  readonly kind: 'websocket' | 'sse'
  /** The bytes before the JSON. @param jsonBytes the length of the JSON; @param cursor null for an event without one */
  before(jsonBytes: number, cursor: string | null): Buffer
  /** The bytes after the JSON. */
  readonly after: Buffer
}
