import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anAudience } from '../testing/builders.ts'
import { decodeHttpEvents, type HttpBindingFailure, type HttpEventsRequest } from './http-binding.ts'

const limits = { maxEventBytes: 1000, maxAudienceNames: 4, maxBatch: 3 }
const now = (): Date => new Date('2026-01-31T12:00:00.000Z')
const everybody = '{"broadcast":true}'
const anEvent = (over: object = {}): object => ({ specversion: '1.0', id: '1', source: '/s', type: 't', audience: everybody, ...over })

const decode = (headers: HttpEventsRequest['headers'], body: Buffer | string = '') =>
  decodeHttpEvents({ headers, body: Buffer.from(body as string) }, limits, now) // Buffer.from takes both
const structured = (event: unknown, contentType = 'application/cloudevents+json') =>
  decode({ 'content-type': contentType }, typeof event === 'string' ? event : JSON.stringify(event))
const batch = (events: unknown) => decode({ 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(events))
const binary = (headers: HttpEventsRequest['headers'] = {}, body: Buffer | string = '{"a":1}') =>
  decode(
    {
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-audience': everybody,
      'content-type': 'application/json',
      ...headers,
    },
    body,
  )

type Decoded = ReturnType<typeof decode>
const failureOf = (decoded: Decoded): HttpBindingFailure | 'no failure' => (decoded.ok ? 'no failure' : decoded.error)
const kindOf = (decoded: Decoded): string => (decoded.ok ? 'ok' : decoded.error.kind)
/** Of an invalid event, what is wrong: `attribute: detail`. */
const problemsOf = (decoded: Decoded): readonly string[] =>
  !decoded.ok && decoded.error.kind === 'invalid-event'
    ? decoded.error.problems.map(({ attribute, detail }) => `${attribute}: ${detail}`)
    : [kindOf(decoded)]
const onlyEvent = (decoded: Decoded) => (decoded.ok ? decoded.value.events[0] : undefined)
const dataOf = (decoded: Decoded): string | undefined => onlyEvent(decoded)?.data?.toString()

describe('the structured mode', () => {
  it('is read into attributes, data and audience', () => {
    const decoded = structured(
      anEvent({
        datacontenttype: 'application/json; charset=utf-8',
        subject: 'ü',
        retries: 7,
        urgent: true,
        gone: null,
        time: '2025-01-01T00:00:00Z',
        data: { a: 1 },
        audience: '{"users":["ü","ü"]}',
      }),
    )
    expect(decoded).toEqual({
      ok: true,
      value: {
        isBatch: false,
        events: [
          {
            id: '1',
            source: '/s',
            audience: anAudience({ users: ['ü'] }),
            attributes: { type: 't', subject: 'ü', retries: 7, urgent: true, time: '2025-01-01T00:00:00Z' },
            datacontenttype: 'application/json; charset=utf-8',
            data: Buffer.from('{"a":1}'),
            isBinary: false,
          },
        ],
      },
    })
  })

  it.each([
    'application/cloudevents+json',
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json;charset=UTF-8',
    'APPLICATION/CloudEvents+JSON ;charset="utf8"; x=y',
  ])('has the content type %s', (contentType) => {
    expect(kindOf(structured(anEvent(), contentType))).toBe('ok')
  })

  it('says application/json where the JSON format leaves it unsaid', () => {
    expect(onlyEvent(structured(anEvent({ data: [1] })))).toMatchObject({
      datacontenttype: 'application/json',
      data: Buffer.from('[1]'),
    })
    expect(onlyEvent(structured(anEvent()))).toMatchObject({ datacontenttype: null, data: null })
  })

  it('adds the time when there is none', () => {
    expect(onlyEvent(structured(anEvent()))?.attributes).toMatchObject({ time: '2026-01-31T12:00:00.000Z' })
  })

  it('keeps numbers that a double would round', () => {
    expect(
      dataOf(
        structured(
          '{"specversion":"1.0","id":"1","source":"/s","type":"t","audience":{"broadcast":true},"data":{"id":12345678901234567890}}',
        ),
      ),
    ).toBe('{"id":12345678901234567890}')
  })

  it.each([
    ['a string with a text content type', { datacontenttype: 'text/plain', data: 'ü' }, Buffer.from('ü')],
    ['bytes in data_base64', { datacontenttype: 'image/png', data_base64: 'AP8=' }, Buffer.from([0, 255])],
    ['bytes beside a data_base64 that is null', { data_base64: null, data: 1 }, Buffer.from('1')],
    ['null', { data: null }, Buffer.from('null')],
    ['an empty text', { datacontenttype: 'text/plain', data: '' }, Buffer.alloc(0)],
    ['no bytes in data_base64', { datacontenttype: 'image/png', data_base64: '' }, Buffer.alloc(0)],
    ['an empty text in JSON', { data: '' }, Buffer.from('""')],
    [
      'JSON behind a byte order mark, without the mark',
      { datacontenttype: 'application/json', data_base64: Buffer.from('\ufeff[1]').toString('base64') },
      Buffer.from('[1]'),
    ],
  ])('takes data that are %s', (_, data, expected) => {
    expect(onlyEvent(structured(anEvent(data)))?.data).toEqual(expected)
  })

  it.each([
    ['bytes', undefined, [0, 255], true],
    ['JSON', undefined, [0x31], true],
    ['nothing', undefined, [], true],
    ['bytes', 'application/json', [0, 255], true],
    ['half of a JSON', 'application/json', [0x7b], true],
    ['nothing', 'application/json', [], true],
    ['JSON', 'application/json', [0x31], false],
    ['bytes', 'image/png', [0, 255], false],
  ])('takes data_base64 that is %s with the content type %s', (_, datacontenttype, bytes, isBinary) => {
    const decoded = structured(anEvent({ datacontenttype, data_base64: Buffer.from(bytes).toString('base64') }))
    expect(onlyEvent(decoded)).toMatchObject({ datacontenttype: datacontenttype ?? null, data: Buffer.from(bytes), isBinary })
  })

  it.each([
    ['both data and data_base64', { data: 1, data_base64: 'AA==' }, /both data and data_base64/],
    ['data_base64 that is not a string', { data_base64: 7 }, /must be a string/],
    ['base64 without padding', { data_base64: 'AA' }, /base64 with padding/],
    ['base64 for URLs', { data_base64: '-_8=' }, /base64 with padding/],
    ['an object where text was announced', { datacontenttype: 'text/plain', data: {} }, /must be a string if datacontenttype is not JSON/],
  ])('refuses %s', (_, data, expected) => {
    expect(problemsOf(structured(anEvent(data)))).toEqual([expect.stringMatching(expected)])
  })

  it.each([[[]], ['text'], [7], [null], [true]])('refuses %j: no object', (value) => {
    expect(problemsOf(structured(JSON.stringify(value)))).toEqual(['null: The event must be a JSON object.'])
  })
})

describe('the binary mode', () => {
  it('is read into attributes, data and audience', () => {
    const decoded = binary(
      {
        'ce-subject': 'a%20%C3%BC',
        'ce-traceparent': '00-1',
        'ce-audience': '{"usernames":["%C3%BC","100%25","a+b","-_"]}',
        'x-other': 'ignored',
      },
      ' {"n":1.10}',
    )
    expect(decoded).toMatchObject({
      ok: true,
      value: { isBatch: false, events: [{ id: '1', source: '/s', audience: anAudience({ usernames: ['ü', '100%', 'a+b', '-_'] }) }] },
    })
    expect(onlyEvent(decoded)).toEqual({
      id: '1',
      source: '/s',
      attributes: { type: 't', subject: 'a ü', traceparent: '00-1', time: '2026-01-31T12:00:00.000Z' },
      datacontenttype: 'application/json',
      data: Buffer.from(' {"n":1.10}'),
      isBinary: false,
      audience: anAudience({ usernames: ['ü', '100%', 'a+b', '-_'] }),
    })
  })

  it('takes header values in double quotes, and UTF-8 that was not encoded', () => {
    const bytes = Buffer.from('ü "x"').toString('latin1') // what node:http makes of the bytes
    expect(onlyEvent(binary({ 'ce-subject': bytes, 'ce-ext': '"a \\"b\\" \\\\"' }))?.attributes).toMatchObject({
      subject: 'ü "x"',
      ext: 'a "b" \\',
    })
  })

  it('gives back any text that was percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(one))
    fc.assert(
      fc.property(
        text,
        (subject) => void expect(onlyEvent(binary({ 'ce-subject': encodeURIComponent(subject) }))?.attributes.subject).toBe(subject),
      ),
    )
  })

  it.each(['100%', '50% off', 'a%zz', '%', '%4', '%%', '%ü'])('keeps a percent sign that begins no byte: %s', (subject) => {
    expect(onlyEvent(binary({ 'ce-subject': Buffer.from(subject).toString('latin1') }))?.attributes.subject).toBe(subject)
  })

  it.each([
    ['encoded bytes that are not UTF-8', '%ff', /^subject: is percent-encoded, but the encoded bytes are not UTF-8 .* as %25\.$/],
    ['an encoding that is longer than it may be', '%C0%A0', /^subject: is percent-encoded, but the encoded bytes are not UTF-8/],
    ['Latin-1', 'ü', /^subject: is not UTF-8\. Send its UTF-8 bytes percent-encoded/],
    ['a header that was sent twice', ['a', 'b'], /^subject: is in more than one header\. Send one\.$/],
    ['a header that was sent twice with the same value', ['a', 'a'], /^subject: is in more than one header\. Send one\.$/],
  ])('refuses %s', (_, subject, expected) => {
    expect(problemsOf(binary({ 'ce-subject': subject }))).toEqual([expect.stringMatching(expected)])
  })

  it.each(['ce-id', 'ce-source', 'ce-type', 'ce-time', 'ce-audience', 'ce-specversion', 'ce-ext'])(
    'names the header %s when it was sent twice, and says nothing else of it',
    (header) => {
      expect(problemsOf(binary({ [header]: ['1.0', '1.0'] }))).toEqual([`${header.slice(3)}: is in more than one header. Send one.`])
    },
  )

  it('explains how to send a percent sign when a percent-decoded source is refused', () => {
    expect(problemsOf(binary({ 'ce-source': '/my%20path' }))).toEqual([
      expect.stringMatching(
        /^source: must be a URI reference.* The header was percent-decoded: send a percent sign as %25, or use the structured mode\.$/,
      ),
    ])
    expect(problemsOf(binary({ 'ce-source': '/my path' }))).toEqual([expect.not.stringContaining('percent')])
  })

  it('has bytes of any kind as data', () => {
    expect(onlyEvent(binary({ 'content-type': 'image/png' }, Buffer.from([0, 255])))).toMatchObject({
      datacontenttype: 'image/png',
      data: Buffer.from([0, 255]),
    })
  })

  it.each([
    ['no data', undefined, null],
    ['no data', 'application/json', null],
    ['no data', 'application/vnd.api+json', null],
    ['empty data', 'text/plain', Buffer.alloc(0)],
    ['empty data', 'image/png', Buffer.alloc(0)],
  ])('has %s when the body is empty and the content type is %s', (_, contentType, data) => {
    expect(onlyEvent(binary({ 'content-type': contentType }, ''))).toMatchObject({ data, isBinary: false })
  })

  it.each([
    ['JSON when they are JSON', '{"a":1}', '{"a":1}', false],
    ['JSON without its byte order mark', '\ufeff[1]', '[1]', false],
    ['bytes when they are text', 'hello', 'hello', true],
    ['bytes when they are half of a JSON', '{"a":', '{"a":', true],
    ['bytes when they are JSON that is too deep', '['.repeat(65) + ']'.repeat(65), '['.repeat(65) + ']'.repeat(65), true],
  ])('takes data without a content type for %s', (_, body, data, isBinary) => {
    expect(onlyEvent(binary({ 'content-type': undefined }, body))).toMatchObject({
      datacontenttype: null,
      data: Buffer.from(data),
      isBinary,
    })
  })

  it.each([
    ['text that says it is JSON', Buffer.from('hello'), 'is not JSON: a value was expected at line 1, column 1.'],
    ['JSON that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'is not UTF-8. Send JSON as UTF-8.'],
    [
      'JSON that is nested 400 levels deep',
      Buffer.from('['.repeat(400) + ']'.repeat(400)),
      'is JSON that is too deep. The JSON is nested deeper than 64 levels.',
    ],
  ])('refuses %s', (_, body, expected) => {
    expect(problemsOf(binary({}, body))).toEqual([`data: is not what datacontenttype says. It ${expected}`])
  })

  it('treats the names of members that every object has like other names', () => {
    const headers = Object.fromEntries([['ce-__proto__', 'x']])
    expect([problemsOf(binary(headers)), kindOf(binary({ 'ce-constructor': 'x' }))]).toEqual([
      ['__proto__: must have a name of lower-case letters and digits only.'],
      'ok',
    ])
  })
})

describe('the batched mode', () => {
  it('is a list of events, in their order, each with its audience', () => {
    const decoded = batch([
      anEvent(),
      anEvent({ id: '2', audience: '{"users":["ann"]}' }),
      anEvent({ id: '1', audience: { organizations: ['a'], roles: ['r'] } }),
    ])
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        isBatch: true,
        events: [
          { id: '1', audience: { broadcast: true } },
          { id: '2', audience: { users: ['ann'] } },
          { id: '1', audience: { organizations: ['a'], roles: ['r'] } },
        ],
      },
    })
  })

  it('is a batch also when there is one event', () => {
    expect(batch([anEvent()])).toMatchObject({ value: { isBatch: true, events: [{}] } })
  })

  it('may have as many events as allowed, and not one more', () => {
    expect([3, 4].map((length) => kindOf(batch(Array.from({ length }, () => anEvent()))))).toEqual(['ok', 'batch-too-large'])
  })

  it('may be empty', () => {
    expect(batch([])).toEqual({ ok: true, value: { isBatch: true, events: [] } })
  })

  it.each([[{}], [null], ['x']])('refuses %j: no list', (events) => {
    expect(failureOf(batch(events))).toMatchObject({ kind: 'invalid-batch', events: [] })
  })

  it('accepts nothing when one event is wrong, and says which, and all that is wrong with it', () => {
    expect(failureOf(batch([anEvent(), anEvent({ id: '', type: 7 }), 'x']))).toEqual({
      kind: 'invalid-batch',
      detail: '2 of 3 events break a rule. None was accepted.',
      events: [
        { index: 1, problems: [expect.objectContaining({ attribute: 'id' }), expect.objectContaining({ attribute: 'type' })] },
        { index: 2, problems: [{ attribute: null, detail: 'The event must be a JSON object.' }] },
      ],
    })
  })

  it('says which event is too large', () => {
    expect(failureOf(batch([anEvent(), anEvent({ data: 'x'.repeat(999) })]))).toEqual({
      kind: 'event-too-large',
      detail: expect.stringContaining('Event 1 '),
    })
  })
})

describe('a request is refused', () => {
  it.each([
    ['nothing at all', {}],
    ['JSON that is not an event', { 'content-type': 'application/json' }],
    ['attributes without a specversion', { 'content-type': 'application/json', 'ce-id': '1' }],
    ['a format that is not spoken here', { 'content-type': 'application/cloudevents+avro' }],
    ['a batch in such a format', { 'content-type': 'application/cloudevents-batch+xml' }],
    ['such a format beside attributes', { 'content-type': 'application/cloudevents', 'ce-specversion': '1.0' }],
    ['another charset', { 'content-type': 'application/cloudevents+json; charset=iso-8859-1' }],
    ['two content types', { 'content-type': ['application/cloudevents+json', 'text/plain'] }],
    ['the same content type twice, beside attributes', { 'content-type': ['text/plain', 'text/plain'], 'ce-specversion': '1.0' }],
  ])('as unsupported-media-type with %s', (_, headers) => {
    expect(failureOf(decode(headers, '{}'))).toEqual({ kind: 'unsupported-media-type', detail: expect.stringMatching(/\.$/) })
  })

  it.each([
    ['truncated', '{"a":'],
    ['empty', ''],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('as not-json when the JSON is %s, in both modes that are JSON', (_, body) => {
    const types = ['application/cloudevents+json', 'application/cloudevents-batch+json']
    expect(types.map((type) => kindOf(decode({ 'content-type': type }, body)))).toEqual(['not-json', 'not-json'])
  })

  it('as json-too-deep when the JSON is nested too deep, in both modes that are JSON', () => {
    const types = ['application/cloudevents+json', 'application/cloudevents-batch+json']
    expect(types.map((type) => kindOf(decode({ 'content-type': type }, '['.repeat(10_000))))).toEqual(['json-too-deep', 'json-too-deep'])
  })

  it('as event-too-large from the first byte beyond the limit on, in each mode', () => {
    const json = (bytes: number): string => 'x'.repeat(bytes - 2)
    expect([structured(anEvent({ data: json(1000) })), structured(anEvent({ data: json(1001) }))].map(kindOf)).toEqual([
      'ok',
      'event-too-large',
    ])
    expect([binary({}, JSON.stringify(json(1000))), binary({}, JSON.stringify(json(1001)))].map(kindOf)).toEqual(['ok', 'event-too-large'])
    expect(
      [
        structured(anEvent({ datacontenttype: 'a/b', data_base64: Buffer.alloc(1000).toString('base64') })),
        structured(anEvent({ datacontenttype: 'a/b', data_base64: Buffer.alloc(1001).toString('base64') })),
      ].map(kindOf),
    ).toEqual(['ok', 'event-too-large'])
    expect(kindOf(binary({}, Buffer.alloc(10_000_000, ' ')))).toBe('event-too-large')
  })
})

/** Events with one problem each, and its text, which is the same in all modes. */
const wrongEvents: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['no id', { id: undefined }, /^id: is missing\. It must be a non-empty string\.$/],
  ['no source', { source: undefined }, /^source: is missing\. It must be a non-empty string\.$/],
  ['no type', { type: undefined }, /^type: is missing\. It must be a non-empty string\.$/],
  ['no specversion', { specversion: '' }, /^specversion: must be "1\.0"\.$/],
  ['a foreign specversion', { specversion: '0.3' }, /^specversion: must be "1\.0"\.$/],
  ['a source with a space', { source: 'my service' }, /^source: must be a URI reference/],
  ['a time that is none', { time: 'now' }, /^time: must be an RFC 3339 timestamp/],
  ['an empty subject', { subject: '' }, /^subject: must be a non-empty string/],
  ['a relative dataschema', { dataschema: '/x' }, /^dataschema: must be an absolute URI/],
  ['data of another event', { datacontenttype: 'application/cloudevents+json' }, /^datacontenttype: must not be an event format/],
  ['a name with an underscore', { my_ext: 'x' }, /^my_ext: must have a name of lower-case letters and digits only/],
  ['no audience', { audience: undefined }, /^audience: is missing/],
  ['an audience without recipients', { audience: '{}' }, /^audience: has no recipients/],
  ['an audience that is not JSON', { audience: 'everybody' }, /^audience: must be a JSON object, like .*\.$/],
  ['an audience that is a list', { audience: '[]' }, /^audience: .*object/],
  ['an audience that is nested deep', { audience: '['.repeat(1000) }, /^audience: must be a JSON object, like .*\.$/],
  ['roles without organizations', { audience: '{"roles":["admin"]}' }, /^audience: .*roles.*organizations/],
  ['an audience with a member that is not known', { audience: '{"organizations":["a"],"role":["admin"]}' }, /^audience: .*member/],
  ['a string where a list is expected', { audience: '{"users":"ann"}' }, /^audience: .*users.*list/],
  ['too many names', { audience: '{"users":["1","2","3"],"usernames":["4","5"]}' }, /^audience: .*\b4\b.*\b5\b|^audience: .*\b5\b.*\b4\b/],
  ['a name that is too long', { audience: JSON.stringify({ users: ['x'.repeat(513)] }) }, /^audience: .*512/],
  ['a cursor', { cursor: 'abc' }, /^cursor: must not be an extension: gateways write it into each event that they deliver\.$/],
  [
    'more attributes than a record should carry',
    { ext: 'x'.repeat(33_000) },
    /^null: The event has more than 32768 characters of attributes\.$/,
  ],
]

describe.each(wrongEvents)('an event with %s', (_, wrong, expected) => {
  it('is refused in structured mode', () => {
    expect(problemsOf(structured(anEvent(wrong)))).toEqual([expect.stringMatching(expected)])
  })

  it('is refused in a batch', () => {
    expect(failureOf(batch([anEvent(wrong)]))).toMatchObject({
      kind: 'invalid-batch',
      events: [{ index: 0, problems: [{ detail: expect.any(String) }] }],
    })
  })
})

describe('an event', () => {
  it('is refused with all its problems at once', () => {
    expect(
      problemsOf(structured({ specversion: '2', id: '', time: 'x', audience: '{"roles":["x"]}', data: 1 })).map((problem) =>
        problem.replace(/:.*/, ''),
      ),
    ).toEqual(['specversion', 'id', 'time', 'source', 'type', 'audience'])
  })

  it.each([
    ['structured', structured(anEvent({ cursor: null, data: 1 }))],
    ['binary', binary()],
  ])('has no audience among its attributes: %s', (_, decoded) => {
    expect(Object.keys(onlyEvent(decoded)?.attributes ?? {}).sort()).toEqual(['time', 'type'])
  })

  it.each(['cursor', 'data', 'data_base64'])('is refused in binary mode with the header ce-%s, by its name', (name) => {
    expect(problemsOf(binary({ [`ce-${name}`]: 'x' }))).toEqual([expect.stringMatching(`^${name}: must not be an (extension|attribute)`)])
  })

  it.each([
    ['structured', structured(anEvent({ specversion: '1.0.2' }))],
    ['binary', binary({ 'ce-specversion': '1.0.2' })],
  ])('may say specversion 1.0.2: %s', (_, decoded) => {
    expect(kindOf(decoded)).toBe('ok')
  })

  it('is refused when it, or its audience, has a member twice, and so is a batch of it', () => {
    const twice = '{"specversion":"1.0","id":"1","source":"s","type":"t","audience":{"organizations":["o"],"roles":["admin"],"roles":[]}}'
    expect(problemsOf(structured(twice))).toEqual([expect.stringMatching(/twice/)])
    expect(decode({ 'content-type': 'application/cloudevents-batch+json' }, `[${twice}]`)).toMatchObject({
      ok: false,
      error: { kind: 'invalid-batch', detail: expect.stringMatching(/twice/) },
    })
    expect(problemsOf(structured(anEvent({ audience: '{"organizations":["o"],"roles":["admin"],"roles":[]}' })))).toEqual([
      expect.stringMatching(/^audience: has a member twice/),
    ])
  })

  it.each([
    ['groups', /^audience: `groups` is not a member. The members are/],
    ['role', /^audience: `role` is not a member. Did you mean `roles`\?$/],
  ])('is refused with the unknown member %s of its audience named', (name, problem) => {
    for (const audience of [{ organizations: ['o1'], [name]: ['x'] }, JSON.stringify({ organizations: ['o1'], [name]: ['x'] })])
      expect(problemsOf(structured(anEvent({ audience })))).toEqual([expect.stringMatching(problem)])
    expect(problemsOf(binary({ 'ce-audience': JSON.stringify({ organizations: ['o1'], [name]: ['x'] }) }))).toEqual([
      expect.stringMatching(problem),
    ])
  })

  it('names an extension that looks like a misspelt audience when the audience is missing', () => {
    expect(problemsOf(structured(anEvent({ audience: undefined, audiance: '{"users":["u"]}' })))).toEqual([
      expect.stringMatching(/^audience: is missing.*`audiance` looks like a misspelt `audience`/),
    ])
  })

  it('is refused without quoting its values', () => {
    const secret = 'my secret'
    const wrong = anEvent({
      id: 7,
      source: secret,
      time: secret,
      ext: [secret],
      audience: JSON.stringify({ users: secret, roles: [secret, 7] }),
    })
    expect(JSON.stringify(failureOf(structured(wrong)))).not.toContain(secret)
  })

  it('is decoded or refused for any headers and bytes, without throwing', () => {
    const header = fc.constantFrom(
      'content-type',
      'ce-specversion',
      'ce-id',
      'ce-source',
      'ce-type',
      'ce-audience',
      'ce-time',
      'ce-',
      'ce-__proto__',
      '__proto__',
      'host',
    )
    const value = fc.oneof(
      fc.constantFrom('1.0', 'application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', everybody),
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 2 }),
      fc.constant(undefined),
    )
    const headers = fc.array(fc.tuple(header, value)).map((entries) => Object.fromEntries(entries))
    const body = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constant(Buffer.from(JSON.stringify([anEvent()]))),
    )
    const kinds = [
      'ok',
      'unsupported-media-type',
      'not-json',
      'json-too-deep',
      'event-too-large',
      'batch-too-large',
      'invalid-event',
      'invalid-batch',
    ]
    fc.assert(
      fc.property(headers, body, (given, bytes) => void expect(kinds).toContain(kindOf(decode(given, bytes)))),
      { numRuns: 2_000 },
    )
  })
})
