import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributes as knownAttributes, attributeText, extensionName, jsonData, uriReference } from '../testing/arbitraries.ts'
import { aLogRecord } from '../testing/builders.ts'
import { createRecordDecoder } from './decode-record.ts'
import { encodeEvent } from './encode-event.ts'
import { encodeRecord } from './encode-record.ts'
import { decodeHttpEvents, type HttpEventsRequest } from './http-binding.ts'
import type { LogRecord } from './log-record.ts'
import { createRecordPacker } from './packed-record.ts'
import { asRead } from './testing/as-read.ts'

/**
 * One event, sent in every way there is: over HTTP in three modes and through a record, or in a record of either form. What reaches a
 * browser is the same, with the types that the sender's way can say.
 */
const limits = { maxEventBytes: 10_000, maxAudienceNames: 10, maxBatch: 3 }
const now = (): Date => new Date('2026-01-31T12:00:00.000Z')
const decodeRecord = createRecordDecoder(limits)
const pack = createRecordPacker()

type Event = Readonly<Record<string, unknown>>

/** What a client gets of a record, whether the replay log holds it as it was or packed. */
function delivered(record: LogRecord): Event {
  const outcome = decodeRecord(record)
  const content = outcome.ok && outcome.value !== null ? outcome.value.content : { kind: 'parsed' as const, event: {}, bytes: 0 }
  const forms = content.kind === 'binary' ? [content, pack(content.record)] : [content]
  const [text, ...others] = forms.map((form) => {
    const encoded = encodeEvent(form)
    return encoded.ok ? `${encoded.value.toString()}}` : JSON.stringify({ outcome, encoded })
  })
  for (const other of others) expect(other).toBe(text)
  return JSON.parse(text ?? '{}')
}

/** What clients get of the events of a request. */
function emitted(request: HttpEventsRequest): readonly Event[] {
  const decoded = decodeHttpEvents(request, limits, now)
  expect(decoded).toMatchObject({ ok: true })
  return decoded.ok ? decoded.value.events.map((event) => delivered(asRead(encodeRecord(event, null)))) : []
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array)),
  fc.oneof(fc.string(), fc.json()).map((text) => Buffer.from(text)),
)
const otherType = fc.constantFrom('image/png', 'application/octet-stream', 'application/x-json-not')
const textType = fc.constantFrom('text/plain', 'application/xml', 'image/svg+xml;charset=utf-8')
const jsonType = fc.constantFrom('application/json', 'application/vnd.x+json; v=1')
const text = fc.oneof(
  fc.constant(''),
  fc.string({ unit: 'grapheme' }).filter((one) => one.isWellFormed()),
)

/** The members of an event for its data, as a client gets them. */
const data: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ datacontenttype: fc.oneof(jsonType, textType, otherType) }, { requiredKeys: [] }),
  fc.record({ datacontenttype: jsonType, data: jsonData }),
  fc.record({ datacontenttype: textType, data: text }),
  fc.record({ datacontenttype: otherType, data_base64: bytes.map((one) => one.toString('base64')) }),
  fc.record({ datacontenttype: jsonType, data_base64: bytes.filter((one) => !isJson(one)).map((one) => one.toString('base64')) }),
  fc.record({ data_base64: bytes.map((one) => one.toString('base64')) }),
)

function isJson(one: Buffer): boolean {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(one)) !== undefined
  } catch {
    return false // no UTF-8, or no JSON
  }
}

const typed = fc.oneof(fc.boolean(), fc.integer(), fc.constantFrom(0, -1, 2_147_483_647, -2_147_483_648), attributeText)
const required = fc.record({ id: attributeText, source: uriReference, type: attributeText, time: fc.constant('2026-01-31T12:00:00Z') })
const event = fc
  .tuple(fc.dictionary(extensionName, typed, { maxKeys: 4, noNullPrototype: true }), knownAttributes, required, data)
  .map((parts): Event => Object.assign({ specversion: '1.0' }, ...parts))

const audience = '{"broadcast":true}'
const withAudience = (one: Event): Event => ({ ...one, audience })

describe('an event', () => {
  it('reaches the browser as it was sent in structured mode, with the types of its extensions', () => {
    fc.assert(
      fc.property(event, (one) => {
        const request = {
          headers: { 'content-type': 'application/cloudevents+json' },
          body: Buffer.from(JSON.stringify(withAudience(one))),
        }
        expect(emitted(request)).toEqual([one])
      }),
      { numRuns: 1000 },
    )
  })

  it('reaches the browser as it was sent in a batch, also of none', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 3 }), (some) => {
        const request = {
          headers: { 'content-type': 'application/cloudevents-batch+json' },
          body: Buffer.from(JSON.stringify(some.map(withAudience))),
        }
        expect(emitted(request)).toEqual(some)
      }),
      { numRuns: 300 },
    )
  })

  it('reaches the browser as it was written in a structured record, with the types of its extensions', () => {
    fc.assert(
      fc.property(event, (one) => {
        const record = aLogRecord({
          value: Buffer.from(JSON.stringify(withAudience(one))),
          headers: { 'content-type': Buffer.from('application/cloudevents+json') },
        })
        expect(delivered(record)).toEqual(one)
      }),
      { numRuns: 500 },
    )
  })

  it('has texts for extensions, and is the same otherwise, in binary mode, over HTTP and in a record', () => {
    fc.assert(
      fc.property(event, (one) => {
        const { data: _data, data_base64: _bytes, datacontenttype, ...attributes } = one
        const value = bytesOf(one)
        // Data that say that they are JSON, and are not, are refused in binary mode, by either door.
        fc.pre(!isBrokenJson(one) || value?.length === 0)
        const isOpaque = datacontenttype !== undefined && !isJsonType(one)
        const expected = {
          ...one,
          ...Object.fromEntries(Object.entries(attributes).map(([name, given]) => [name, String(given)])),
          ...inBinaryMode(one),
        }
        const contentType = datacontenttype === undefined ? {} : { 'content-type': String(datacontenttype) }
        const headers = (prefix: string, encode: (given: string) => string) =>
          Object.fromEntries(Object.entries({ ...attributes, audience }).map(([name, given]) => [prefix + name, encode(String(given))]))
        const record = aLogRecord({
          value,
          headers: Object.fromEntries(
            Object.entries({ ...headers('ce_', String), ...contentType }).map(([name, given]) => [name, Buffer.from(given)]),
          ),
        })
        expect(delivered(record)).toEqual(expected)
        // HTTP does not tell an empty body from none: the content type decides.
        const isSayable = value !== null || !isOpaque
        const request = { headers: { ...headers('ce-', encodeURIComponent), ...contentType }, body: value ?? Buffer.alloc(0) }
        expect(isSayable ? emitted(request) : [expected]).toEqual([expected])
      }),
      { numRuns: 1000 },
    )
  })
})

const isJsonType = (one: Event): boolean => /json/.test(String(one.datacontenttype)) && !/x-json/.test(String(one.datacontenttype))
const isBrokenJson = (one: Event): boolean => isJsonType(one) && one.data_base64 !== undefined

function bytesOf(one: Event): Buffer | null {
  if (one.data_base64 !== undefined) return Buffer.from(String(one.data_base64), 'base64')
  if (one.data === undefined) return null
  return Buffer.from(isJsonType(one) ? JSON.stringify(one.data) : String(one.data))
}

/** The data of an event whose bytes have no content type are JSON where they can be. 0 bytes with a content type of JSON mean no data. */
function inBinaryMode(one: Event): object {
  const value = bytesOf(one)
  if (value?.length === 0 && (one.datacontenttype === undefined || isJsonType(one))) return { data_base64: undefined }
  const isUntypedJson = one.datacontenttype === undefined && value !== null && isJson(value)
  return isUntypedJson ? { data: JSON.parse(value.toString()), data_base64: undefined } : {}
}
