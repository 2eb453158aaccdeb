import type { Audience } from '../../audience/audience.ts'
import { createRecordDecoder } from '../decode-record.ts'
import type { DecodeFailure } from '../decoded-record.ts'
import { encodeEvent } from '../encode-event.ts'
import type { LogRecord } from '../log-record.ts'

/** The limits of the readers below: small enough to be reached. */
export const testLimits = { maxEventBytes: 20_000, maxAudienceNames: 100 }

const decode = createRecordDecoder(testLimits)

export type ReadRecord =
  /** `text` is one line of JSON, closed by a brace as a framing without a cursor would; `event` is what a client makes of it. */
  | {
      readonly kind: 'event'
      readonly text: string
      readonly event: Readonly<Record<string, unknown>>
      readonly audience: Audience
      readonly traceparent: string | null
    }
  | { readonly kind: 'no-audience' }
  | { readonly kind: 'undecodable'; readonly failure: DecodeFailure }

/** Takes a record through the gateway: routes and encodes it. */
export function readRecord(record: LogRecord): ReadRecord {
  const outcome = decode(record)
  if (!outcome.ok) return { kind: 'undecodable', failure: outcome.error }
  if (outcome.value === null) return { kind: 'no-audience' }
  const encoded = encodeEvent(outcome.value.content)
  if (!encoded.ok) return { kind: 'undecodable', failure: encoded.error }
  const text = `${encoded.value.toString()}}`
  const event = JSON.parse(text) as Readonly<Record<string, unknown>> // what begins with a brace is an object
  return { kind: 'event', text, event, audience: outcome.value.audience, traceparent: outcome.value.traceparent }
}

/** Returns the event that a client gets; null: none. */
export function eventOf(record: LogRecord): Readonly<Record<string, unknown>> | null {
  const read = readRecord(record)
  return read.kind === 'event' ? read.event : null
}

/** Returns `event`, `no-audience`, or the reason of the failure. A failure without a sentence is `unexplained`. */
export function verdictOn(record: LogRecord): string {
  const read = readRecord(record)
  if (read.kind !== 'undecodable') return read.kind
  return /^\w.* .*\.$/.test(read.failure.detail) ? read.failure.reason : `unexplained: ${read.failure.detail}`
}
