import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { schemas } from './schemas.ts'
import { batched, binary, type Body, event, headersOf, post, recordsOf, structured } from './testing/emit-requests.ts'
import { schemaValidator } from './testing/schema-validator.ts'
import { message, type Rig, type RigSettings, startPublicServer, testOptions } from './testing/start-public-server.ts'

const rigs: Rig[] = []
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())))

let isValid: (name: keyof typeof schemas, value: unknown) => boolean
beforeAll(async () => {
  isValid = await schemaValidator()
})

async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}

describe('POST emit-message', () => {
  test('answers 202 with id and source after the event is in Kafka', async () => {
    const rig = await start()
    const body = JSON.stringify({
      id: 'm1',
      type: 'notifications.drawer',
      broadcast: false,
      users: ['ann'],
      usernames: [],
      roles: [],
      organizations: [],
      payload: { title: 'Žluťoučký kůň 🐎' },
    })
    const response = await post(`${rig.api}/emit-message`, body)
    const answer = await response.json()
    expect([response.status, answer, response.headers.get('cache-control')]).toEqual([
      202,
      { id: 'm1', source: 'urn:carillon:emit-message' },
      'no-store',
    ])
    expect(isValid('Accepted', answer)).toBe(true)
    const [record] = await recordsOf(rig)
    expect(headersOf(record)).toMatchObject({
      ce_id: 'm1',
      ce_type: 'notifications.drawer',
      ce_audience: '{"users":["ann"]}',
      'content-type': 'application/json',
    })
    expect(JSON.parse(String(record?.value))).toEqual({ title: 'Žluťoučký kůň 🐎' })
  })

  test.each([
    undefined,
    'text/plain;charset=UTF-8',
    'application/json',
    'application/x-www-form-urlencoded',
    'application/cloudevents+json',
    'no content type',
    ';',
    'application/octet-stream',
  ])('accepts the content type %s', async (contentType) => {
    const { api } = await start()
    const response = await post(
      `${api}/emit-message`,
      Buffer.from(message()),
      contentType === undefined ? {} : { 'content-type': contentType },
    )
    expect(response.status).toBe(202)
  })

  test('makes up a missing id, and returns it', async () => {
    const { api } = await start()
    const response = await post(`${api}/emit-message`, '{"type":"test","broadcast":true}')
    const [again, answer] = [await post(`${api}/emit-message`, '{"type":"test","broadcast":true}'), await response.json()]
    expect(answer).toEqual({ id: expect.stringMatching(/^[\w-]{20,}$/), source: 'urn:carillon:emit-message' })
    expect((await again.json()).id).not.toBe(answer.id)
  })

  test.each<[string, Body, number, string]>([
    ['nothing', '', 400, 'not-json'],
    ['half a JSON', '{"id":', 400, 'not-json'],
    ['a form', 'id=1&type=test', 400, 'not-json'],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xc3, 0x28]), Buffer.from('","broadcast":true}')]),
      400,
      'not-json',
    ],
    ['deep nesting', `{"type":"t","broadcast":true,"payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400, 'json-too-deep'],
    ['an array', '[]', 400, 'invalid-event'],
    ['null', 'null', 400, 'invalid-event'],
    ['no type', '{"broadcast":true}', 400, 'invalid-event'],
    ['a type that is a number', '{"type":1,"broadcast":true}', 400, 'invalid-event'],
    ['an id that is an object', '{"id":{},"type":"t","broadcast":true}', 400, 'invalid-event'],
    ['no audience', '{"type":"t"}', 400, 'invalid-event'],
    ['an audience without a principal', '{"type":"t","broadcast":false,"users":[],"organizations":[]}', 400, 'invalid-event'],
    ['roles without organizations', '{"type":"t","roles":["admin"]}', 400, 'invalid-event'],
    ['users that are not a list', '{"type":"t","users":"ann"}', 400, 'invalid-event'],
    ['a broadcast that is a text', '{"type":"t","broadcast":"true"}', 400, 'invalid-event'],
    [
      'too many names',
      JSON.stringify({ type: 't', users: Array.from({ length: testOptions.maxAudienceSize + 1 }, (_, n) => `u${n}`) }),
      400,
      'invalid-event',
    ],
    [
      'a payload that is too large',
      JSON.stringify({ type: 't', broadcast: true, payload: 'x'.repeat(testOptions.maxEventBytes) }),
      413,
      'event-too-large',
    ],
  ])('refuses %s', async (_name, body, status, type) => {
    const { api, written, value } = await start()
    const response = await post(`${api}/emit-message`, body)
    const problem = await response.json()
    expect([response.status, problem.type]).toEqual([status, `urn:carillon:problem:${type}`])
    expect(isValid('Problem', problem)).toBe(true)
    expect(written()).toBe(0)
    expect(value('emitRefused', { status: String(status) })).toBe(1)
  })

  test('names all faults at once, and no content of the event', async () => {
    const { api } = await start()
    const problem = await (await post(`${api}/emit-message`, '{"id":"","type":7,"users":["secret",5]}')).json()
    expect(problem.errors.map(({ attribute }: { attribute: string }) => attribute)).toEqual(['id', 'type', 'audience'])
    expect(JSON.stringify(problem)).not.toContain('secret')
  })
})

describe('POST events', () => {
  test('accepts the three modes, and answers a list for a batch', async () => {
    const rig = await start()
    const one = await post(`${rig.api}/events`, '{"n":1}', binary({ 'ce-traceparent': 'event-s-own' }))
    expect([one.status, await one.json()]).toEqual([202, { id: 'e1', source: 'urn:test' }])
    const two = await post(`${rig.api}/events`, JSON.stringify(event({ id: 'e2', data: { n: 2 } })), {
      'content-type': 'application/cloudevents+json; charset=utf-8',
    })
    expect([two.status, await two.json()]).toEqual([202, { id: 'e2', source: 'urn:test' }])
    const many = await post(`${rig.api}/events`, JSON.stringify([event({ id: 'e3' }), event({ id: 'e4', source: '/relative' })]), batched)
    const list = await many.json()
    expect([many.status, list]).toEqual([
      202,
      {
        events: [
          { id: 'e3', source: 'urn:test' },
          { id: 'e4', source: '/relative' },
        ],
      },
    ])
    expect(isValid('AcceptedBatch', list)).toBe(true)
    const single = await post(`${rig.api}/events`, JSON.stringify([event({ id: 'e5' })]), batched)
    expect(await single.json()).toEqual({ events: [{ id: 'e5', source: 'urn:test' }] })
    expect((await recordsOf(rig)).map((record) => headersOf(record)['ce_id'])).toEqual(['e1', 'e2', 'e3', 'e4', 'e5'])
    expect(rig.value('emitted', { api: 'events' })).toBe(5)
  })

  test.each<[string, Record<string, string>, Body, number, string]>([
    ['plain JSON', { 'content-type': 'application/json' }, '{}', 415, 'unsupported-media-type'],
    ['text', { 'content-type': 'text/plain' }, 'x', 415, 'unsupported-media-type'],
    ['CloudEvents in XML', { 'content-type': 'application/cloudevents+xml' }, '<event/>', 415, 'unsupported-media-type'],
    ['CloudEvents in UTF-16', { 'content-type': 'application/cloudevents+json; charset=utf-16' }, '{}', 415, 'unsupported-media-type'],
    ['a structured event that is not JSON', structured, '{', 400, 'not-json'],
    ['a batch that is an event', batched, JSON.stringify(event()), 400, 'invalid-batch'],
    [
      'a batch that is too long',
      batched,
      JSON.stringify(Array.from({ length: testOptions.emitMaxBatch + 1 }, () => event())),
      413,
      'batch-too-large',
    ],
    [
      'a batch with an event that is too large',
      batched,
      JSON.stringify([event(), event({ data: 'x'.repeat(testOptions.maxEventBytes) })]),
      413,
      'event-too-large',
    ],
    [
      'data that are too large',
      binary({ 'content-type': 'text/plain' }),
      'x'.repeat(testOptions.maxEventBytes + 1),
      413,
      'event-too-large',
    ],
    ['a foreign specversion', structured, JSON.stringify(event({ specversion: '0.3' })), 400, 'invalid-event'],
    ['no audience', structured, JSON.stringify(event({ audience: undefined })), 400, 'invalid-event'],
    ['an audience that is not an audience', binary({ 'ce-audience': 'everybody' }), '{}', 400, 'invalid-event'],
    ['a header that is not UTF-8', binary({ 'ce-subject': '%ff' }), '{}', 400, 'invalid-event'],
    ['a cursor', structured, JSON.stringify(event({ cursor: 'mine' })), 400, 'invalid-event'],
    ['an attribute with a bad name', structured, JSON.stringify(event({ 'bad-name': 'x' })), 400, 'invalid-event'],
    ['data that do not match their content type', binary(), '{"half":', 400, 'invalid-event'],
  ])('refuses %s', async (...[, headers, body, status, type]) => {
    const { api, written } = await start()
    const response = await post(`${api}/events`, body, headers)
    const problem = await response.json()
    expect([response.status, problem.type]).toEqual([status, `urn:carillon:problem:${type}`])
    expect(isValid('Problem', problem)).toBe(true)
    expect(written()).toBe(0)
  })

  test('accepts a batch without events, and writes nothing', async () => {
    const { api, written, value } = await start({ emit: { burst: 1, ratePerS: 0.001 } })
    const [one, two] = [await post(`${api}/events`, '[]', batched), await post(`${api}/events`, ' [ ] ', batched)]
    expect([one.status, await one.json(), two.status]).toEqual([202, { events: [] }, 202])
    expect([written(), value('emitted')]).toEqual([0, 0])
  })

  test('keeps the types of extensions in the record', async () => {
    const rig = await start()
    expect((await post(`${rig.api}/events`, JSON.stringify(event({ priority: 5, urgent: false, text: 'x' })), structured)).status).toBe(202)
    const [record] = await recordsOf(rig)
    expect(headersOf(record)).toMatchObject({
      ce_priority: '5',
      ce_urgent: 'false',
      ce_text: 'x',
      carillon_attributes: '{"priority":5,"urgent":false}',
    })
  })

  test.each([
    ['without a content type', undefined],
    ['of text', 'text/plain'],
  ])('accepts bytes %s', async (_name, contentType) => {
    const rig = await start()
    const { 'content-type': _json, ...headers } = binary()
    const response = await post(
      `${rig.api}/events`,
      Buffer.from('hello'),
      contentType === undefined ? headers : { ...headers, 'content-type': contentType },
    )
    expect(response.status).toBe(202)
    expect(String((await recordsOf(rig))[0]?.value)).toBe('hello')
  })

  test('writes an empty body as empty data where the content type says what 0 bytes mean', async () => {
    const rig = await start()
    const statuses = [
      await post(`${rig.api}/events`, '', binary({ 'content-type': 'text/plain' })),
      await post(`${rig.api}/events`, '', binary({ 'ce-id': 'e2' })),
    ].map(({ status }) => status)
    expect([statuses, (await recordsOf(rig)).map(({ value }) => value)]).toEqual([
      [202, 202],
      [Buffer.alloc(0), null],
    ])
  })

  test('names the wrong events of a batch, and accepts none of it', async () => {
    const { api, written } = await start()
    const problem = await (
      await post(`${api}/events`, JSON.stringify([event(), event({ type: undefined }), 5, event({ id: '' })]), batched)
    ).json()
    expect(problem.events.map(({ index }: { index: number }) => index)).toEqual([1, 2, 3])
    expect(problem.events[0].problems).toEqual([{ attribute: 'type', detail: 'is missing. It must be a non-empty string.' }])
    expect(isValid('Problem', problem)).toBe(true)
    expect(written()).toBe(0)
  })
})

describe('authorization to emit', () => {
  test('gets what the request offers, and its refusal is the answer', async () => {
    const authorize = vi.fn(() => Promise.resolve(failed({ type: 'forbidden', detail: 'No scope.' } as const)))
    const { api, written, value } = await start({ authorizer: { authorize } })
    const response = await post(`${api}/events`, '{}', {
      ...binary(),
      authorization: 'Bearer x',
      cookie: 'cs_jwt=y',
      'x-rh-identity': 'e30=',
      origin: 'https://app.example',
    })
    expect([response.status, (await response.json()).type]).toEqual([403, 'urn:carillon:problem:forbidden'])
    expect(authorize).toHaveBeenCalledExactlyOnceWith({
      authorization: 'Bearer x',
      cookie: 'cs_jwt=y',
      origin: 'https://app.example',
      xRhIdentity: 'e30=',
    })
    expect(written()).toBe(0)
    expect(value('emitRefused', { status: '403' })).toBe(1)
  })

  test('refuses a request without credentials and names the accepted ones', async () => {
    const { api } = await start({
      authorizer: {
        authorize: ({ authorization, cookie, origin, xRhIdentity }) =>
          Promise.resolve(failed({ type: 'unauthenticated', detail: JSON.stringify([authorization, cookie, origin, xRhIdentity]) })),
      },
    })
    const response = await post(`${api}/emit-message`, message())
    expect([response.status, response.headers.get('www-authenticate'), (await response.json()).detail]).toEqual([
      401,
      'Bearer',
      '[null,null,null,null]',
    ])
  })
})

describe('the answer 202', () => {
  const bodies: readonly (readonly [string, Body, Record<string, string>])[] = [
    ['emit-message', message(), {}],
    ['events', '{"n":1}', binary()],
    ['events', JSON.stringify(event()), structured],
    ['events', JSON.stringify([event({ id: '1' }), event({ id: '2' })]), batched],
  ]

  test.each(bodies)('to %s %s waits for the acknowledgement', async (path, body, headers) => {
    const { api, log } = await start()
    log.faults.holdAcknowledgements()
    const answered = vi.fn<(response: Response) => void>()
    const answer = post(`${api}/${path}`, body, headers).then((response) => (answered(response), response))
    await vi.waitFor(() => expect(log.endOffsets[0]).toBeGreaterThan(0))
    // Another request goes all the way while this one waits.
    expect((await fetch(`${api}/openapi.json`)).status).toBe(200)
    expect(answered).not.toHaveBeenCalled()
    log.faults.releaseAcknowledgements()
    expect((await answer).status).toBe(202)
  })

  test.each(bodies)('to %s %s becomes 503 when the acknowledgement is late', async (path, body, headers) => {
    const { api, log, value } = await start({ emit: { timeoutMs: 50 } })
    log.faults.holdAcknowledgements()
    const response = await post(`${api}/${path}`, body, headers)
    expect([response.status, (await response.json()).type, response.headers.get('retry-after')]).toEqual([
      503,
      'urn:carillon:problem:not-acknowledged',
      '2',
    ])
    expect(value('emitted')).toBe(0)
    expect(value('emitRefused', { status: '503' })).toBe(1)
  })

  test.each([
    ['unavailable', 503, 'not-acknowledged'],
    ['timeout', 503, 'not-acknowledged'],
    ['too-large', 413, 'event-too-large'],
    ['refused', 502, 'refused-by-log'],
  ] as const)('becomes %s when the publisher reports so', async (kind, status, type) => {
    const { api, log, value } = await start()
    const detail = 'broker-1.internal does not answer'
    for (const [path, body, headers] of bodies) {
      log.faults.failNextPublish(kind === 'refused' ? { kind, detail, isPartial: false } : { kind, detail })
      const response = await post(`${api}/${path}`, body, headers)
      const text = await response.text()
      expect([response.status, JSON.parse(text).type]).toEqual([status, `urn:carillon:problem:${type}`])
      expect(text).not.toContain('broker-1')
    }
    expect(value('emitRefused', { status: String(status) })).toBe(bodies.length)
  })

  test('is given to exactly those of a hundred concurrent events that are in Kafka', async () => {
    const published = new Set<string>()
    let turn = 0
    const rig = await start({
      emitService: {
        emit: async (events) => {
          turn += 1
          const fails = turn % 3 === 0
          await new Promise((resolve) => setTimeout(resolve, (turn * 7) % 11))
          if (fails) return failed({ type: 'not-acknowledged', detail: 'No.', retryAfterMs: 1 })
          for (const { id } of events) published.add(id)
          return ok(undefined)
        },
      },
    })
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => [`m${n}`, (await post(`${rig.api}/emit-message`, message(`m${n}`))).status] as const),
    )
    expect(statuses.filter(([, status]) => status === 503)).toHaveLength(33)
    expect(new Set(statuses.filter(([, status]) => status === 202).map(([id]) => id))).toEqual(published)
  })
})

describe('the limits of emitting', () => {
  test('give 429 and a time to a caller that is too fast, and 503 to one that finds no room', async () => {
    const fast = await start({ emit: { burst: 2, ratePerS: 0.5 } })
    const statuses = [await post(`${fast.api}/emit-message`, message()), await post(`${fast.api}/emit-message`, message())].map(
      ({ status }) => status,
    )
    const third = await post(`${fast.api}/emit-message`, message())
    expect([...statuses, third.status, third.headers.get('retry-after')]).toEqual([202, 202, 429, '2'])

    const full = await start({ emit: { maxInFlight: 2 } })
    full.log.faults.holdAcknowledgements()
    const waiting = [post(`${full.api}/emit-message`, message('1')), post(`${full.api}/emit-message`, message('2'))]
    await vi.waitFor(() => expect(full.value('emitInFlight')).toBe(2))
    const refused = await post(`${full.api}/emit-message`, message('3'))
    expect([refused.status, (await refused.json()).type, refused.headers.get('retry-after')]).toEqual([
      503,
      'urn:carillon:problem:overloaded',
      '1',
    ])
    full.log.faults.releaseAcknowledgements()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202])
  })
})

describe("the transport's trace", () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const own = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

  test.each([
    ['the header', { traceparent }, event(), traceparent, undefined],
    ['the header before the event', { traceparent }, event({ traceparent: own }), traceparent, own],
    ['the event when there is no header', {}, event({ traceparent: own }), own, own],
    ['nothing when the header is garbage', { traceparent: '00-zz' }, event(), undefined, undefined],
    ['nothing when the header is all zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00` }, event(), undefined, undefined],
  ])('is %s, and the event keeps its own', async (...[, headers, body, expected, kept]) => {
    const rig = await start()
    await post(`${rig.api}/events`, JSON.stringify(body), { ...structured, ...headers })
    const [record] = await recordsOf(rig)
    expect([headersOf(record)['traceparent'], headersOf(record)['ce_traceparent']]).toEqual([expected, kept])
  })
})
