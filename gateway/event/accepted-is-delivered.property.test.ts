import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attributes as someAttributes,
  attributeText,
  audience as anAudience,
  jsonData as someJson,
  uriReference,
} from '../testing/arbitraries.ts'
import { aLogRecord } from '../testing/builders.ts'
import type { CloudEvent } from './cloud-event.ts'
import { createRecordDecoder } from './decode-record.ts'
import { decodeFailureReasons } from './decoded-record.ts'
import { decodeEmitMessage } from './emit-message.ts'
import { encodeEvent } from './encode-event.ts'
import { encodeRecord } from './encode-record.ts'
import { decodeHttpEvents } from './http-binding.ts'
import { asRead } from './testing/as-read.ts'

/**
 * The promise behind 202: every pod can decode an event that the emit API accepts, and write it for the wire with what the
 * emitter said and nothing else. If decoding would refuse an event, the emit API must refuse it first.
 */
const limits = { maxEventBytes: 4096, maxAudienceNames: 20, maxBatch: 3 }
const now = (): Date => new Date('2026-01-31T12:00:00.000Z')
const decodeRecord = createRecordDecoder(limits)

describe('an event that was accepted', () => {
  it('is delivered unchanged from every mode', () => {
    let accepted = 0
    fc.assert(
      fc.property(aRequest, (request) => {
        const decoded = decodeHttpEvents(request, limits, now)
        const events = decoded.ok ? decoded.value.events : []
        accepted += events.length
        for (const event of events) expectDelivered(event)
      }),
      { numRuns: 2000 },
    )
    // Much of what is tried is wrong in some way; enough of it must be right for the property to say something.
    expect(accepted).toBeGreaterThan(200)
  })

  it('is delivered unchanged from a message', () => {
    let accepted = 0
    const aMessage = fc.record(
      {
        id: fc.oneof(attributeText, anyValue),
        type: fc.oneof(attributeText, anyValue),
        payload: someJson,
        audience: anAudience,
        wrong: fc.dictionary(fc.string(), anyValue, { maxKeys: 1 }),
      },
      { requiredKeys: ['audience', 'wrong'] },
    )
    fc.assert(
      fc.property(aMessage, ({ audience, wrong, ...message }) => {
        const body = Buffer.from(JSON.stringify({ ...message, ...audience, ...wrong }))
        const decoded = decodeEmitMessage(body, { limits, now, newId: () => 'made-up' })
        const events = decoded.ok ? [decoded.value] : []
        accepted += events.length
        for (const event of events) expectDelivered(event)
      }),
      { numRuns: 1000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })
})

describe('a request in binary mode', () => {
  const expectedOf = (id: string) => ({ ok: true, value: { events: [{ id, attributes: { subject: id } }] } })
  const requestWith = (header: string) => ({
    headers: {
      'ce-specversion': '1.0',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-audience': '{"broadcast":true}',
      'ce-id': header,
      'ce-subject': header,
    },
    body: Buffer.alloc(0),
  })

  it('decodes any percent-encoded characters', () => {
    const encoders = [
      encodeURIComponent,
      (text: string) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    ]
    fc.assert(
      fc.property(attributeText, fc.constantFrom(...encoders), (text, encode) => {
        expect(decodeHttpEvents(requestWith(encode(text)), limits, now)).toMatchObject(expectedOf(text))
      }),
    )
  })

  it('may quote a value, as senders of older versions do', () => {
    expect(decodeHttpEvents(requestWith('"a \\"b\\" c%20d"'), limits, now)).toMatchObject(expectedOf('a "b" c d'))
  })

  it.each(['%', '%4', '%zz', '100%', '50% off', '%%41'])('keeps percent signs that begin no byte: %j', (header) => {
    expect(decodeHttpEvents(requestWith(header), limits, now)).toMatchObject(expectedOf(header.replace('%41', 'A')))
  })

  it.each(['%ff', '%c3%28', '%ed%a0%80', '\u00e9'])('is refused when a value is %j', (header) => {
    const refused = decodeHttpEvents(requestWith(header), limits, now)
    const attributesAtFault =
      !refused.ok && refused.error.kind === 'invalid-event' ? refused.error.problems.map(({ attribute }) => attribute) : []
    expect(attributesAtFault).toEqual(expect.arrayContaining(['id', 'subject']))
  })
})

/** Through the log and out again, as one line. */
function expectDelivered(event: CloudEvent): void {
  const { id, source, audience } = event
  const record = asRead(encodeRecord(event, null))
  const outcome = decodeRecord(record)
  expect(outcome).toMatchObject({ ok: true, value: { id, source, audience } })
  const content = outcome.ok ? (outcome.value?.content ?? null) : null
  const encoded = encodeEvent(content ?? { kind: 'binary', record })
  expect(encoded).toMatchObject({ ok: true })
  const text = encoded.ok ? `${encoded.value.toString()}}` : ''
  expect(text).not.toMatch(/[\r\n]/)
  const { data, data_base64: base64, ...attributes } = JSON.parse(text)
  const { datacontenttype } = event
  expect(attributes).toEqual({
    ...event.attributes,
    specversion: '1.0',
    id,
    source,
    ...(datacontenttype === null ? {} : { datacontenttype }),
  })
  const [json, bytes] =
    event.data === null
      ? [undefined, undefined]
      : isReadAs(base64, datacontenttype) === 'json'
        ? [JSON.parse(event.data.toString()), undefined]
        : [undefined, event.data]
  expect(JSON.stringify(base64 === undefined && !isText(datacontenttype) ? data : undefined)).toBe(JSON.stringify(json))
  expect(
    base64 === undefined ? (isText(datacontenttype) && data !== undefined ? Buffer.from(data) : undefined) : Buffer.from(base64, 'base64'),
  ).toEqual(bytes)
  expect(base64 === undefined || data === undefined).toBe(true)
}

const isReadAs = (base64: unknown, datacontenttype: string | null): 'json' | 'bytes' =>
  base64 === undefined && !isText(datacontenttype) ? 'json' : 'bytes'

const isText = (datacontenttype: string | null): boolean => datacontenttype !== null && !/json/i.test(datacontenttype)

const anyValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    2_147_483_647,
    2_147_483_648,
    -2_147_483_648,
    true,
    [],
    {},
    'x'.repeat(5000),
    '\u0000',
    '\ud800',
    'é\n',
    '{"users":["x"]}',
  ),
  attributeText,
)

const contentType = fc.constantFrom(
  'application/json',
  'Application/JSON; charset=UTF-8',
  'application/vnd.x+json;v=1',
  'text/json',
  'text/plain',
  'text/plain; charset=utf-8',
  'text/plain; charset=iso-8859-1',
  'application/xml',
  'application/octet-stream',
  'image/png',
  'application/cloudevents+json',
  'application/cloudevents+avro',
  'json',
  '',
  'text / plain',
)

/** Attributes, most of them right. */
const attributes = fc
  .tuple(
    fc.record({
      specversion: fc.constantFrom('1.0', '1.0', '1.0', '1.0.2', '0.3'),
      id: attributeText,
      source: uriReference,
      type: attributeText,
      audience: anAudience.map((a) => JSON.stringify(a)),
    }),
    someAttributes,
    fc.dictionary(
      fc.constantFrom(
        'id',
        'source',
        'type',
        'time',
        'subject',
        'dataschema',
        'retries',
        'flag',
        'cursor',
        'partitionkey',
        'specversion',
        'audience',
        'Bad',
        'a_b',
        'data',
        'datacontenttype',
        'constructor',
        '__proto__',
      ),
      anyValue,
      { maxKeys: 1 },
    ),
  )
  .map((parts) => Object.assign({}, ...parts) as Record<string, unknown>)

const data = fc.oneof(
  someJson.map((value) => ({ data: value })),
  fc.string().map((value) => ({ data: value })),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => ({ data_base64: Buffer.from(bytes).toString('base64') })),
  fc.constantFrom<Record<string, unknown>>(
    {},
    { data: null },
    { data: 'x'.repeat(4097) },
    { data_base64: '====' },
    { data_base64: 'AA' },
    { data_base64: '' },
    { data: 1, data_base64: 'AAAA' },
  ),
)

const structured = fc
  .tuple(attributes, fc.option(contentType, { nil: undefined }), data)
  .map(([given, datacontenttype, payload]) => ({ ...given, ...(datacontenttype === undefined ? {} : { datacontenttype }), ...payload }))

const percentEncoded = (value: unknown): string => encodeURIComponent(String(value).toWellFormed())

const aRequest = fc.oneof(
  structured.map((event) => ({
    headers: { 'content-type': 'application/cloudevents+json;charset=UTF-8' },
    body: Buffer.from(JSON.stringify(event)),
  })),
  fc
    .array(structured, { maxLength: 4 })
    .map((events) => ({ headers: { 'content-type': 'application/cloudevents-batch+json' }, body: Buffer.from(JSON.stringify(events)) })),
  fc
    .tuple(
      attributes,
      fc.option(contentType, { nil: undefined }),
      fc.oneof(
        someJson.map((value) => Buffer.from(JSON.stringify(value, null, '\r\n'))),
        fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      ),
    )
    .map(([given, type, body]) => ({
      headers: {
        ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`ce-${name.toLowerCase()}`, percentEncoded(value)])),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      body,
    })),
)

describe('any record at all', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    structured.map((event) => Buffer.from(JSON.stringify(event))),
    someJson.map((value) => Buffer.from(JSON.stringify(value))),
    structured.map((event) => Buffer.from(JSON.stringify(event)).subarray(0, -3)),
    fc
      .constantFrom(
        '1.0',
        '1.0.2',
        '0.3',
        'application/json',
        'application/cloudevents+json',
        'application/cloudevents-batch+json',
        '{"broadcast":true}',
        '{}',
        '',
      )
      .map((text) => Buffer.from(text)),
  )
  const name = fc.oneof(
    fc.constantFrom(
      'ce_specversion',
      'ce_id',
      'ce_source',
      'ce_type',
      'ce_audience',
      'ce_time',
      'ce_',
      'ce_X',
      'ce_cursor',
      'ce_data',
      'ce___proto__',
      '__proto__',
      'constructor',
      'content-type',
      'Content-Type',
      'CE_ID',
      'traceparent',
    ),
    fc.string(),
  )
  const header = fc.oneof({ weight: 8, arbitrary: bytes }, fc.array(bytes, { maxLength: 2 }), fc.constant(undefined))
  const required = fc.record({
    ce_specversion: fc.constant(Buffer.from('1.0')),
    ce_id: bytes,
    ce_source: bytes,
    ce_type: bytes,
    ce_audience: fc.constant(Buffer.from('{"broadcast":true}')),
  })
  const headers = fc
    .tuple(fc.oneof(required, fc.constant({})), fc.array(fc.tuple(name, header), { maxLength: 4 }))
    .map(([some, more]) => ({ ...some, ...Object.fromEntries(more) }))

  it('has an outcome of the closed tables, and neither decoding nor encoding throws', () => {
    let events = 0
    fc.assert(
      fc.property(headers, fc.option(bytes), (given, value) => {
        const outcome = decodeRecord(aLogRecord({ headers: given, value }))
        const encoded = outcome.ok && outcome.value !== null ? encodeEvent(outcome.value.content) : null
        events += encoded === null ? 0 : 1
        const reasons = [outcome.ok ? null : outcome.error.reason, encoded === null || encoded.ok ? null : encoded.error.reason]
        for (const reason of reasons) expect(reason === null || decodeFailureReasons.includes(reason)).toBe(true)
        const text = encoded?.ok === true ? `${encoded.value.toString()}}` : '{}'
        expect(text).not.toMatch(/[\r\n]/)
        expect(Object.keys(JSON.parse(text))).not.toEqual(expect.arrayContaining(['audience']))
        expect(Object.keys(JSON.parse(text))).not.toEqual(expect.arrayContaining(['cursor']))
      }),
      { numRuns: 5000 },
    )
    expect(events).toBeGreaterThan(100)
  })
})
