import { HTTP, Kafka } from 'cloudevents'
import type { CloudEventV1 } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matches } from '../audience/audience-matcher.ts'
import { createRecordDecoder } from '../event/decode-record.ts'
import { encodeEvent } from '../event/encode-event.ts'
import type { LogRecord } from '../event/log-record.ts'
import { attributes, audience, eventInRecord, extensionName, principal } from './arbitraries.ts'
import { aBinaryRecord, aLegacyRecord, aLogRecord, anAudience, aPrincipal, aStructuredRecord, recordForms } from './builders.ts'
import type { EventInRecord } from './builders.ts'

const decode = createRecordDecoder({ maxEventBytes: 1_000_000, maxAudienceNames: 100 })
/** The builders write objects, hence the cast. */
const json = ({ value }: LogRecord): Record<string, unknown> => JSON.parse(String(value)) as Record<string, unknown>
const texts = ({ headers }: LogRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

describe('builders', () => {
  it("give valid objects, and take the test's values instead", () => {
    expect(aPrincipal({ roles: ['admin'] })).toEqual({ ...aPrincipal(), roles: ['admin'] })
    expect(aLogRecord({ offset: 7 })).toEqual({ ...aLogRecord(), offset: 7 })
    expect(matches(anAudience(), aPrincipal())).toBe(false)
    expect(matches(anAudience({ users: ['ann-id'] }), aPrincipal())).toBe(true)
  })

  it('write binary records as the Kafka binding has them', () => {
    const record = aBinaryRecord({ id: 'i', audience: { users: ['ü'] }, attributes: { subject: 's' }, at: { partition: 3, offset: 9 } })
    expect(texts(record)).toEqual({
      ce_specversion: '1.0',
      ce_id: 'i',
      ce_source: 'urn:test:source',
      ce_type: 'com.example.event',
      ce_subject: 's',
      ce_audience: '{"users":["ü"]}',
      'content-type': 'application/json',
    })
    expect([String(record.value), record.partition, record.offset]).toEqual(['{"hello":"world"}', 3, 9])
  })

  it('write legacy records as chrome-service-backend has them', () => {
    const record = aLegacyRecord({ audience: { organizations: ['acme'] }, data: { title: 't' } })
    expect(record.headers).toEqual({})
    expect(json(record)).toMatchObject({ specversion: '1.0.2', data: { organizations: ['acme'], payload: { title: 't' } } })
  })

  it('leave out undefined members and a null audience, and write bytes unchanged', () => {
    const bytes = Buffer.from([0, 255])
    expect(Object.keys(aBinaryRecord({ audience: null, datacontenttype: undefined, headers: { ce_id: undefined } }).headers)).toEqual([
      'ce_specversion',
      'ce_source',
      'ce_type',
    ])
    expect(aBinaryRecord({ data: undefined }).value).toBe(null)
    expect(aBinaryRecord({ data: bytes }).value).toEqual(bytes)
    expect(json(aStructuredRecord({ data: bytes, audience: null }))).toEqual({
      specversion: '1.0',
      id: 'event-1',
      source: 'urn:test:source',
      type: 'com.example.event',
      datacontenttype: 'application/json',
      data_base64: 'AP8=',
    })
  })

  it('write records that the SDK of CloudEvents reads as the same event', () => {
    const [binary, structured] = [
      aBinaryRecord({ attributes: { time: '2026-01-31T12:00:00Z' } }),
      aStructuredRecord({ attributes: { time: '2026-01-31T12:00:00Z' } }),
    ]
    const fromKafka = Kafka.toEvent<unknown>({
      key: null,
      value: json(binary),
      headers: texts(binary),
      body: json(binary),
    } as never) as CloudEventV1<unknown> // one message, hence one event
    // Structured, hence one event.
    const fromHttp = HTTP.toEvent<unknown>({ headers: texts(structured), body: String(structured.value) }) as CloudEventV1<unknown>
    const expected = {
      id: 'event-1',
      source: 'urn:test:source',
      type: 'com.example.event',
      time: '2026-01-31T12:00:00.000Z',
      data: { hello: 'world' },
      audience: '{"broadcast":true}',
    }
    expect(fromKafka).toMatchObject(expected)
    expect(fromHttp).toMatchObject(expected)
  })
})

const namesSomebody = ({ audience: to }: EventInRecord): boolean =>
  to?.broadcast === true || [to?.users, to?.usernames, to?.organizations].some((list) => (list?.length ?? 0) > 0)

describe.each(recordForms)('a record of any event in the $form form', ({ aRecord }) => {
  it('is decoded to that event and its audience', () => {
    fc.assert(
      fc.property(eventInRecord.filter(namesSomebody), (event) => {
        const { id, source, type, audience: to, data } = event
        const outcome = decode(aRecord(event))
        expect(outcome).toMatchObject({ ok: true, value: { id, source, audience: to } })
        const encoded = outcome.ok && outcome.value !== null ? encodeEvent(outcome.value.content) : null
        const wire: unknown = encoded?.ok === true ? JSON.parse(`${encoded.value.toString()}}`) : encoded
        expect(wire).toEqual({ specversion: '1.0', id, source, type, datacontenttype: 'application/json', ...event.attributes, data })
      }),
    )
  })

  it('is decoded to no audience when its audience matches no principal', () => {
    fc.assert(
      fc.property(eventInRecord, (event) => {
        expect(decode(aRecord({ ...event, audience: {} }))).toEqual({ ok: true, value: null })
      }),
    )
  })
})

describe('arbitraries', () => {
  it('let audiences and principals match, and not match, often enough', () => {
    const met = fc
      .sample(fc.tuple(audience, principal), { numRuns: 1_000, seed: 1 })
      .filter(([to, who]) => !to.broadcast && matches(to, who)).length
    expect(met).toBeGreaterThan(100)
    expect(met).toBeLessThan(900)
  })

  it('never have roles without organizations, nor names beside broadcast', () => {
    fc.assert(
      fc.property(
        audience,
        (one) =>
          (one.roles.length === 0 || one.organizations.length > 0) &&
          (!one.broadcast || one.users.length + one.usernames.length + one.organizations.length + one.roles.length === 0),
      ),
    )
  })

  it('name extensions as CloudEvents demands', () => {
    fc.assert(
      fc.property(extensionName, attributes, (one, all) => [one, ...Object.keys(all)].every((text) => /^[a-z0-9]{1,20}$/.test(text))),
    )
  })
})
