import type { LogRecord, RawHeaders } from '../../../event/log-record.ts'
import { readRawHeaders } from './raw-headers.ts'

export type Headers = Record<string, Buffer | Buffer[] | undefined>

interface RecordFields {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly value: Buffer | null
  readonly headers: Headers
}

/** Where the parts of a record that are seldom asked for stand in the bytes of its batch. */
interface RecordPlaces {
  readonly keyAt: number
  /** -1: it has no key. */
  readonly keyLength: number
  readonly headersAt: number
}

/** A record of Kafka: a class, since a method costs a record nothing, where a closure or a view of its headers would cost an object. */
export class DecodedRecord implements LogRecord {
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly value: Buffer | null
  readonly headers: Headers
  readonly #batch: Buffer
  readonly #keyAt: number
  readonly #keyLength: number
  readonly #headersAt: number

  constructor(fields: RecordFields, batch: Buffer, places: RecordPlaces) {
    this.partition = fields.partition
    this.offset = fields.offset
    this.timestampMs = fields.timestampMs
    this.value = fields.value
    this.headers = fields.headers
    this.#batch = batch
    this.#keyAt = places.keyAt
    this.#keyLength = places.keyLength
    this.#headersAt = places.headersAt
  }

  get key(): Buffer | null {
    return this.#keyLength === -1 ? null : this.#batch.subarray(this.#keyAt, this.#keyAt + this.#keyLength)
  }

  rawHeaders(): RawHeaders {
    return readRawHeaders(this.#batch, this.#headersAt)
  }
}
