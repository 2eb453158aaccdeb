import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anAudience } from '../testing/builders.ts'
import { decodeHttpEvents, type HttpBindingFailure, type HttpEventsRequest } from './http-binding.ts'

const limits = { maxEventBytes: 1000, maxAudienceNames: 4, maxBatch: 3 }
const now = (): Date => new Date('2026-01-31T12:00:00.000Z')
const everybody = '{"broadcast":true}'
const anEvent = (over: object = {}): object => ({ specversion: '1.0', id: '1', source: '/s', type: 't', audience: everybody, ...over })

const decode = (headers: HttpEventsRequest['headers'], body: Buffer | string = '') => decodeHttpEvents({ headers, body: Buffer.from(body as string) }, limits, now) // Buffer.from takes both
const structured = (event: unknown, contentType = 'application/cloudevents+json') => decode({ 'content-type': contentType }, typeof event === 'string' ? event : JSON.stringify(event))
const batch = (events: unknown) => decode({ 'content-type': 'application/cloudevents-batch+json' }, JSON.stringify(events))
const binary = (headers: HttpEventsRequest['headers'] = {}, body: Buffer | string = '{"a":1}') =>
  decode({ 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-audience': everybody, 'content-type': 'application/json', ...headers }, body)

type Decoded = ReturnType<typeof decode>
const failureOf = (decoded: Decoded): HttpBindingFailure | 'no failure' => (decoded.ok ? 'no failure' : decoded.error)
const kindOf = (decoded: Decoded): string => (decoded.ok ? 'ok' : decoded.error.kind)
/** Of an invalid event, what is wrong: `attribute: detail`. */
const problemsOf = (decoded: Decoded): readonly string[] => (!decoded.ok && decoded.error.kind === 'invalid-event' ? decoded.error.problems.map(({ attribute, detail }) => `${attribute}: ${detail}`) : [kindOf(decoded)])
const onlyEvent = (decoded: Decoded) => (decoded.ok ? decoded.value.events[0] : undefined)
const dataOf = (decoded: Decoded): string | undefined => onlyEvent(decoded)?.event.data?.toString()

describe('the structured mode', () => {
  it('is read into attributes, data and audience', () => {
    const decoded = structured(anEvent({ datacontenttype: 'application/json; charset=utf-8', subject: 'ü', retries: 7, urgent: true, gone: null, time: '2025-01-01T00:00:00Z', data: { a: 1 }, audience: '{"users":["ü","ü"]}' }))
    expect(decoded).toEqual({
      ok: true,
      value: {
        isBatch: false,
        events: [{
          id: '1',
          source: '/s',
          audience: anAudience({ users: ['ü'] }),
          event: { id: '1', source: '/s', attributes: { type: 't', subject: 'ü', retries: '7', urgent: 'true', time: '2025-01-01T00:00:00Z' }, datacontenttype: 'application/json; charset=utf-8', data: Buffer.from('{"a":1}') },
        }],
      },
    })
  })

  it.each(['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8', 'application/cloudevents+json;charset=UTF-8', 'APPLICATION/CloudEvents+JSON ;charset="utf8"; x=y'])('has the content type %s', (contentType) => {
    expect(kindOf(structured(anEvent(), contentType))).toBe('ok')
  })

  it('says application/json where the JSON format leaves it unsaid', () => {
    expect(onlyEvent(structured(anEvent({ data: [1] })))?.event).toMatchObject({ datacontenttype: 'application/json', data: Buffer.from('[1]') })
    expect(onlyEvent(structured(anEvent()))?.event).toMatchObject({ datacontenttype: null, data: null })
  })

  it('adds the time when there is none', () => {
    expect(onlyEvent(structured(anEvent()))?.event.attributes).toMatchObject({ time: '2026-01-31T12:00:00.000Z' })
  })

  it('keeps numbers that a double would round', () => {
    expect(dataOf(structured('{"specversion":"1.0","id":"1","source":"/s","type":"t","audience":{"broadcast":true},"data":{"id":12345678901234567890}}'))).toBe('{"id":12345678901234567890}')
  })

  it.each([
    ['a string that is said to be text', { datacontenttype: 'text/plain', data: 'ü' }, Buffer.from('ü')],
    ['bytes in data_base64', { datacontenttype: 'image/png', data_base64: 'AP8=' }, Buffer.from([0, 255])],
    ['bytes beside a data_base64 that is null', { data_base64: null, data: 1 }, Buffer.from('1')],
    ['null', { data: null }, Buffer.from('null')],
  ])('takes data that are %s', (_, data, expected) => {
    expect(onlyEvent(structured(anEvent(data)))?.event.data).toEqual(expected)
  })

  it.each([
    ['both data and data_base64', { data: 1, data_base64: 'AA==' }, /data or data_base64, not both/],
    ['data_base64 that is no string', { data_base64: 7 }, /must be a string/],
    ['base64 without padding', { data_base64: 'AA' }, /base64 with padding/],
    ['base64 for URLs', { data_base64: '-_8=' }, /base64 with padding/],
    ['an object where text was announced', { datacontenttype: 'text/plain', data: {} }, /must be a string when datacontenttype is not JSON/],
    ['JSON in bytes that is none', { datacontenttype: 'application/json', data_base64: Buffer.from('{').toString('base64') }, /not what datacontenttype says/],
  ])('refuses %s', (_, data, expected) => {
    expect(problemsOf(structured(anEvent(data)))).toEqual([expect.stringMatching(expected)])
  })

  it.each([[[]], ['text'], [7], [null], [true]])('refuses %j: no object', (value) => {
    expect(problemsOf(structured(JSON.stringify(value)))).toEqual(['null: An event must be a JSON object.'])
  })
})

describe('the binary mode', () => {
  it('is read into attributes, data and audience', () => {
    const decoded = binary({ 'ce-subject': 'a%20%C3%BC', 'ce-traceparent': '00-1', 'ce-audience': '{"usernames":["%C3%BC","100%25","a+b","-_"]}', 'x-other': 'ignored' }, ' {"n":1.10}')
    expect(decoded).toMatchObject({ ok: true, value: { isBatch: false, events: [{ id: '1', source: '/s', audience: anAudience({ usernames: ['ü', '100%', 'a+b', '-_'] }) }] } })
    expect(onlyEvent(decoded)?.event).toEqual({ id: '1', source: '/s', attributes: { type: 't', subject: 'a ü', traceparent: '00-1', time: '2026-01-31T12:00:00.000Z' }, datacontenttype: 'application/json', data: Buffer.from(' {"n":1.10}') })
  })

  it('takes header values in double quotes, and UTF-8 that was not encoded', () => {
    const bytes = Buffer.from('ü "x"').toString('latin1') // what node:http makes of the bytes
    expect(onlyEvent(binary({ 'ce-subject': bytes, 'ce-ext': '"a \\"b\\" \\\\"' }))?.event.attributes).toMatchObject({ subject: 'ü "x"', ext: 'a "b" \\' })
  })

  it('gives back any text that was percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(one))
    fc.assert(fc.property(text, (subject) => void expect(onlyEvent(binary({ 'ce-subject': encodeURIComponent(subject) }))?.event.attributes.subject).toBe(subject)))
  })

  it.each([
    ['a percent sign that begins no byte', '100%'],
    ['bytes that are no UTF-8', '%ff'],
    ['Latin-1', 'ü'],
    ['a header that was sent twice', ['a', 'b']],
  ])('refuses %s', (_, subject) => {
    expect(problemsOf(binary({ 'ce-subject': subject }))).toEqual([expect.stringMatching(/^subject: must be sent once, as percent-encoded UTF-8/)])
  })

  it('has no data when the body is empty, and bytes of any kind otherwise', () => {
    expect(onlyEvent(binary({}, ''))?.event.data).toBe(null)
    expect(onlyEvent(binary({ 'content-type': 'image/png' }, Buffer.from([0, 255])))?.event).toMatchObject({ datacontenttype: 'image/png', data: Buffer.from([0, 255]) })
  })

  it.each([
    ['text that says it is JSON', 'application/json', Buffer.from('hello')],
    ['text without a content type', undefined, Buffer.from('hello')],
    ['JSON that is no UTF-8', 'application/json', Buffer.from([0x22, 0xff, 0x22])],
    ['JSON that is nested 400 levels deep', 'application/json', Buffer.from('['.repeat(400) + ']'.repeat(400))],
  ])('refuses %s', (_, contentType, body) => {
    expect(problemsOf(binary({ 'content-type': contentType }, body))).toEqual([expect.stringMatching(/^data: is not what datacontenttype says\. The (bytes|JSON)/)])
  })

  it('is no object of its own: names that objects have are names like any other', () => {
    const headers = Object.fromEntries([['ce-__proto__', 'x']])
    expect([problemsOf(binary(headers)), kindOf(binary({ 'ce-constructor': 'x' }))]).toEqual([['__proto__: must have a name of lower-case letters and digits only.'], 'ok'])
  })
})

describe('the batched mode', () => {
  it('is a list of events, in their order, each with its audience', () => {
    const decoded = batch([anEvent(), anEvent({ id: '2', audience: '{"users":["ann"]}' }), anEvent({ id: '1', audience: { organizations: ['a'], roles: ['r'] } })])
    expect(decoded).toMatchObject({ ok: true, value: { isBatch: true, events: [{ id: '1', audience: { broadcast: true } }, { id: '2', audience: { users: ['ann'] } }, { id: '1', audience: { organizations: ['a'], roles: ['r'] } }] } })
  })

  it('is a batch also when there is one event', () => {
    expect(batch([anEvent()])).toMatchObject({ value: { isBatch: true, events: [{}] } })
  })

  it('may have as many events as allowed, and not one more', () => {
    expect([3, 4].map((length) => kindOf(batch(Array.from({ length }, () => anEvent()))))).toEqual(['ok', 'batch-too-large'])
  })

  it.each([[{}], [null], ['x'], [[]]])('refuses %j: no list with events', (events) => {
    expect(failureOf(batch(events))).toMatchObject({ kind: 'invalid-batch', events: [] })
  })

  it('accepts nothing when one event is wrong, and says which, and all that is wrong with it', () => {
    expect(failureOf(batch([anEvent(), anEvent({ id: '', type: 7 }), 'x']))).toEqual({
      kind: 'invalid-batch',
      detail: '2 of 3 events break a rule; none was accepted.',
      events: [
        { index: 1, problems: [expect.objectContaining({ attribute: 'id' }), expect.objectContaining({ attribute: 'type' })] },
        { index: 2, problems: [{ attribute: null, detail: 'An event must be a JSON object.' }] },
      ],
    })
  })

  it('says which event is too large', () => {
    expect(failureOf(batch([anEvent(), anEvent({ data: 'x'.repeat(999) })]))).toEqual({ kind: 'event-too-large', detail: expect.stringContaining('Event 1 ') })
  })
})

describe('a request is refused', () => {
  it.each([
    ['nothing at all', {}],
    ['JSON that is no event', { 'content-type': 'application/json' }],
    ['attributes without a specversion', { 'content-type': 'application/json', 'ce-id': '1' }],
    ['a format that is not spoken here', { 'content-type': 'application/cloudevents+avro' }],
    ['a batch in such a format', { 'content-type': 'application/cloudevents-batch+xml' }],
    ['such a format beside attributes', { 'content-type': 'application/cloudevents', 'ce-specversion': '1.0' }],
    ['another charset', { 'content-type': 'application/cloudevents+json; charset=iso-8859-1' }],
    ['two content types', { 'content-type': ['application/cloudevents+json', 'text/plain'] }],
  ])('as unsupported-media-type with %s', (_, headers) => {
    expect(failureOf(decode(headers, '{}'))).toEqual({ kind: 'unsupported-media-type', detail: expect.stringMatching(/\.$/) })
  })

  it.each([
    ['truncated', '{"a":'],
    ['empty', ''],
    ['nested 10,000 levels deep', '['.repeat(10_000)],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('as not-json when the JSON is %s, in both modes that are JSON', (_, body) => {
    const types = ['application/cloudevents+json', 'application/cloudevents-batch+json']
    expect(types.map((type) => kindOf(decode({ 'content-type': type }, body)))).toEqual(['not-json', 'not-json'])
  })

  it('as event-too-large from the first byte beyond the limit on, in each mode', () => {
    const json = (bytes: number): string => 'x'.repeat(bytes - 2)
    expect([structured(anEvent({ data: json(1000) })), structured(anEvent({ data: json(1001) }))].map(kindOf)).toEqual(['ok', 'event-too-large'])
    expect([binary({}, JSON.stringify(json(1000))), binary({}, JSON.stringify(json(1001)))].map(kindOf)).toEqual(['ok', 'event-too-large'])
    expect([structured(anEvent({ datacontenttype: 'a/b', data_base64: Buffer.alloc(1000).toString('base64') })), structured(anEvent({ datacontenttype: 'a/b', data_base64: Buffer.alloc(1001).toString('base64') }))].map(kindOf)).toEqual(['ok', 'event-too-large'])
    expect(kindOf(binary({}, Buffer.alloc(10_000_000, ' ')))).toBe('event-too-large')
  })
})

/** Wrong in one way each, and what is said about it; the same in all modes. */
const wrongEvents: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
  ['no id', { id: undefined }, /^id: is missing\.$/],
  ['no source', { source: undefined }, /^source: is missing\.$/],
  ['no type', { type: undefined }, /^type: is missing\.$/],
  ['no specversion', { specversion: '' }, /^specversion: must be "1\.0"\.$/],
  ['a foreign specversion', { specversion: '0.3' }, /^specversion: must be "1\.0"\.$/],
  ['a source with a space', { source: 'my service' }, /^source: must be a URI reference/],
  ['a time that is none', { time: 'now' }, /^time: must be an RFC 3339 timestamp/],
  ['an empty subject', { subject: '' }, /^subject: must be a non-empty string/],
  ['a relative dataschema', { dataschema: '/x' }, /^dataschema: must be an absolute URI/],
  ['data of another event', { datacontenttype: 'application/cloudevents+json' }, /^datacontenttype: must not be a format of events/],
  ['a name with an underscore', { my_ext: 'x' }, /^my_ext: must have a name of lower-case letters and digits only/],
  ['no audience', { audience: undefined }, /^audience: names nobody/],
  ['an audience of nobody', { audience: '{}' }, /^audience: names nobody/],
  ['an audience that is no JSON', { audience: 'everybody' }, /^audience: The audience is not JSON\.$/],
  ['an audience that is a list', { audience: '[]' }, /^audience: .*object/],
  ['an audience that is nested deep', { audience: '['.repeat(1000) }, /^audience: The audience is not JSON\.$/],
  ['roles without organizations', { audience: '{"roles":["admin"]}' }, /^audience: .*roles.*organizations/],
  ['an audience with a member that is not known', { audience: '{"organizations":["a"],"role":["admin"]}' }, /^audience: .*member/],
  ['a string where a list is expected', { audience: '{"users":"ann"}' }, /^audience: .*users.*list/],
  ['too many names', { audience: '{"users":["1","2","3"],"usernames":["4","5"]}' }, /^audience: .*\b4\b.*\b5\b|^audience: .*\b5\b.*\b4\b/],
  ['a name that is too long', { audience: JSON.stringify({ users: ['x'.repeat(513)] }) }, /^audience: .*512/],
  ['more attributes than a record should carry', { ext: 'x'.repeat(33_000) }, /^null: The event has more than 32768 characters of attributes\.$/],
]

describe.each(wrongEvents)('an event with %s', (_, wrong, expected) => {
  it('is refused in structured mode', () => {
    expect(problemsOf(structured(anEvent(wrong)))).toEqual([expect.stringMatching(expected)])
  })

  it('is refused in a batch', () => {
    expect(failureOf(batch([anEvent(wrong)]))).toMatchObject({ kind: 'invalid-batch', events: [{ index: 0, problems: [{ detail: expect.any(String) }] }] })
  })
})

describe('an event', () => {
  it('is told all that is wrong with it at once', () => {
    expect(problemsOf(structured({ specversion: '2', id: '', time: 'x', audience: '{"roles":["x"]}', data: 1 })).map((problem) => problem.replace(/:.*/, ''))).toEqual(['specversion', 'id', 'time', 'source', 'type', 'audience'])
  })

  it.each([['structured', structured(anEvent({ cursor: 'abc', data: 1 }))], ['binary', binary({ 'ce-cursor': 'abc' })]])('loses a cursor that it came with, and its audience is no attribute: %s', (_, decoded) => {
    expect(Object.keys(onlyEvent(decoded)?.event.attributes ?? {}).sort()).toEqual(['time', 'type'])
  })

  it.each([['structured', structured(anEvent({ specversion: '1.0.2' }))], ['binary', binary({ 'ce-specversion': '1.0.2' })]])('may say specversion 1.0.2: %s', (_, decoded) => {
    expect(kindOf(decoded)).toBe('ok')
  })

  it('is told nothing of its own values in a refusal', () => {
    const secret = 'my secret'
    const wrong = anEvent({ id: 7, source: secret, time: secret, ext: [secret], audience: JSON.stringify({ users: secret, [secret]: 1 }) })
    expect(JSON.stringify(failureOf(structured(wrong)))).not.toContain(secret)
  })

  it('is decoded or refused, whatever the headers and bytes are: nothing throws', () => {
    const header = fc.constantFrom('content-type', 'ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-audience', 'ce-time', 'ce-', 'ce-__proto__', '__proto__', 'host')
    const value = fc.oneof(fc.constantFrom('1.0', 'application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json', everybody), fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.string(), { maxLength: 2 }), fc.constant(undefined))
    const headers = fc.array(fc.tuple(header, value)).map((entries) => Object.fromEntries(entries))
    const body = fc.oneof(fc.uint8Array().map((bytes) => Buffer.from(bytes)), fc.json().map((text) => Buffer.from(text)), fc.constant(Buffer.from(JSON.stringify([anEvent()]))))
    const kinds = ['ok', 'unsupported-media-type', 'not-json', 'event-too-large', 'batch-too-large', 'invalid-event', 'invalid-batch']
    fc.assert(fc.property(headers, body, (given, bytes) => void expect(kinds).toContain(kindOf(decode(given, bytes)))), { numRuns: 2_000 })
  })
})
