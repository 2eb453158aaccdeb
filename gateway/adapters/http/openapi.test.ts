import Fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { problems } from '../../request/problem.ts'
import { describeEndpoints } from './endpoints.ts'
import { renderOpenApi } from './openapi.ts'
import { addRoutes, type RouteParts } from './routes.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { testOptions } from './testing/start-public-server.ts'

interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: Readonly<Record<string, unknown>> }
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: unknown }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> }
  readonly responses: Readonly<Record<string, ResponseObject>>
}

interface ResponseObject {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>
}

const parts: RouteParts = {
  options: testOptions,
  admission: { admit: () => Promise.reject(new Error('not asked here')) },
  join: () => {},
  authorizer: { authorize: () => Promise.reject(new Error('not asked here')) },
  frames: {
    authorize: () => Promise.reject(new Error('not asked here')),
    post: () => Promise.reject(new Error('not asked here')),
  },
  metrics: createRecordingMetrics().metrics,
  emitService: { emit: () => Promise.reject(new Error('not asked here')) },
  revocationAuthorizer: { authorize: () => Promise.reject(new Error('not asked here')) },
  revocationService: null,
  rightsVersion: () => 0,
  consoleAssets: new Map([['/console', { contentType: 'text/html', body: Buffer.alloc(0), headers: {} }]]),
  issueToken: () => Promise.reject(new Error('not asked here')),
  version: '1.2.3',
  random: () => 0,
}

/** Routes that were registered, and the document that is served. */
async function registered(more: Partial<RouteParts> = {}): Promise<{ readonly routes: readonly string[]; readonly document: OpenApi }> {
  const app = Fastify()
  const routes: string[] = []
  app.addHook('onRoute', ({ url, method }) => {
    for (const name of [method].flat()) routes.push(`${name.toLowerCase()} ${url.replace(/:(\w+)/, '{$1}')}`)
  })
  addRoutes(app, { ...parts, ...more })
  const response = await app.inject('/api/chrome-service/v1/openapi.json')
  return { routes, document: response.json() }
}

/** Returns every value of a document, with its path. */
function* walk(value: unknown, path = '#'): Generator<readonly [string, unknown]> {
  yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) yield* walk(member, `${path}/${name}`)
}

function resolve(document: unknown, reference: string): unknown {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined), document)
}

describe('the OpenAPI document', () => {
  test('has every registered route except those of the console, and no other', async () => {
    const { routes, document } = await registered()
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    )
    expect(documented.toSorted()).toEqual(routes.filter((route) => !/^head | \/$| \/console/.test(route)).toSorted())
    expect(documented).toHaveLength(9)
  })

  test('has no token endpoint outside of development mode', async () => {
    const { document } = await registered({ issueToken: null })
    expect(Object.keys(document.paths)).not.toContain('/dev/token')
  })

  test('has the members that OpenAPI 3.1 requires', async () => {
    const { document } = await registered()
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    expect(document.info).toMatchObject({ title: 'Carillon: channel chrome-service', version: '1.2.3' })
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const { summary, responses, parameters = [], requestBody } of operations) {
      expect(summary).not.toBe('')
      expect(Object.keys(responses)).not.toHaveLength(0)
      for (const [status, { description }] of Object.entries(responses)) {
        expect([status, description]).toEqual([expect.stringMatching(/^[1-5]\d\d$/), expect.stringMatching(/./)])
      }
      for (const parameter of parameters) {
        const isIn = expect.stringMatching(/^(query|header|path|cookie)$/)
        expect(parameter).toEqual(expect.objectContaining({ name: expect.any(String), in: isIn, schema: expect.any(Object) }))
      }
      for (const media of Object.values(requestBody?.content ?? {})) expect(media).toHaveProperty('schema')
    }
  })

  test('has no dangling reference, and no unused schema', async () => {
    const { document } = await registered()
    const references = [...walk(document)].flatMap(([path, value]) => (path.endsWith('/$ref') ? [String(value)] : []))
    expect(references.length).toBeGreaterThan(20)
    for (const reference of references) expect([reference, resolve(document, reference)]).toEqual([reference, expect.any(Object)])
    const used = new Set(references.map((reference) => reference.replace('#/components/schemas/', '')))
    expect(Object.keys(document.components.schemas).filter((name) => !used.has(name))).toEqual([])
  })

  test('names only security schemes that it has, and x-rh-identity only where it is trusted', async () => {
    const { document } = await registered()
    const schemesOf = ({ paths }: OpenApi) =>
      new Set(
        Object.values(paths)
          .flatMap((path) => Object.values(path))
          .flatMap(({ security }) => security.flatMap((one) => Object.keys(one))),
      )
    expect([...schemesOf(document)].filter((name) => !(name in document.components.securitySchemes))).toEqual([])
    expect(schemesOf(document)).not.toContain('xRhIdentity')
    const trusting = await registered({ options: { ...testOptions, emitTrustXRhIdentity: true } })
    expect(schemesOf(trusting.document)).toContain('xRhIdentity')
    const described = ({ components }: OpenApi): readonly string[] => Object.keys(components.securitySchemes)
    expect([described(document), described(trusting.document)]).toEqual([
      ['bearer', 'cookie'],
      ['bearer', 'cookie', 'xRhIdentity'],
    ])
  })

  test('describes every error as a problem', async () => {
    const { document } = await registered()
    const errors = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .flatMap(({ responses }) => Object.entries(responses).filter(([status]) => Number(status) >= 400))
    expect(errors.length).toBeGreaterThan(30)
    for (const [, response] of errors) {
      expect(response.content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' }, examples: expect.any(Object) },
      })
    }
    const types = resolve(document, '#/components/schemas/Problem/properties/type/enum')
    expect(types).toEqual(Object.keys(problems).map((name) => `urn:carillon:problem:${name}`))
  })

  test('has the paths of the configured prefix', () => {
    const endpoints = describeEndpoints({ ...testOptions, socketPathPrefix: '/team/wss', apiPathPrefix: '/team/api' })
    const paths = Object.values(endpoints).map(({ path }) => path)
    expect(paths).toEqual([
      '/team/api/v1/emit-message',
      '/team/api/v1/events',
      '/team/api/v1/revocations',
      '/team/api/v1/events',
      '/team/api/v1/sessions/{session}/frames',
      '/team/wss/v1/ws',
      '/team/api/v1/openapi.json',
      '/health',
      '/dev/token',
    ])
  })

  test('is of the configured channel', () => {
    const endpoints = describeEndpoints({ ...testOptions, channel: 'orders-eu' })
    const document = renderOpenApi(Object.values(endpoints), { channel: 'orders-eu', cookieName: 'jwt', version: '1' })
    expect(Object.keys(document['paths'] ?? {})).toEqual([
      '/api/orders-eu/v1/emit-message',
      '/api/orders-eu/v1/events',
      '/api/orders-eu/v1/revocations',
      '/api/orders-eu/v1/sessions/{session}/frames',
      '/wss/orders-eu/v1/ws',
      '/api/orders-eu/v1/openapi.json',
      '/health',
      '/dev/token',
    ])
    expect(document).toMatchObject({ components: { securitySchemes: { cookie: { name: 'jwt' } } } })
  })
})
