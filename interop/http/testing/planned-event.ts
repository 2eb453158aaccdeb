/** An event that a CloudEvents SDK makes, encodes and sends. Foreign programs read a list of them from standard input, as JSON. */
export interface PlannedEvent {
  /** Name of the event, and its id. */
  readonly name: string
  readonly mode: 'binary' | 'structured'
  readonly source: string
  /** '': none. */
  readonly subject: string
  /** Attribute datacontenttype; '': the caller leaves it out. */
  readonly contentType: string
  readonly kind: 'json' | 'text' | 'bytes' | 'none'
  /** JSON, a text, or base64. */
  readonly text: string
  readonly extensions: Readonly<Record<string, unknown>>
}

/** A line of a foreign program: the answer to an event. */
export interface SentReport {
  readonly name: string
  readonly status?: number
  readonly error?: string
}
