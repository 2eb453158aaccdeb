import type { Target } from '../../lib/raw-connection.ts'

/** User that connects. All servers get the same tokens. */
export interface Identity {
  readonly user: string
  readonly token: string
  /** The same in the form of NATS, which takes only tokens that its own accounts have signed. */
  readonly natsToken: string
}

/** Actions of a dialect on its connection. */
export interface Wire {
  send(text: string): void
  /** Reports that the server serves this client from now on. */
  ready(): void
  /** Reports possible events between `start` and `end`. */
  events(bytes: Buffer, start: number, end: number): void
  /** Reports that the server refuses, or breaks its protocol. */
  fail(reason: string): void
}

/** Protocol of one client over all of its connections. It holds what a client must remember to resume. */
export interface DialectClient {
  request(): Pick<Target, 'path' | 'headers' | 'subprotocol' | 'isEventStream'>
  /** Called when the handshake is done, before the first message. */
  opened(wire: Wire): void
  /** Called with each whole message of a WebSocket, or each block of an event stream. */
  message(wire: Wire, bytes: Buffer, start: number, end: number): void
}

export interface PublishedEvent {
  readonly number: number
  /** Data as JSON. */
  readonly data: string
  /** Id of a user; null: all users. */
  readonly user: string | null
  /** True when it may be published again because its fate is unknown: servers that suppress duplicates get a key. */
  readonly mayRepeat: boolean
}

export interface PublishRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Protocol of a publisher's connection, on which one request at a time waits for its answer. */
export interface PublishWire {
  /** Returns the text that opens a connection; empty: none. */
  greeting(key: string): string
  textOf(request: PublishRequest): string
  /** Reads the text since the last answer. */
  read(text: string): PublishAnswer
}

export interface PublishAnswer {
  /** HTTP status; null: the answer is not whole. */
  readonly status: number | null
  /** Text that is not read yet. */
  readonly rest: string
  /** Text to send at once; empty: none. */
  readonly reply: string
  /** True when this connection takes no further request. */
  readonly isLast: boolean
}

export interface KafkaRecord {
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** Protocol of a server, for clients and publishers. */
export interface Dialect {
  /** @param resumes true when a returning client asks for what it missed */
  client(identity: Identity, resumes: boolean): DialectClient
  /** @param key credential for publishing */
  publish(event: PublishedEvent, key: string): PublishRequest
  /** Protocol of the publishers' connections. @default HTTP */
  readonly publishWire?: PublishWire
  /** Returns the event as a record that the server reads from Kafka; left out: it reads none. */
  record?(event: PublishedEvent): KafkaRecord
}

/** Returns the text between the last `before` and the next quote; null when there is none. */
export function lastQuoted(bytes: Buffer, start: number, end: number, before: string): string | null {
  const message = bytes.subarray(start, end)
  const at = message.lastIndexOf(before)
  if (at < 0) return null
  const from = at + before.length
  const to = message.indexOf('"', from)
  return to < 0 ? null : message.toString('latin1', from, to)
}
