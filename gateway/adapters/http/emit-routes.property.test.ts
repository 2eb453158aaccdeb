import { CloudEvent, HTTP } from 'cloudevents'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { schemas } from './schemas.ts'
import { batched, binary, headersOf, post, recordsOf, structured } from './testing/emit-requests.ts'
import { schemaValidator } from './testing/schema-validator.ts'
import { type Rig, startPublicServer } from './testing/start-public-server.ts'

let isValid: (name: keyof typeof schemas, value: unknown) => boolean
beforeAll(async () => {
  isValid = await schemaValidator()
})

describe('the CloudEvents SDK as producer', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startPublicServer({ options: { emitMaxBodyBytes: 200_000, maxEventBytes: 100_000 } })
  })
  afterAll(() => rig.stop())

  const events = fc.record({
    id: fc.stringMatching(/^[\w-]{1,20}$/),
    source: fc.constantFrom('urn:test:source', '/relative/source', 'https://example.com/a?b=c#d'),
    type: fc.stringMatching(/^[a-z][a-z.]{0,30}[a-z]$/),
    subject: fc.stringMatching(/^[a-z]{1,10}$/),
    // In binary mode the SDK sends a text unchanged, which is not the JSON that the content type promises.
    data: fc.jsonValue({ maxDepth: 3 }).filter((value) => typeof value === 'object' && value !== null),
    myextension: fc.stringMatching(/^[a-z0-9]{1,10}$/),
  })

  test.each(['binary', 'structured'] as const)('sends %s messages that are accepted, and the record has what it sent', async (mode) => {
    await fc.assert(
      fc.asyncProperty(events, async (attributes) => {
        const sent = new CloudEvent({ ...attributes, datacontenttype: 'application/json', audience: '{"organizations":["o1"]}' })
        const { headers, body } = HTTP[mode](sent)
        const response = await post(
          `${rig.api}/events`,
          typeof body === 'string' ? body : JSON.stringify(body),
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        )
        expect([response.status, await response.json()]).toEqual([202, { id: attributes.id, source: attributes.source }])
        const record = (await recordsOf(rig)).at(-1)
        expect(headersOf(record)).toMatchObject({
          ce_type: attributes.type,
          ce_subject: attributes.subject,
          ce_myextension: attributes.myextension,
          ce_audience: '{"organizations":["o1"]}',
          ce_time: sent.time,
        })
        expect(JSON.parse(String(record?.value))).toEqual(JSON.parse(JSON.stringify(attributes.data)))
      }),
      { numRuns: 40 },
    )
  })
})

describe('any request to emit', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startPublicServer()
  })
  afterAll(() => rig.stop())

  const known = [202, 400, 413, 415]
  const requests = fc.record({
    path: fc.constantFrom('emit-message', 'events'),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record(
          { id: fc.jsonValue(), type: fc.jsonValue(), broadcast: fc.jsonValue(), users: fc.jsonValue(), payload: fc.jsonValue() },
          { requiredKeys: [] },
        )
        .map((value) => Buffer.from(JSON.stringify(value))),
      fc
        .record(
          {
            specversion: fc.constantFrom('1.0', '1.0.2', 1, null),
            id: fc.jsonValue(),
            source: fc.jsonValue(),
            type: fc.jsonValue(),
            time: fc.jsonValue(),
            audience: fc.jsonValue(),
            data: fc.jsonValue(),
            data_base64: fc.jsonValue(),
          },
          { requiredKeys: [] },
        )
        .map((value) => Buffer.from(JSON.stringify(value))),
    ),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      structured,
      batched,
      binary(),
      { 'content-type': 'text/plain' },
      { 'content-type': 'garbage' },
      { 'ce-specversion': '1.0' },
      { ...binary(), 'ce-id': '', 'ce-audience': '%' },
    ),
  })

  test('gets one of a few answers, a success only for events in Kafka, each described by its schema', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ path, body, headers }) => {
        const before = rig.written()
        const response = await post(`${rig.api}/${path}`, body, headers)
        const answer = await response.json()
        expect(known).toContain(response.status)
        const isEmptyBatch = answer.events?.length === 0 && response.status === 202
        expect(rig.written() > before).toBe(response.status === 202 && !isEmptyBatch)
        const schema = response.status !== 202 ? 'Problem' : 'events' in answer ? 'AcceptedBatch' : 'Accepted'
        expect([answer, isValid(schema, answer)]).toEqual([answer, true])
      }),
      { numRuns: 400 },
    )
  })

  test('that the decoder accepts is one that the schema describes', async () => {
    const mostly = <T>(arbitrary: fc.Arbitrary<T>) => fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() })
    const names = mostly(fc.oneof(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 3 }), fc.constant(null)))
    const messages = fc.record(
      {
        id: mostly(fc.string({ minLength: 1 })),
        type: mostly(fc.string({ minLength: 1 })),
        broadcast: mostly(fc.boolean()),
        users: names,
        usernames: names,
        organizations: names,
        roles: names,
        payload: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    let taken = 0
    await fc.assert(
      fc.asyncProperty(messages, async (value) => {
        const { status } = await post(`${rig.api}/emit-message`, JSON.stringify(value))
        taken += Number(status === 202)
        expect(status !== 202 || isValid('EmitMessage', JSON.parse(JSON.stringify(value)))).toBe(true)
      }),
      { numRuns: 500 },
    )
    expect(taken).toBeGreaterThan(10)
  })

  // A draw of the property below, once in some thousand: `]` cannot be in a URI reference, and the schema said `format: uri-reference`. The
  // decoder accepts it, because existing producers write such sources. So the schema was wrong.
  test('a source outside of the grammar of URI references is accepted, and fits the schema', async () => {
    const event = { specversion: '1.0', id: ' ', source: ']', type: ' ', audience: '{"broadcast":true}' }
    expect((await post(`${rig.api}/events`, JSON.stringify([event]), batched)).status).toBe(202)
    expect(isValid('CloudEventBatch', [event])).toBe(true)
    expect(isValid('CloudEventBatch', [{ ...event, source: 'a b' }])).toBe(false)
  })

  test('an event that the decoder takes is one that the schema describes', async () => {
    const maybe = (arbitrary: fc.Arbitrary<unknown>) => fc.oneof({ weight: 8, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() })
    const events = fc.record(
      {
        specversion: fc.constantFrom('1.0', '1.0.2', '0.3'),
        id: maybe(fc.string({ minLength: 1 })),
        source: maybe(fc.constantFrom('urn:a', '/a')),
        type: maybe(fc.string({ minLength: 1 })),
        time: maybe(fc.constant('2026-01-31T12:00:00Z')),
        subject: maybe(fc.string({ minLength: 1 })),
        ext: maybe(fc.oneof(fc.string(), fc.integer(), fc.boolean())),
        data: fc.jsonValue(),
        audience: maybe(fc.constantFrom('{"broadcast":true}', { users: ['a'] }, { broadcast: true, users: null })),
      },
      { requiredKeys: ['specversion', 'id', 'source', 'type', 'audience'] },
    )
    let taken = 0
    await fc.assert(
      fc.asyncProperty(fc.array(events, { minLength: 1, maxLength: 2 }), async (batch) => {
        const { status } = await post(`${rig.api}/events`, JSON.stringify(batch), batched)
        taken += Number(status === 202)
        expect(status !== 202 || isValid('CloudEventBatch', JSON.parse(JSON.stringify(batch)))).toBe(true)
      }),
      { numRuns: 300 },
    )
    expect(taken).toBeGreaterThan(10)
  })
})
