import { CloudEvent as SdkEvent, HTTP, Kafka } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extensionName, jsonData, timestamp, uriReference } from '../testing/arbitraries.ts'
import { aLogRecord } from '../testing/builders.ts'
import { createRecordDecoder } from './decode-record.ts'
import { encodeEvent } from './encode-event.ts'
import { encodeRecord } from './encode-record.ts'
import { decodeHttpEvents } from './http-binding.ts'
import type { LogRecord } from './log-record.ts'

/** The CloudEvents SDK writes, we read; we write, it reads: on valid events both must agree. */
const limits = { maxEventBytes: 100_000, maxAudienceNames: 10, maxBatch: 10 }
const now = (): Date => new Date(0)
const audience = '{"broadcast":true}'

/** The SDK does not percent-encode headers (HTTP binding, section 3.1.3.2): what would have to be encoded is kept out. */
const plainSource = uriReference.filter((source) => !source.includes('%'))
const plainText = fc.stringMatching(/^[A-Za-z0-9:/._-]{1,30}$/)
/** It does not tell `false`, 0, "" and null from no data. */
const someData = jsonData.filter((value) => typeof value === 'object' && value !== null)

const anEvent = fc
  .record({
    id: plainText,
    source: plainSource,
    type: plainText,
    subject: plainText,
    time: timestamp,
    extensions: fc.dictionary(extensionName, plainText, { maxKeys: 3, noNullPrototype: true }),
    data: someData,
  })
  .map(
    ({ extensions, time, ...known }) =>
      new SdkEvent({ ...extensions, ...known, time: new Date(time).toISOString(), datacontenttype: 'application/json', audience }),
  )

/** What we make of an event, as an object. */
function written(record: LogRecord): Record<string, unknown> {
  const outcome = createRecordDecoder(limits)(record)
  const encoded = encodeEvent(outcome.ok && outcome.value !== null ? outcome.value.content : { kind: 'binary', record: aLogRecord() })
  return encoded.ok ? JSON.parse(`${encoded.value.toString()}}`) : { failed: encoded.error }
}

function expected(event: SdkEvent<unknown>): Record<string, unknown> {
  const { audience: _notForwarded, ...rest } = JSON.parse(event.toString())
  return rest
}

const toBuffers = (headers: object) =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, Buffer.from(String(value))]])))

/**
 * What `cloudevents.kafka.to_structured` of Python's cloudevents 1.13.0 made: no content type, or that of the data. Such records were
 * taken for the legacy form, which has its audience in `data`, and vanished.
 */
const pythonAttributes =
  '"type": "com.example.py", "source": "/py", "id": "1", "time": "2026-01-31T12:00:00Z", "audience": "{\\"users\\":[\\"u1\\"]}"'
const pythonRecords = [
  { what: 'JSON data', headers: {}, value: `{${pythonAttributes}, "specversion": "1.0", "data": {"a": 1}}`, delivers: { data: { a: 1 } } },
  { what: 'no data', headers: {}, value: `{${pythonAttributes}, "specversion": "1.0", "data": null}`, delivers: { data: null } },
  {
    what: 'bytes',
    headers: {},
    value: `{${pythonAttributes}, "specversion": "1.0", "data_base64": "AQI="}`,
    delivers: { data_base64: 'AQI=' },
  },
  {
    what: 'JSON data that says so',
    headers: { 'content-type': Buffer.from('application/json') },
    value: `{${pythonAttributes}, "datacontenttype": "application/json", "specversion": "1.0", "data": {"a": 1}}`,
    delivers: { datacontenttype: 'application/json', data: { a: 1 } },
  },
]

describe('the SDK of Python 1.x, in structured mode', () => {
  it.each(pythonRecords)('is read with $what', ({ headers, value, delivers }) => {
    const record = aLogRecord({ headers, value: Buffer.from(value) })
    expect(createRecordDecoder(limits)(record)).toMatchObject({
      ok: true,
      value: { id: '1', source: '/py', audience: { broadcast: false, users: ['u1'] } },
    })
    expect(written(record)).toEqual({
      specversion: '1.0',
      type: 'com.example.py',
      source: '/py',
      id: '1',
      time: '2026-01-31T12:00:00Z',
      ...delivers,
    })
  })
})

describe('the SDK as an oracle', () => {
  it('agrees on records in binary mode', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const { headers, value } = Kafka.binary(event)
        expect(written(aLogRecord({ headers: toBuffers(headers), value: Buffer.from(JSON.stringify(value)) }))).toEqual(expected(event))
      }),
    )
  })

  it('agrees on records in structured mode', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const { headers, value } = Kafka.structured(event)
        expect(written(aLogRecord({ headers: toBuffers(headers), value: Buffer.from(String(value)) }))).toEqual(expected(event))
      }),
    )
  })

  it.each([{}, { 'content-type': 'application/json' }, { 'content-type': 'application/json; charset=utf-8' }])(
    'agrees on structured records whose headers are %j, with any members in their data',
    (headers) => {
      fc.assert(
        fc.property(anEvent, (event) => {
          const withTrap = event.cloneWith({ data: { ...(event.data as object), users: ['not-the-audience'] } })
          const record = aLogRecord({ headers: toBuffers(headers), value: Buffer.from(withTrap.toString()) })
          expect(createRecordDecoder(limits)(record)).toMatchObject({ value: { audience: { broadcast: true, users: [] } } })
          expect(written(record)).toEqual(expected(withTrap))
        }),
      )
    },
  )

  it.each([
    ['binary', HTTP.binary],
    ['structured', HTTP.structured],
  ])('agrees on requests in %s mode, and reads the record that we make of them', (_mode, serialize) => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const { headers, body } = serialize(event)
        const request = {
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])),
          body: Buffer.from(String(body)),
        }
        const decoded = decodeHttpEvents(request, limits, now)
        expect(decoded).toMatchObject({ ok: true, value: { isBatch: false, events: [{ audience: { broadcast: true } }] } })
        const [incoming] = decoded.ok ? decoded.value.events : []
        const record = incoming === undefined ? null : encodeRecord(incoming, null)
        expect(written(aLogRecord({ headers: toBuffers(record?.headers ?? {}), value: record?.value ?? null }))).toEqual({
          ...expected(event),
          datacontenttype: expect.stringMatching(/^application\/json/),
        })
        const read = Kafka.toEvent({
          headers: { ...record?.headers },
          value: record?.value?.toString(),
          key: '',
        } as never) as SdkEvent<unknown>
        expect({ id: read.id, source: read.source, type: read.type, subject: read.subject, data: read.data }).toEqual({
          id: event.id,
          source: event.source,
          type: event.type,
          subject: event.subject,
          data: event.data,
        })
      }),
    )
  })

  it('takes what we send to browsers for a valid event', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        const { headers, value } = Kafka.structured(event)
        const sent = written(aLogRecord({ headers: toBuffers(headers), value: Buffer.from(String(value)) }))
        expect(new SdkEvent({ ...sent, cursor: 'abc' }, true).id).toBe(event.id)
      }),
    )
  })
})
