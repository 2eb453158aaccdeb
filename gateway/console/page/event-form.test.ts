import { describe, expect, it } from 'vitest'
import { checkDraft, type Draft } from './draft.ts'
import type { EmitRequest } from './emit-request.ts'
import { emptyDraft } from './testing/drafts.ts'

const draft: Draft = { ...emptyDraft, form: 'event', type: 'order.shipped', id: 'e1', source: '/orders', payload: '{"n": 1}' }
const requestOf = (more: Partial<Draft>): Omit<EmitRequest, 'id'> => {
  const checked = checkDraft({ ...draft, ...more }, () => 'made')
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems))
  const [request] = checked.requests
  if (request === undefined) throw new Error('The draft made no request.')
  const { endpoint, headers, body } = request
  return { endpoint, headers, body }
}
const eventOf = (more: Partial<Draft>): unknown => JSON.parse(requestOf(more).body ?? '')
const problemsOf = (more: Partial<Draft>): unknown => {
  const checked = checkDraft({ ...draft, ...more }, () => 'made')
  return checked.ok ? {} : checked.problems
}

describe('the form of a CloudEvent, structured', () => {
  it('sends all attributes, typed extensions, the audience and the data', () => {
    const { endpoint, headers } = requestOf({})
    expect([endpoint, headers]).toEqual(['events', { 'content-type': 'application/cloudevents+json' }])
    expect(
      eventOf({
        subject: ' order-42 ',
        partitionKey: 'k',
        extensions: '{"tenant": "a", "priority": 3, "urgent": true}',
        isBroadcast: false,
        users: 'u1, u2',
      }),
    ).toEqual({
      specversion: '1.0',
      id: 'e1',
      type: 'order.shipped',
      source: '/orders',
      subject: 'order-42',
      partitionkey: 'k',
      datacontenttype: 'application/json',
      tenant: 'a',
      priority: 3,
      urgent: true,
      audience: '{"users":["u1","u2"]}',
      data: { n: 1 },
    })
  })

  it('sends text, bytes and no data', () => {
    expect(eventOf({ dataKind: 'text', payload: 'not JSON' })).toMatchObject({ datacontenttype: 'text/plain', data: 'not JSON' })
    expect(eventOf({ dataKind: 'base64', payload: 'AAECAw==\n' })).toMatchObject({
      datacontenttype: 'application/octet-stream',
      data_base64: 'AAECAw==',
    })
    const empty = eventOf({ dataKind: 'none', payload: 'ignored {' })
    for (const member of ['data', 'data_base64', 'datacontenttype']) expect(empty).not.toHaveProperty(member)
  })

  it('sends the content type that is typed', () => {
    expect(eventOf({ dataKind: 'text', contentType: 'application/xml', payload: '<a/>' })).toMatchObject({
      datacontenttype: 'application/xml',
    })
  })
})

describe('the form of a CloudEvent, binary', () => {
  it('sends attributes as headers, encoded as the HTTP binding asks, and the data as the body', () => {
    expect(requestOf({ mode: 'binary', subject: 'Grüße "100%" 👋', extensions: '{"priority": 3}' })).toEqual({
      endpoint: 'events',
      headers: {
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': 'e1',
        'ce-type': 'order.shipped',
        'ce-source': '/orders',
        'ce-subject': 'Gr%C3%BC%C3%9Fe%20%22100%25%22%20%F0%9F%91%8B',
        'ce-priority': '3',
        'ce-audience': '{%22broadcast%22:true}',
      },
      body: '{"n":1}',
    })
  })

  it('sends no body and no content type without data', () => {
    const { headers, body } = requestOf({ mode: 'binary', dataKind: 'none' })
    expect([headers['content-type'], body]).toEqual([undefined, null])
  })
})

describe('the form of a CloudEvent, when something is wrong with it', () => {
  it('names all problems at once, each at its field', () => {
    expect(Object.keys(Object(problemsOf({ source: ' ', type: '', payload: '{', extensions: '[', copies: '0' }))).toSorted()).toEqual([
      'copies',
      'extensions',
      'payload',
      'source',
      'type',
    ])
  })

  it.each([
    ['[1]', 'Extensions are one JSON object, such as {"tenant": "a"}.'],
    ['{"Tenant": "a"}', '`Tenant` is not a name: extensions have lower-case letters and digits only.'],
    ['{"tenant": {"a": 1}}', '`tenant` must be a text, an integer or a boolean.'],
    ['{"tenant": 1.5}', '`tenant` must be a text, an integer or a boolean.'],
    ['{"audience": "{}"}', '`audience` is not an extension. Use its own field.'],
    ['{"tenant" 1}', 'This is not JSON. Unexpected "1" in line 1, column 11.'],
  ])('refuses the extensions %s', (extensions, problem) => {
    expect(problemsOf({ extensions })).toEqual({ extensions: problem })
  })

  it('refuses what is not Base64, and Base64 in binary mode', () => {
    expect(problemsOf({ dataKind: 'base64', payload: 'AAE' })).toHaveProperty('payload', expect.stringContaining('not Base64'))
    expect(problemsOf({ dataKind: 'base64', payload: 'AAEC', mode: 'binary' })).toHaveProperty(
      'payload',
      expect.stringContaining('Choose Structured'),
    )
  })
})
