/** Turns the JSON of an event into bytes on the wire. One constant per transport, so that a frame is made once for all its sockets. */
export interface Framing {
  readonly kind: 'websocket' | 'sse'
  /** Returns the bytes before the JSON. @param jsonBytes the length of the JSON; @param id the cursor that stands for the event; null: none */
  before(jsonBytes: number, id: string | null): Buffer
  /** The bytes after the JSON. */
  readonly after: Buffer
  /** Returns a smaller frame for the same event, or the same frame; takes some milliseconds at most. @default none: frames are not compressed */
  readonly compress?: (frame: Buffer) => Buffer
}
