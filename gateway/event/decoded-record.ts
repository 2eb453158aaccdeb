import type { Audience } from '../audience/audience.ts'
import type { LogRecord } from './log-record.ts'
import type { PackedRecord } from './packed-record.ts'

/**
 * The part of a record that routing needs. The rest of the event is read when a session first needs it (`encodeEvent`), because most records
 * on a busy channel concern no session of this pod.
 */
export interface DecodedRecord {
  readonly id: string
  readonly source: string
  readonly audience: Audience
  /** The W3C trace context of the record's transport (Kafka header `traceparent`), else the event's own; null: none. */
  readonly traceparent: string | null
  /** The undecoded rest, for `encodeEvent`. */
  readonly content: EventContent
}

/** The attributes and data of an event before encoding. */
export type EventContent =
  /** CloudEvents binary mode: attributes in `ce_*` headers, data in the value. */
  | { readonly kind: 'binary'; readonly record: LogRecord }
  /** The same, in one piece: what the replay log keeps. */
  | PackedRecord
  /** CloudEvents structured mode, and the legacy form with its payload lifted into `data`: already parsed JSON. */
  | { readonly kind: 'parsed'; readonly event: Readonly<Record<string, unknown>>; readonly bytes: number }

/** The failure of a record that cannot be delivered. `reason` is a closed table: it becomes a metric label and a DLQ header. */
export interface DecodeFailure {
  readonly reason: DecodeFailureReason
  /** A sentence for people. Never contains the record's content. */
  readonly detail: string
}

export const decodeFailureReasons = [
  'empty', // no value and no headers: a tombstone or an empty record
  'not-json',
  'invalid-utf8',
  'not-an-event', // JSON, but not an object, or a required attribute is missing or of the wrong type
  'specversion', // a specversion other than 1.0 (or its legacy alias 1.0.2)
  'bad-attribute', // an attribute or extension breaks the CloudEvents rules
  'bad-audience',
  'misspelt-member', // legacy form: a member of `data` that is nearly one of an audience, or one that is there twice
  'bad-data', // data is not what datacontenttype says
  'too-deep',
  'too-large',
  'content-type', // a content type without a CloudEvents form
  'dead-letter', // a copy that a dead letter worker made: not an event, and not copied again
] as const

export type DecodeFailureReason = (typeof decodeFailureReasons)[number]
