import type { LogRecord } from '../../../event/log-record.ts'
import { WireReader } from '../wire/wire-reader.ts'
import { DecodedRecord, type Headers } from './decoded-record.ts'
import { maxHeadersPerRecord, headerLimit } from './raw-headers.ts'

/** Values that all records of a batch share. */
export interface RecordsContext {
  readonly partition: number
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: number
  /** Time of all records when the broker stamps them itself (`LogAppendTime`), else null. */
  readonly appendTimeMs: number | null
  /** Number of records that the batch claims. */
  readonly count: number
}

export interface Portion {
  readonly records: readonly LogRecord[]
  /** Reason why reading ended before the end of the batch; null: none. */
  readonly failure: string | null
}

/** Work (records, headers, and KiB of headers) between two looks at the clock: some 50 us. */
const workPerLook = 64

/** Limit on a header's value that is compared with the value before. */
const maxComparedBytes = 64

/**
 * Reads the records of one batch (record format v2, already decompressed), a portion at a time. Keys, values and headers are views of
 * `bytes`. A caller that keeps one keeps the whole batch in memory, so it must copy.
 *
 * A pod reads every record of its channel, so this is the hottest loop of the gateway: kafkajs's own decoder costs 7 us per record with
 * five headers. Three things make it 5 times as fast: no BigInt, no object per field, and no second decoding of a header. The name or value
 * of a header at the same place as in the record before shares one view with it.
 */
export class RecordReader {
  readonly #bytes: Buffer
  readonly #wire: WireReader
  readonly #context: RecordsContext
  #left: number
  #work = 0
  #lastDelta = -1
  /** Place and text of the name of the n-th header in the last record that had one. */
  readonly #nameStarts: number[] = []
  readonly #nameLengths: number[] = []
  readonly #names: string[] = []
  /** The same for the value of the n-th header. */
  readonly #valueStarts: number[] = []
  readonly #values: Buffer[] = []

  constructor(bytes: Buffer, context: RecordsContext) {
    this.#bytes = bytes
    this.#wire = new WireReader(bytes)
    this.#context = context
    this.#left = context.count
  }

  /** Number of records that are still to be read. */
  get left(): number {
    return this.#left
  }

  /**
   * Reads on until there are `max` records, `isSpent` returns true, or the batch ends or is damaged. Leaves out records below `fromOffset`.
   */
  read(fromOffset: number, max: number, isSpent: () => boolean): Portion {
    const records: LogRecord[] = []
    let look = this.#work + workPerLook
    try {
      while (this.#left > 0 && records.length < max) {
        const record = this.#readRecord(fromOffset)
        this.#left--
        if (record !== null) records.push(record)
        if (++this.#work < look) continue
        if (isSpent()) break
        look = this.#work + workPerLook
      }
      if (this.#left === 0 && this.#wire.at !== this.#bytes.length)
        throw new RangeError(`the batch has more bytes than its ${this.#context.count} records`)
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      return { records, failure: cause.message }
    }
    return { records, failure: null }
  }

  #readRecord(fromOffset: number): LogRecord | null {
    const wire = this.#wire
    const context = this.#context
    const length = wire.varint()
    const end = wire.at + length
    if (length < 0 || end > this.#bytes.length) throw new RangeError(`a record of ${length} bytes does not fit into its batch`)
    wire.skip(1) // attributes: none is defined
    const timestampMs = context.baseTimestampMs + wire.varlong()
    const offset = context.baseOffset + this.#readOffsetDelta()
    if (offset < fromOffset) {
      wire.seek(end)
      return null
    }
    const key = wire.varbytes()
    const value = wire.varbytes()
    const headersAt = wire.at
    const headers = this.#readHeaders(end)
    if (wire.at !== end) throw new RangeError(`a record of ${length} bytes ends ${wire.at - end} bytes beyond its end`)
    return new DecodedRecord(
      { partition: context.partition, offset, timestampMs: context.appendTimeMs ?? timestampMs, key, value, headers },
      this.#bytes,
      { headersAt, end },
    )
  }

  #readOffsetDelta(): number {
    const delta = this.#wire.varint()
    if (delta <= this.#lastDelta || delta > this.#context.lastOffsetDelta)
      throw new RangeError(
        `a record has the position ${delta} in its batch, after ${this.#lastDelta} and up to ${this.#context.lastOffsetDelta}`,
      )
    this.#lastDelta = delta
    return delta
  }

  #readHeaders(end: number): Headers {
    const wire = this.#wire
    const headers: Headers = {}
    const limit = headerLimit(wire.at, end)
    const count = wire.varint()
    if (count < 0) throw new RangeError(`a record of ${count} headers`)
    const read = Math.min(count, maxHeadersPerRecord)
    this.#work += read + ((end - wire.at) >>> 10) // a name may be long
    for (let index = 0; index < read; index++) {
      const name = this.#readName(index, limit)
      if (name === null) break
      const value = this.#readHeaderValue(index)
      if (wire.at > limit) break
      if (value !== null) addHeader(headers, name, value)
    }
    if (count > read || (wire.at > limit && limit < end)) wire.seek(end)
    return headers
  }

  /** Returns null when the name ends beyond the limit. */
  #readName(index: number, limit: number): string | null {
    const wire = this.#wire
    const length = wire.varint()
    const start = wire.at
    wire.skip(length)
    if (wire.at > limit) return null
    const known = this.#names[index]
    if (known !== undefined && this.#nameLengths[index] === length && this.#isSame(this.#nameStarts[index] ?? 0, start, length))
      return known
    const name = this.#bytes.toString('utf8', start, wire.at)
    this.#names[index] = name
    this.#nameStarts[index] = start
    this.#nameLengths[index] = length
    return name
  }

  /** Returns the view of the record before, if that has the same bytes in the same place: most types and sources are the same. */
  #readHeaderValue(index: number): Buffer | null {
    const wire = this.#wire
    const length = wire.varint()
    if (length === -1) return null
    const start = wire.at
    wire.skip(length)
    const known = this.#values[index]
    if (
      known !== undefined &&
      known.length === length &&
      length <= maxComparedBytes &&
      this.#isSame(this.#valueStarts[index] ?? 0, start, length)
    )
      return known
    const value = this.#bytes.subarray(start, wire.at)
    this.#values[index] = value
    this.#valueStarts[index] = start
    return value
  }

  /** Compares from the end: ids differ there. */
  #isSame(left: number, right: number, length: number): boolean {
    const bytes = this.#bytes
    for (let n = length - 1; n >= 0; n--) if (bytes[left + n] !== bytes[right + n]) return false
    return true
  }
}

function addHeader(headers: Headers, name: string, value: Buffer): void {
  if (name === '__proto__') return // an object cannot have it as a plain member; `rawHeaders` has it
  const before = headers[name]
  // Object.hasOwn: every object has a `valueOf` and a `constructor`, and a header may be called so.
  if (before === undefined || !Object.hasOwn(headers, name)) headers[name] = value
  else if (Buffer.isBuffer(before)) headers[name] = [before, value]
  else before.push(value) // a copy for each would be quadratic
}
