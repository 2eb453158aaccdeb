import { afterEach, describe, expect, test } from 'vitest'
import { ok } from '../../../program/result.ts'
import { batched, binary, type Body, event, post, structured } from './testing/emit-requests.ts'
import { bodyOf, connectRaw, statusOf } from './testing/raw-client.ts'
import { message, type Rig, type RigSettings, startPublicServer } from './testing/start-public-server.ts'

/** HTTP rules of requests that emit, and of their answers, for any events. */
const rigs: Rig[] = []
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())))

async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}

/*
 * node:http joins headers of one name, or keeps the first. `ce-id: i1` beside `ce-id: i2` became the id "i1, i2". An event with two content
 * types got the first.
 */
describe('a header that is sent twice', () => {
  const lines = (headers: Record<string, string>): string =>
    Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
  async function send(port: number, more: string, path = 'events'): Promise<string> {
    const client = await connectRaw(port)
    client.send(
      `POST /api/chrome-service/v1/${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n${lines(path === 'events' ? binary() : {})}${more}\r\n{}`,
    )
    return client.ended()
  }

  test.each(['ce-id', 'CE-Source', 'ce-type', 'Ce-Subject', 'ce-audience', 'ce-ext', 'ce-specversion'])(
    'is refused by its name: %s',
    async (name) => {
      const { port, written } = await start()
      const isGiven = name.toLowerCase() in binary()
      const answer = await send(port, isGiven ? `${name}: 1\r\n` : `${name}: 1\r\n${name}: 2\r\n`)
      expect([statusOf(answer), JSON.parse(bodyOf(answer)).errors]).toEqual([
        400,
        [{ attribute: name.toLowerCase().slice(3), detail: 'is in more than one header. Send one.' }],
      ])
      expect(written()).toBe(0)
    },
  )

  test('is refused when it is the content type', async () => {
    const { port, written } = await start()
    const answer = await send(port, 'Content-Type: text/plain\r\n')
    expect([statusOf(answer), JSON.parse(bodyOf(answer)).detail]).toEqual([
      415,
      'The request has more than one Content-Type header. Send one.',
    ])
    expect(written()).toBe(0)
  })

  test('is one list when it is Prefer or Content-Encoding', async () => {
    const { port } = await start()
    const [minimal, encoded] = [
      await send(port, 'Prefer: wait=1\r\nPrefer: return=minimal\r\n'),
      await send(port, 'Content-Encoding: identity\r\nContent-Encoding: gzip\r\n'),
    ]
    expect([statusOf(minimal), bodyOf(minimal), statusOf(encoded)]).toEqual([202, '', 415])
  })
})

describe('an answer without a body', () => {
  const bodies: readonly (readonly [string, Body, Record<string, string>])[] = [
    ['emit-message', message(), {}],
    ['events', '{"n":1}', binary()],
    ['events', JSON.stringify(event()), structured],
    ['events', JSON.stringify([event({ id: '1' }), event({ id: '2' })]), batched],
    ['events', '[]', batched],
  ]

  test.each(bodies)('is given to Knative, which takes a body for a failed delivery: %s %s', async (path, body, headers) => {
    const { api } = await start()
    const response = await post(`${api}/${path}`, body, { ...headers, prefer: 'reply' })
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('preference-applied'),
      await response.text(),
    ]).toEqual([202, null, null, ''])
    expect(response.headers.get('content-length')).toBe('0')
  })

  test.each(bodies)('is given to a caller that prefers it, and Preference-Applied names it: %s %s', async (path, body, headers) => {
    const { api } = await start()
    const response = await post(`${api}/${path}`, body, { ...headers, prefer: 'return=minimal' })
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('preference-applied'),
      await response.text(),
    ]).toEqual([202, null, 'return=minimal', ''])
  })

  test('is not given with a refusal, which needs its problem', async () => {
    const { api } = await start()
    const response = await post(`${api}/events`, '{', { ...structured, prefer: 'reply, return=minimal' })
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('preference-applied'),
      (await response.json()).type,
    ]).toEqual([400, 'application/problem+json', null, 'urn:carillon:problem:not-json'])
  })
})

describe('a body with a content encoding', () => {
  const doors = ['/api/chrome-service/v1/emit-message', '/api/chrome-service/v1/events', '/dev/token']

  test.each(doors)('is 415 at %s for every encoding, and the answer names the accepted one', async (path) => {
    const { api, written } = await start({ issueToken: () => Promise.resolve(ok('token')) })
    const url = new URL(path, api).href
    for (const encoding of ['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'aws-chunked', 'identity, gzip', 'GZIP', 'nonsense']) {
      const response = await post(url, Buffer.from('{}'), { ...binary(), 'content-encoding': encoding })
      expect([encoding, response.status, response.headers.get('accept-encoding'), (await response.json()).type]).toEqual([
        encoding,
        415,
        'identity',
        'urn:carillon:problem:unsupported-content-encoding',
      ])
    }
    expect(written()).toBe(0)
  })

  test.each(['identity', 'Identity', 'identity, identity', ' '])('is accepted when it is %j', async (encoding) => {
    const { api } = await start()
    expect((await post(`${api}/emit-message`, message(), { 'content-encoding': encoding })).status).toBe(202)
  })

  test('is not asked for with 100', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(
      'POST /api/chrome-service/v1/emit-message HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(await client.until('\r\n\r\n{')).toMatch(/^HTTP\/1\.1 415 /)
  })
})

describe('a body that cannot be read', () => {
  const gzip = Buffer.from([0x1f, 0x8b, 8, 0])
  test.each<[string, Body, string]>([
    ['nothing', '', 'The body is empty. Send JSON.'],
    ['broken JSON', '{"a": 1,\n "b" 2}', 'The body is not JSON: a colon was expected at line 2, column 6.'],
    ['gzip', gzip, 'The body is compressed (it begins as gzip does). Send it uncompressed.'],
    ['a form', 'id=1&type=test', 'The body is a form (name=value). Send JSON.'],
  ])('has a problem of its own on every endpoint: %s', async (_name, body, expected) => {
    const { api } = await start({ issueToken: () => Promise.resolve(ok('token')) })
    const answers = await Promise.all([
      post(`${api}/emit-message`, body),
      post(`${api}/events`, body, structured),
      post(`${api}/events`, body, batched),
      post(new URL('/dev/token', api).href, body),
    ])
    const details = await Promise.all(answers.map(async (answer) => (await answer.json()).detail))
    expect(details).toEqual([expected, expected, expected, expect.stringContaining(expected)])
  })

  test.each(['emit-message', 'events'])('is not a body that begins with a byte order mark: %s', async (path) => {
    const { api } = await start()
    const body = path === 'events' ? JSON.stringify(event()) : message()
    expect((await post(`${api}/${path}`, `\ufeff${body}`, structured)).status).toBe(202)
  })
})
