import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aBinaryRecord,
  aLegacyRecord,
  aLogRecord,
  anAudience,
  aStructuredRecord,
  type EventInRecord,
  recordForms,
} from '../testing/builders.ts'
import { decodeFailureReasons } from './decoded-record.ts'
import { createRecordDecoder } from './decode-record.ts'
import type { LogRecord } from './log-record.ts'
import { eventOf, readRecord, testLimits, verdictOn } from './testing/read-record.ts'

const badUtf8 = Buffer.from([0x22, 0xc3, 0x28, 0x22])
const twice = (text: string): readonly Buffer[] => [Buffer.from(text), Buffer.from(text)]
const json = (value: unknown, contentType?: string): LogRecord => text(JSON.stringify(value), contentType)
const text = (value: string, contentType?: string): LogRecord =>
  aLogRecord({ value: Buffer.from(value), headers: contentType === undefined ? {} : { 'content-type': Buffer.from(contentType) } })
const legacy = (over: object): LogRecord =>
  json({ specversion: '1.0.2', id: '1', source: 's', type: 't', data: { broadcast: true, payload: {} }, ...over })
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const nested = (levels: number): string =>
  `{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"broadcast":true,"payload":${deep(levels)}}}`
const audienceOf = (record: LogRecord): unknown => {
  const read = readRecord(record)
  return read.kind === 'event' ? read.audience : read.kind
}

/** Every way to each reason. */
const undecodable: Record<(typeof decodeFailureReasons)[number], Readonly<Record<string, LogRecord>>> = {
  empty: {
    'a tombstone': aLogRecord({ value: null }),
    'a tombstone with a key': aLogRecord({ key: Buffer.from('k'), value: null }),
    'an empty value': aLogRecord({ value: Buffer.alloc(0) }),
    'a structured event without a value': aLogRecord({ headers: { 'content-type': Buffer.from('application/cloudevents+json') } }),
  },
  'not-json': {
    'text without a content type': text('hello'),
    'truncated JSON': text(String(aLegacyRecord().value).slice(0, -1)),
    'truncated structured JSON': text(String(aStructuredRecord().value).slice(0, 30), 'application/cloudevents+json'),
    'two documents': text('{}{}'),
    'a byte order mark alone': text('\ufeff'),
  },
  'invalid-utf8': {
    'a value without a content type': aLogRecord({ value: badUtf8 }),
    'a structured value': aLogRecord({ value: badUtf8, headers: { 'content-type': Buffer.from('application/cloudevents+json') } }),
    'JSON data': aBinaryRecord({ data: badUtf8 }),
    'the header of a required attribute': aBinaryRecord({ headers: { ce_id: badUtf8 } }),
    'the header of an extension': aBinaryRecord({ headers: { ce_ext: badUtf8 } }),
    'the audience': aBinaryRecord({ headers: { ce_audience: badUtf8 } }),
    'the content type': aBinaryRecord({ headers: { 'content-type': badUtf8 } }),
  },
  'not-an-event': {
    'a JSON array': json([]),
    'a JSON string': json('event'),
    'JSON null': json(null),
    'a number that no double can hold': text('12345678901234567890'),
    'no specversion': legacy({ specversion: undefined }),
    ...Object.fromEntries(
      ['id', 'source', 'type'].flatMap((name) => [
        [`no ${name}`, legacy({ [name]: undefined })],
        [`${name} null`, legacy({ [name]: null })],
        [`no header ce_${name}`, aBinaryRecord({ headers: { [`ce_${name}`]: undefined } })],
        [`an empty header ce_${name}`, aBinaryRecord({ headers: { [`ce_${name}`]: '' } })],
      ]),
    ),
    'an empty id': legacy({ id: '' }),
    'a number as id': legacy({ id: 7 }),
    'an object as source': legacy({ source: {} }),
  },
  specversion: Object.fromEntries(
    ['0.3', '1.1', '2.0', '1', '1.0.0', '1.0.1', '', ' 1.0'].flatMap((specversion) => [
      [`"${specversion}" in the JSON`, legacy({ specversion })],
      [`"${specversion}" in the header`, aBinaryRecord({ headers: { ce_specversion: specversion } })],
    ]),
  ),
  'bad-attribute': {
    'a header sent twice': aBinaryRecord({ headers: { ce_id: twice('1') } }),
    'an extension sent twice': aBinaryRecord({ headers: { ce_ext: twice('1') } }),
    'a content type sent twice': aBinaryRecord({ headers: { 'content-type': twice('application/json') } }),
    'an audience sent twice': aBinaryRecord({ headers: { ce_audience: twice('{"broadcast":true}') } }),
    'an attribute with a capital letter': aBinaryRecord({ headers: { ce_traceParent: '1' } }),
    'an attribute named as no object should be': aBinaryRecord({ headers: { ce___proto__: '1' } }),
    'an attribute named as no JSON object should be': text(
      '{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"broadcast":true},"__proto__":{}}',
    ),
    'a source with a space': legacy({ source: 'my service' }),
    'a number as type': legacy({ type: 7 }),
    'a time that is none': legacy({ time: 'yesterday' }),
    'an object as extension': legacy({ ext: {} }),
    'a fraction as extension': legacy({ ext: 0.5 }),
    'a control character': aBinaryRecord({ headers: { ce_subject: 'a\nb' } }),
    'exact attributes that are no JSON': aBinaryRecord({ headers: { carillon_attributes: '{' } }),
    'exact attributes that are no object': aBinaryRecord({ headers: { carillon_attributes: '[]' } }),
    'exact attributes sent twice': aBinaryRecord({ headers: { carillon_attributes: twice('{}') } }),
    'an exact attribute that is a fraction': aBinaryRecord({ headers: { ce_ext: '0.5', carillon_attributes: '{"ext":0.5}' } }),
  },
  'bad-audience': {
    'no data in the legacy form': legacy({ data: undefined }),
    'data that is a string': legacy({ data: 'x' }),
    'data without any member of an audience': legacy({ data: { payload: {} } }),
    'JSON that declares itself as such, with the audience of the legacy form': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', data: { broadcast: true, payload: {} } },
      'application/json',
    ),
    'JSON that declares itself as such, without an audience': json(
      { specversion: '1.0', id: '1', source: 's', type: 't' },
      'application/json',
    ),
    'an extension that is no audience, without a content type': json({
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 't',
      audience: 'everybody',
      data: { broadcast: true },
    }),
    'data that is a list': legacy({ data: [] }),
    'data that is a number of 20 digits': text('{"specversion":"1.0","id":"1","source":"s","type":"t","data":12345678901234567890}'),
    'a list as broadcast': legacy({ data: { broadcast: [], payload: {} } }),
    'a string as users': legacy({ data: { users: 'ann', payload: {} } }),
    'numbers as users': legacy({ data: { users: [1], payload: {} } }),
    'an empty name': legacy({ data: { users: [''], payload: {} } }),
    'a name that is too long': legacy({ data: { users: ['x'.repeat(513)], payload: {} } }),
    'too many names': legacy({
      data: { users: Array.from({ length: testLimits.maxAudienceNames + 1 }, (_, index) => `u${index}`), payload: {} },
    }),
    'roles without organizations': legacy({ data: { roles: ['admin'], payload: {} } }),
    'roles without organizations in a header': aBinaryRecord({ audience: { roles: ['admin'] } }),
    'a header that is no JSON': aBinaryRecord({ headers: { ce_audience: 'everybody' } }),
    'a header that is a list': aBinaryRecord({ headers: { ce_audience: '[]' } }),
    'an empty header': aBinaryRecord({ headers: { ce_audience: '' } }),
    'a header nested 10,000 levels deep': aBinaryRecord({ headers: { ce_audience: deep(10_000) } }),
    'an unknown member, which may have been meant to narrow it': aBinaryRecord({
      headers: { ce_audience: '{"organizations":["a"],"role":["admin"]}' },
    }),
    'roles twice in a header': aBinaryRecord({ headers: { ce_audience: '{"organizations":["a"],"roles":["x"],"roles":[]}' } }),
    'an audience twice, of which the last is a text': text(
      '{"specversion":"1.0","id":"1","source":"s","type":"t","audience":{"organizations":["o"],"roles":["x"]},"audience":"{\\"organizations\\":[\\"o\\"]}"}',
      'application/cloudevents+json',
    ),
    'roles twice in a structured audience': text(
      '{"specversion":"1.0","id":"1","source":"s","type":"t","audience":{"organizations":["a"],"roles":["x"],"roles":[]}}',
      'application/cloudevents+json',
    ),
    'an unknown member of a structured audience': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: { organizations: ['a'], role: ['x'] } },
      'application/cloudevents+json',
    ),
    'an extension that is a number': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: 7 },
      'application/cloudevents+json',
    ),
  },
  'misspelt-member': {
    'a role in place of roles': legacy({ data: { organizations: ['a'], role: ['admin'], payload: {} } }),
    'roles with a capital letter': legacy({ data: { organizations: ['a'], Roles: ['admin'], payload: {} } }),
    'roles with a letter too many': legacy({ data: { organizations: ['a'], rolles: ['admin'], payload: {} } }),
    'roles with a letter that only looks like one': legacy({ data: { organizations: ['a'], 'r\u043eles': ['admin'], payload: {} } }),
    'a misspelt payload': legacy({ data: { broadcast: true, Payload: {} } }),
    'an audience of which every member is misspelt': legacy({ data: { user: ['u1'], payload: {} } }),
    'roles twice, of which the last would count': text(
      '{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"organizations":["a"],"roles":["admin"],"roles":[],"payload":{}}}',
    ),
    'data twice': text(
      '{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"organizations":["a"],"roles":["admin"]},"data":{"organizations":["a"]}}',
    ),
  },
  'bad-data': {
    'text that says it is JSON': aBinaryRecord({ data: Buffer.from('hello') }),
    'truncated JSON': aBinaryRecord({ data: Buffer.from('{"a":') }),
    'data and data_base64': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: '{"broadcast":true}', data: 1, data_base64: 'AA==' },
      'application/cloudevents+json',
    ),
    'data_base64 that is none': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: '{"broadcast":true}', data_base64: '"}' },
      'application/cloudevents+json',
    ),
    'data_base64 that is a number': json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: '{"broadcast":true}', data_base64: 7 },
      'application/cloudevents+json',
    ),
  },
  'too-deep': {
    'a legacy payload of 10,000 levels': text(nested(9_000)),
    'a value that is nothing but brackets': text('['.repeat(10_000)),
    'binary data of 10,000 levels': aBinaryRecord({ data: Buffer.from(deep(10_000)) }),
    'a structured event of 65 levels': text(`{"specversion":"1.0","data":${deep(64)}}`, 'application/cloudevents+json'),
  },
  'too-large': {
    '10 MB of JSON': aBinaryRecord({ data: Buffer.alloc(10_000_000, ' ') }),
    'one byte more than allowed': aBinaryRecord({ data: Buffer.alloc(testLimits.maxEventBytes + 1, '1') }),
    '10 MB without a content type': aLogRecord({ value: Buffer.alloc(10_000_000, '[') }),
  },
  'dead-letter': {
    'a copy of a record without ce_ headers': aLogRecord({
      value: Buffer.from('x'),
      headers: { carillon_dlq_reason: Buffer.from('not-json') },
    }),
    'a copy of what would be an event here': aBinaryRecord({ headers: { carillon_dlq_reason: 'bad-audience' } }),
    'a copy with the reason twice': aLogRecord({ headers: { carillon_dlq_reason: twice('empty') } }),
  },
  'content-type': {
    'JSON without ce_ headers and without a specversion': json({}, 'application/json'),
    'JSON that is no object': json([], 'application/json'),
    'what says it is JSON and is not': text('{', 'application/json'),
    'text without ce_ headers': text('x', 'text/plain'),
    'an unknown format of events': json({}, 'application/cloudevents+avro'),
    'an unknown format of events beside ce_ headers': aBinaryRecord({ datacontenttype: 'application/cloudevents+avro' }),
    'a batch': json([], 'application/cloudevents-batch+json'),
    'an empty content type': json({}, ''),
  },
}

describe.each(decodeFailureReasons)('a record is undecodable as `%s`', (reason) => {
  it.each(Object.entries(undecodable[reason]))('when it is or has %s', (_, record) => {
    expect(verdictOn(record)).toBe(reason)
  })
})

describe.each(recordForms)('a record in the $form form', ({ aRecord }) => {
  it('is an event with all its attributes and data, without its audience', () => {
    const record = aRecord({
      attributes: { subject: 'ü', time: '2026-01-31T12:00:00Z' },
      audience: { users: ['ann'], organizations: ['acme'], roles: ['admin'] },
    })
    const expected = {
      specversion: '1.0',
      id: 'event-1',
      source: 'urn:test:source',
      type: 'com.example.event',
      datacontenttype: 'application/json',
      subject: 'ü',
      time: '2026-01-31T12:00:00Z',
      data: { hello: 'world' },
    }
    expect(eventOf(record)).toEqual(expected)
    expect(audienceOf(record)).toEqual(anAudience({ users: ['ann'], organizations: ['acme'], roles: ['admin'] }))
  })

  it('reaches no client, without a failure, when its audience has no recipients', () => {
    expect(
      [{ users: [] }, { broadcast: false }, { users: [], usernames: [], organizations: [], roles: [] }].map((audience) =>
        verdictOn(aRecord({ audience })),
      ),
    ).toEqual(['no-audience', 'no-audience', 'no-audience'])
  })

  it('never forwards an audience or a cursor that came with it', () => {
    const read = readRecord(aRecord({ audience: { users: ['ann-the-secret'] }, attributes: { cursor: 'cursor-of-another' }, data: 1 }))
    expect(read).toMatchObject({ kind: 'event', text: expect.not.stringMatching(/audience|ann-the-secret|cursor/) })
  })

  it('may hold data of exactly as many bytes as are allowed', () => {
    const overhead = aRecord({ data: '' }).value?.length ?? 0
    const full = aRecord({ data: 'x'.repeat(testLimits.maxEventBytes - overhead) })
    expect([full.value?.length, verdictOn(full)]).toEqual([testLimits.maxEventBytes, 'event'])
  })

  it('is read as 1.0 when it says 1.0.2', () => {
    const event: EventInRecord = { data: 1 }
    const record = aRecord(event)
    const older = {
      ...record,
      value: Buffer.from(String(record.value).replace('"1.0"', '"1.0.2"')),
      headers: record.headers.ce_specversion === undefined ? record.headers : { ...record.headers, ce_specversion: Buffer.from('1.0.2') },
    }
    expect(eventOf(older)).toEqual(eventOf(record))
    expect(eventOf(older)?.specversion).toBe('1.0')
  })

  it('has no data when the producer gave none', () => {
    expect(eventOf(aRecord({ data: undefined }))).not.toHaveProperty('data')
  })

  it('has null as data when the producer gave null', () => {
    expect(eventOf(aRecord({ data: null }))).toHaveProperty('data', null)
  })

  it("gives its own traceparent to traces, unless the record's transport has one", () => {
    const [own, transport] = [
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      '00-11111111111111111111111111111111-2222222222222222-01',
    ]
    const traceparents = [
      aRecord(),
      aRecord({ attributes: { traceparent: own } }),
      aRecord({ attributes: { traceparent: own }, headers: { traceparent: transport } }),
    ].map((record) => readRecord(record))
    expect(traceparents).toMatchObject([{ traceparent: null }, { traceparent: own }, { traceparent: transport }])
  })
})

describe('the form of a record', () => {
  it('is structured when the content type says so, even with ce_ headers beside it', () => {
    const record = aStructuredRecord({
      headers: { ce_specversion: '1.0', ce_id: 'other', ce_source: 'other', ce_type: 'other', ce_audience: '{"users":["eve"]}' },
    })
    expect(eventOf(record)).toEqual(eventOf(aStructuredRecord()))
    expect(audienceOf(record)).toEqual(anAudience({ broadcast: true }))
  })

  it.each(['application/cloudevents+json', 'application/cloudevents+json;charset=UTF-8', 'Application/CloudEvents+JSON ; charset=utf-8'])(
    'is structured with the content type %j',
    (contentType) => {
      expect(verdictOn(aStructuredRecord({ headers: { 'content-type': contentType } }))).toBe('event')
    },
  )

  it('is decided by the content type in any case of the name of its header', () => {
    const { value } = aStructuredRecord()
    expect(verdictOn(aLogRecord({ value, headers: { 'Content-Type': Buffer.from('application/cloudevents+json') } }))).toBe('event')
    expect(
      eventOf(aBinaryRecord({ datacontenttype: undefined, data: Buffer.from('x'), headers: { 'Content-Type': 'text/plain' } })),
    ).toMatchObject({ datacontenttype: 'text/plain', data: 'x' })
  })

  it('is structured or legacy behind a byte order mark, too', () => {
    const marked = [aStructuredRecord(), aLegacyRecord()].map((record) =>
      eventOf({ ...record, value: Buffer.concat([Buffer.from('\ufeff'), record.value ?? Buffer.alloc(0)]) }),
    )
    expect(marked).toEqual([aStructuredRecord(), aLegacyRecord()].map(eventOf))
  })

  it('is binary without a content type, too: the data are JSON then', () => {
    expect(eventOf(aBinaryRecord({ datacontenttype: undefined }))).toEqual({
      specversion: '1.0',
      id: 'event-1',
      source: 'urn:test:source',
      type: 'com.example.event',
      data: { hello: 'world' },
    })
  })

  it('is not decided by unrelated headers', () => {
    expect(verdictOn(aLegacyRecord({ headers: { traceparent: 'x', __TypeId__: 'y', ce_id: 'without a specversion' } }))).toBe('event')
  })

  it('has no recipients without the extension, in the binary and structured forms', () => {
    expect([aBinaryRecord({ audience: null }), aStructuredRecord({ audience: null })].map(verdictOn)).toEqual([
      'no-audience',
      'no-audience',
    ])
  })

  it('may have the audience as an object, which CloudEvents does not allow but people write', () => {
    const record = json(
      { specversion: '1.0', id: '1', source: 's', type: 't', audience: { usernames: ['ann'] } },
      'application/cloudevents+json',
    )
    expect(audienceOf(record)).toEqual(anAudience({ usernames: ['ann'] }))
  })
})

describe('createRecordDecoder', () => {
  it('never throws for any bytes and headers, and never quotes them', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
      fc.json().map((one) => Buffer.from(one)),
      fc.constant(Buffer.from('1.0')),
      fc.constant(Buffer.from('{"broadcast":true}')),
      fc.constant(aLegacyRecord().value ?? Buffer.alloc(0)),
    )
    const header = fc.constantFrom(
      'ce_specversion',
      'ce_id',
      'ce_source',
      'ce_type',
      'ce_audience',
      'ce_time',
      'ce_ext',
      'ce___proto__',
      '__proto__',
      'content-type',
      'Content-Type',
      'traceparent',
      'ce_',
    )
    const headers = fc
      .array(fc.tuple(header, fc.oneof({ weight: 8, arbitrary: bytes }, { weight: 1, arbitrary: fc.array(bytes, { maxLength: 2 }) })))
      .map((entries) => Object.fromEntries(entries))
    const verdicts = new Set<string>([...decodeFailureReasons, 'event', 'no-audience'])
    fc.assert(
      fc.property(
        fc.option(bytes),
        headers,
        (value, given) => void expect(verdicts).toContain(verdictOn(aLogRecord({ value, headers: given }))),
      ),
      { numRuns: 2_000 },
    )
  })

  it('reads what is left of a record that lost its end, or refuses it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...recordForms), fc.nat(), ({ aRecord }, at) => {
        const record = aRecord({ data: { long: 'enough'.repeat(10) } })
        const value = record.value?.subarray(0, at % record.value.length) ?? null
        expect(['not-json', 'bad-data', 'empty', 'event']).toContain(verdictOn({ ...record, value }))
      }),
    )
  })
})

/*
 * Found in review: ids and sources had no limit of their own. The duplicate filter remembers hundreds of thousands of them, so a
 * producer of long ones could have filled the memory of every pod.
 */
describe('what a producer can make long', () => {
  const decode = createRecordDecoder(testLimits)
  const verdict = (over: Readonly<Record<string, string>>): string => {
    const given = { ce_specversion: '1.0', ce_id: 'i', ce_source: 's', ce_type: 't', ce_audience: '{"broadcast":true}', ...over }
    const outcome = decode({
      partition: 0,
      offset: 0,
      timestampMs: 0,
      key: null,
      value: null,
      headers: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Buffer.from(value)])),
    })
    return outcome.ok ? (outcome.value === null ? 'no-audience' : 'event') : outcome.error.reason
  }

  it.each([
    ['an id at the limit', { ce_id: 'x'.repeat(1024) }, 'event'],
    ['an id beyond it', { ce_id: 'x'.repeat(1025) }, 'bad-attribute'],
    ['a source at the limit', { ce_source: 'x'.repeat(2048) }, 'event'],
    ['a source beyond it', { ce_source: 'x'.repeat(2049) }, 'bad-attribute'],
    ['headers of 64 KiB and more', { ce_big: 'x'.repeat(65_536) }, 'too-large'],
    ['a trace context that is none', { traceparent: 'x'.repeat(1000) }, 'event'],
  ])('%s has the right outcome: %#', (_title, over, expected) => {
    expect(verdict(over)).toBe(expected)
  })
})

describe('a header that most records have in common', () => {
  const decode = createRecordDecoder(testLimits)
  const sourceOf = (source: Buffer): string => {
    const outcome = decode(aBinaryRecord({ headers: { ce_source: source } }))
    return outcome.ok ? (outcome.value?.source ?? 'no-audience') : outcome.error.reason
  }

  it('is never taken for the one of the record before', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('aa', 'ab', 'ba', 'bb', '\u00e9', '\u00c3\u00a9', 'a'.repeat(65)),
            fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
          ),
          { maxLength: 20 },
        ),
        (sources) => {
          for (const source of sources)
            expect(sourceOf(Buffer.from(source))).toBe(source.isWellFormed() ? source : Buffer.from(source).toString())
        },
      ),
    )
    expect([Buffer.from('aa'), Buffer.from([0x61, 0xe9]), Buffer.from('aa'), Buffer.from([0xc3]), Buffer.from('aa')].map(sourceOf)).toEqual(
      ['aa', 'invalid-utf8', 'aa', 'invalid-utf8', 'aa'],
    )
  })
})
