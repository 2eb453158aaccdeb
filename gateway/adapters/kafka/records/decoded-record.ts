import type { LogRecord, RawHeaders } from '../../../event/log-record.ts'
import { readRawHeaders } from './raw-headers.ts'

export type Headers = Record<string, Buffer | Buffer[] | undefined>

interface RecordFields {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
}

/** A record of Kafka. It is a class because a method costs a record nothing. A closure or a view of its headers would cost an object. */
export class DecodedRecord implements LogRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
  readonly #batch: Buffer
  readonly #headersAt: number
  readonly #end: number

  /** @param place of the headers in the bytes of the batch, up to the end of the record */
  constructor(fields: RecordFields, batch: Buffer, place: { readonly headersAt: number; readonly end: number }) {
    this.partition = fields.partition
    this.offset = fields.offset
    this.timestampMs = fields.timestampMs
    this.key = fields.key
    this.value = fields.value
    this.headers = fields.headers
    this.#batch = batch
    this.#headersAt = place.headersAt
    this.#end = place.end
  }

  rawHeaders(): RawHeaders {
    return readRawHeaders(this.#batch.subarray(0, this.#end), this.#headersAt)
  }
}
