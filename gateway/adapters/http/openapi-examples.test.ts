import { createConfig, lintFromString, type NormalizedProblem } from '@redocly/openapi-core'
import Ajv2020 from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openSocket } from '../../testing/test-socket.ts'
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.ts'

/** The document as a gateway serves it, before a well-kept linter, a validator of schemas, and the gateway itself. */

interface Media {
  readonly schema: object
  readonly examples: Readonly<Record<string, { readonly value?: unknown; readonly $ref?: string }>>
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>
}

interface OpenApi {
  readonly info: { readonly contact: { readonly url: string } }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: object
    readonly examples: Readonly<Record<string, { readonly value: { readonly detail: string } }>>
  }
}

const api = '/api/chrome-service/v1'
let gateway: TestGateway
let text: string
let document: OpenApi
beforeAll(async () => {
  gateway = await startTestGateway()
  text = await (await fetch(`${gateway.url}${api}/openapi.json`)).text()
  document = JSON.parse(text)
})
afterAll(() => gateway.stop())

interface NamedMedia extends Media {
  readonly title: string
  readonly mediaType: string
}

function operations(): readonly (readonly [path: string, method: string, operation: Operation])[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [path, method, operation] as const),
  )
}

const bodiesOf = (operation: Operation): readonly NamedMedia[] =>
  Object.entries(operation.requestBody?.content ?? {}).map(([mediaType, media]) => ({
    ...media,
    mediaType,
    title: `the body of ${operation.operationId} as ${mediaType}`,
  }))

const answersOf = (operation: Operation): readonly NamedMedia[] =>
  Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([mediaType, media]) => ({ ...media, mediaType, title: `${status} of ${operation.operationId}` })),
  )

const valuesOf = ({ examples }: Media): readonly unknown[] =>
  Object.values(examples).map(({ value, $ref }) =>
    $ref === undefined ? value : document.components.examples[$ref.replace('#/components/examples/', '')]?.value,
  )

/** Rules of the linter that the document breaks for a reason. */
const exceptions: Readonly<Record<string, string>> = {
  // A WebSocket opens with 101: the operation has no answer of the 200s.
  'operation-2xx-response': '#/paths/~1wss~1chrome-service~1v1~1ws/get/responses',
}

describe('the OpenAPI document of a gateway', () => {
  test('has neither an error nor a warning by the recommended rules of Redocly', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] })
    const problems: readonly NormalizedProblem[] = await lintFromString({ source: text, config })
    const expected = Object.entries(exceptions).map(([rule, pointer]) => [rule, pointer])
    expect(problems.map(({ ruleId, location, message }) => [ruleId, location[0]?.pointer, message])).toEqual(
      expected.map(([rule, pointer]) => [rule, pointer, expect.any(String)]),
    )
  })

  test('has line breaks, for people who open it in a browser', () => {
    expect(text.split('\n').length).toBeGreaterThan(500)
  })

  test('has an example of each body and each answer, which fits its schema', () => {
    const ajv = new Ajv2020.default({ strict: false, validateFormats: false })
    const media = operations().flatMap(([, , operation]) => [...bodiesOf(operation), ...answersOf(operation)])
    expect(media.length).toBeGreaterThan(40)
    for (const { title, schema, examples } of media) {
      expect([title, Object.keys(examples).length > 0]).toEqual([title, true])
      const validate = ajv.compile({ ...schema, components: document.components })
      for (const value of valuesOf({ schema, examples })) {
        expect([title, value, validate(value), validate.errors]).toEqual([title, expect.anything(), true, null])
      }
    }
  })

  test('has bodies that the gateway accepts without a change', async () => {
    const sent = operations().flatMap(([path, method, operation]) =>
      bodiesOf(operation).flatMap((media) => valuesOf(media).map((value) => ({ path, method, operation, media, value }))),
    )
    expect(sent.length).toBeGreaterThan(8)
    const token = await gateway.token({ user_id: 'u1' })
    const socket = await openSocket(gateway.socketUrl, { token, cursor: 'latest' })
    const [first] = await socket.until(1)
    const session = String(Reflect.get(Object(first?.data), 'session'))
    for (const { path, method, operation, media, value } of sent) {
      // The attributes of the binary mode are headers, and have examples of their own.
      const isBinary = media.mediaType === '*/*'
      const headers = (operation.parameters ?? []).filter(({ name }) => isBinary && name.startsWith('ce-'))
      const isFrame = path.includes('{session}')
      const response = await fetch(`${gateway.url}${path.replace('{session}', session)}`, {
        method: method.toUpperCase(),
        headers: {
          ...(isFrame ? { authorization: `Bearer ${token}` } : {}),
          ...Object.fromEntries(headers.map(({ name, example = '' }) => [name, example])),
          'content-type': isBinary ? 'application/json' : media.mediaType,
        },
        body: JSON.stringify(value),
      })
      const accepted = path === '/dev/token' || isFrame ? 200 : 202
      expect([media.title, value, response.status, await response.text()]).toEqual([media.title, value, accepted, expect.any(String)])
    }
    // Both commands were carried out.
    await vi.waitFor(() => expect(socket.ids.filter((what) => what === '!subscribed')).toHaveLength(2))
    socket.close()
  })

  test.each([
    ['not-json', `${api}/emit-message`, { method: 'POST', body: 'order 17' }],
    ['json-too-deep', `${api}/emit-message`, { method: 'POST', body: '['.repeat(200) + ']'.repeat(200) }],
    ['invalid-event', `${api}/emit-message`, { method: 'POST', body: '{"type": "hello", "roles": ["admin"]}' }],
    [
      'invalid-batch',
      `${api}/events`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify([
          { specversion: '1.0', id: '1', source: '/orders', type: 'hello', audience: { broadcast: true } },
          { specversion: '1.0', id: '2', source: '/orders', audience: { broadcast: true } },
        ]),
      },
    ],
    [
      'batch-too-large',
      `${api}/events`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify(Array.from({ length: 101 }, () => ({}))),
      },
    ],
    [
      'event-too-large',
      `${api}/emit-message`,
      { method: 'POST', body: JSON.stringify({ type: 'hello', broadcast: true, payload: 'x'.repeat(300_000) }) },
    ],
    ['body-too-large', `${api}/emit-message`, { method: 'POST', body: JSON.stringify('x'.repeat(1_100_000)) }],
    [
      'unsupported-media-type',
      `${api}/events`,
      { method: 'POST', headers: { 'content-type': 'application/cloudevents+xml' }, body: '<event/>' },
    ],
    ['unsupported-content-encoding', `${api}/emit-message`, { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: '{}' }],
    ['bad-cursor', `${api}/events?cursor=nonsense`, {}],
    ['bad-filters', `${api}/events?filters=nonsense`, {}],
    ['upgrade-required', '/wss/chrome-service/v1/ws', {}],
  ] as const)('shows the problem %s as the gateway answers it', async (name, path, request) => {
    const token = await gateway.token({ user_id: 'u1' })
    const response = await fetch(`${gateway.url}${path}`, {
      ...request,
      headers: { authorization: `Bearer ${token}`, ...Reflect.get(request, 'headers') },
    })
    const answer = await response.json()
    expect({ ...answer, instance: 'urn:carillon:request:4bf92f3577b34da6' }).toEqual(document.components.examples[name]?.value)
  })

  test('names the page of the project as package.json does', async () => {
    const { default: manifest } = await import('../../../package.json', { with: { type: 'json' } })
    expect(document.info.contact.url).toBe(manifest.homepage)
  })
})
