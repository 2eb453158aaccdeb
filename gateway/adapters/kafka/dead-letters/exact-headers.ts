import type { IHeaders } from 'kafkajs'

/** Name and value of one header. */
export type RecordHeader = readonly [name: string, value: Buffer | string | null]

/**
 * Makes headers that kafkajs 2.2.4 writes exactly as given: in this order, with null values, with names that come more than once.
 *
 * The naive way is an object. Its keys lose their order when they look like numbers, a name that comes twice cannot stand in two
 * places, `__proto__` is no key, and kafkajs throws on null. But kafkajs flattens what the `map` of an array of values returns
 * (protocol/recordBatch/record/v0), so an array with a `map` of its own decides all of it. A null is measured once as if it were a
 * string, and compared with null afterwards: so the first look shows an empty string. exact-headers.test.ts reads the bytes.
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
