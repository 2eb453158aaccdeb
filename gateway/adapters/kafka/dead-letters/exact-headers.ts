import type { IHeaders } from 'kafkajs'

/** Name and value of one header. */
export type RecordHeader = readonly [name: string, value: Buffer | string | null]

/**
 * Makes headers that kafkajs 2.2.4 writes exactly as given: in this order, with null values and repeated names.
 *
 * The naive way is an object. Its keys lose their order when they look like numbers, and a repeated name has one place. `__proto__` is not
 * a key, and kafkajs throws on null. But kafkajs flattens what the `map` of an array of values returns (protocol/recordBatch/record/v0). An
 * array with a `map` of its own therefore decides all of it. kafkajs measures a null once as if it were a string, and compares it with null
 * afterwards: so the first look shows an empty string. exact-headers.test.ts reads the bytes.
 */
export function exactHeaders(headers: readonly RecordHeader[]): IHeaders {
  const values: (Buffer | string)[] = Object.assign([], { map: () => headers.map(toEntry) })
  return { headers: values }
}

interface HeaderEntry {
  readonly key: string
  readonly value: Buffer | string | null
}

const toEntry = ([key, value]: RecordHeader): HeaderEntry => (value === null ? new NullEntry(key) : { key, value })

class NullEntry implements HeaderEntry {
  readonly key: string
  #isMeasured = false

  constructor(key: string) {
    this.key = key
  }

  get value(): string | null {
    const isMeasured = this.#isMeasured
    this.#isMeasured = true
    return isMeasured ? null : ''
  }
}
