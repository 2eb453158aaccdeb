import type { Target } from '../../lib/raw-connection.ts'

/** Who connects. All servers get the same tokens. */
export interface Identity {
  readonly user: string
  readonly token: string
}

/** What a client's dialect may do with its connection. */
export interface Wire {
  send(text: string): void
  /** The server serves this client from now on. */
  ready(): void
  /** There are, or may be, events between `start` and `end`. */
  events(bytes: Buffer, start: number, end: number): void
  /** The server refuses, or does not speak as it should. */
  fail(reason: string): void
}

/** How one client speaks, over all of its connections: what it must remember to resume is in here. */
export interface DialectClient {
  request(): Pick<Target, 'path' | 'headers' | 'subprotocol'>
  /** The connection is open, its handshake over. */
  opened(wire: Wire): void
  message(wire: Wire, bytes: Buffer, start: number, end: number): void
}

export interface PublishedEvent {
  readonly number: number
  /** JSON. */
  readonly data: string
  /** A user's id; null: everybody. */
  readonly user: string | null
  /** Whether it may be published again, because nobody knows what became of it: a server that can tell is told. */
  readonly mayRepeat: boolean
}

export interface PublishRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface KafkaRecord {
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** How a server is spoken to by those who receive and those who publish. */
export interface Dialect {
  /** @param resumes whether it asks for what it missed when it comes back */
  client(identity: Identity, resumes: boolean): DialectClient
  /** @param key that allows to publish */
  publish(event: PublishedEvent, key: string): PublishRequest
  /** The event as a record that the server reads from Kafka; left out: it reads none. */
  record?(event: PublishedEvent): KafkaRecord
}

/** The text between `before` and the next quote, from the last `before` on; null when there is none. */
export function lastQuoted(bytes: Buffer, start: number, end: number, before: string): string | null {
  const message = bytes.subarray(start, end)
  const at = message.lastIndexOf(before)
  if (at < 0) return null
  const from = at + before.length
  const to = message.indexOf('"', from)
  return to < 0 ? null : message.toString('latin1', from, to)
}
