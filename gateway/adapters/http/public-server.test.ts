import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bodyOf, connectRaw, statusOf } from './testing/raw-client.ts'
import { message, type Rig, type RigSettings, startPublicServer } from './testing/start-public-server.ts'

const rigs: Rig[] = []
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())))

async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}

/** Returns the status and the type of a problem, after a check of what every problem must have. */
async function problemOf(response: Response): Promise<[number, string]> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  const problem = (await response.json()) as { type: string; status: number; title: string; detail: string } // this is under test
  expect(problem).toEqual(
    expect.objectContaining({ status: response.status, title: expect.any(String), detail: expect.stringMatching(/\.$/) }),
  )
  return [response.status, problem.type.replace('urn:carillon:problem:', '')]
}

describe('paths and methods', () => {
  test('answer 200 to every caller of /health, for any host name and page', async () => {
    const { url, port } = await start({ isDevelopment: true })
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await fetch(`${url}/health`, { method: 'HEAD' })).status).toBe(200)
    const client = await connectRaw(port)
    client.send('GET /health HTTP/1.1\r\nHost: 10.1.2.3:8000\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n')
    expect(statusOf(await client.ended())).toBe(200)
  })

  test.each([
    '/api',
    '/api/chrome-service/v1',
    '/api/chrome-service/v1/',
    '/api/chrome-service/v1/nothing',
    '/api/chrome-service/v2/events',
    '/wss/chrome-service/v1',
    '/dev',
    '/livez',
    '/readyz',
    '/metrics',
    '/health/',
    '/HEALTH',
    '//health',
    '/console/../health/x',
    '/api/chrome-service/v1/events/',
  ])('answer 404 to %s', async (path) => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    const answer = await client.ended()
    expect(statusOf(answer)).toBe(404)
    expect(JSON.parse(bodyOf(answer)).type).toBe('urn:carillon:problem:not-found')
  })

  test.each([
    ['GET', '/api/other/v1/events'],
    ['POST', '/api/other/v1/emit-message'],
    ['GET', '/wss/other/v1/ws'],
    ['GET', '/wss/other/v1'],
    ['PUT', '/api/%F0%9F%94%94/v1/x'],
  ])('answer to %s %s that it belongs to another channel', async (method, path) => {
    const { url } = await start()
    expect(await problemOf(await fetch(`${url}${path}`, { method }))).toEqual([404, 'unknown-channel'])
  })

  test.each([
    ['GET', '/api/chrome-service/v1/emit-message', 'POST, OPTIONS'],
    ['PUT', '/api/chrome-service/v1/emit-message', 'POST, OPTIONS'],
    ['DELETE', '/api/chrome-service/v1/events', 'POST, GET, OPTIONS'],
    ['HEAD', '/api/chrome-service/v1/events', 'POST, GET, OPTIONS'],
    ['POST', '/api/chrome-service/v1/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/wss/chrome-service/v1/ws', 'GET, HEAD, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['POST', '/console', 'GET, HEAD, OPTIONS'],
    ['GET', '/dev/token', 'POST, OPTIONS'],
    ['PROPFIND', '/health', 'GET, HEAD, OPTIONS'],
  ])('name the accepted methods in the answer to %s %s', async (method, path, allow) => {
    const { url } = await start()
    const response = await fetch(`${url}${path}`, {
      method,
      ...(['PUT', 'PATCH', 'POST'].includes(method) ? { body: '{not json', headers: { 'content-type': 'application/json' } } : {}),
    })
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test('answer 426 to a socket request without an upgrade', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/wss/chrome-service/v1/ws`)
    expect(response.headers.get('upgrade')).toBe('websocket')
    expect(await problemOf(response)).toEqual([426, 'upgrade-required'])
  })

  test('answer 400 to a path that cannot be decoded', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/%zz`)).status).toBe(400)
  })

  test('answer OPTIONS with the methods of a path, and 404 for an unknown path', async () => {
    const { api, url } = await start()
    const response = await fetch(`${api}/events`, { method: 'OPTIONS' })
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([204, 'POST, GET, OPTIONS', ''])
    expect((await fetch(`${url}/nothing`, { method: 'OPTIONS' })).status).toBe(404)
  })

  test('serve the console with its policy, and only where it is on', async () => {
    const { url } = await start()
    const page = await fetch(`${url}/console`)
    expect([
      page.status,
      page.headers.get('content-type'),
      page.headers.get('content-security-policy'),
      page.headers.get('x-content-type-options'),
    ]).toEqual([200, 'text/html; charset=utf-8', "default-src 'self'", 'nosniff'])
    const script = await fetch(`${url}/console/app.js`)
    expect([script.headers.get('content-type'), script.headers.get('content-security-policy')]).toEqual([
      'text/javascript',
      "default-src 'none'; frame-ancestors 'none'",
    ])
    expect((await fetch(`${url}/console/other.js`)).status).toBe(404)
    const without = await start({ consoleAssets: null })
    expect((await fetch(`${without.url}/console`)).status).toBe(404)
    expect((await fetch(`${without.url}/`)).status).toBe(404)
  })

  test.each(['/', '/console/'])('redirect %s to the console', async (path) => {
    const { url } = await start({})
    const answer = await fetch(`${url}${path}`, { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/console'])
  })

  test('answer 500 without details to a bug, and log the details', async () => {
    const { api, lines } = await start({ authorizer: { authorize: () => Promise.reject(new Error('secret inner workings')) } })
    const response = await fetch(`${api}/emit-message`, { method: 'POST', body: '{}' })
    expect(await response.clone().text()).not.toContain('secret')
    expect(await problemOf(response)).toEqual([500, 'internal-error'])
    expect(lines).toMatchObject([{ level: 'error', fields: { err: { message: 'secret inner workings' } } }])
  })
})

describe('development tokens', () => {
  test('are given for claims with any content type', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/dev/token`, { method: 'POST', body: '{"user_id":"ann"}' })
    expect([response.status, response.headers.get('cache-control'), await response.json()]).toEqual([200, 'no-store', { token: 'a.b.c' }])
  })

  test.each([
    ['', 'not-json'],
    ['{', 'not-json'],
    [Buffer.from([0x22, 0xff, 0x22]), 'not-json'],
    ['[]', 'bad-request'],
    ['null', 'bad-request'],
    ['{"username":"ann"}', 'bad-request'],
  ])('%j is refused as %s', async (body, type) => {
    const { url } = await start()
    expect(await problemOf(await fetch(`${url}/dev/token`, { method: 'POST', body }))).toEqual([400, type])
  })

  test('do not exist outside of development mode', async () => {
    const { url } = await start({ issueToken: null })
    expect(await problemOf(await fetch(`${url}/dev/token`, { method: 'POST', body: '{"user_id":"ann"}' }))).toEqual([404, 'not-found'])
  })
})

describe('pages', () => {
  const origin = 'https://app.example'

  test('of an allowed origin may read the answers, with cookies', async () => {
    const { api } = await start()
    const response = await fetch(`${api}/emit-message`, { method: 'POST', body: message(), headers: { origin } })
    expect(response.status).toBe(202)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-credentials')).toBe('true')
    expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After')
    expect(response.headers.get('vary')).toBe('Origin')
  })

  test('of an allowed origin may read refusals, too', async () => {
    const { api } = await start({ emit: { burst: 1, ratePerS: 1 } })
    const post = () => fetch(`${api}/emit-message`, { method: 'POST', body: message(), headers: { origin } })
    await post()
    const refused = await post()
    expect([refused.status, refused.headers.get('access-control-allow-origin'), refused.headers.get('retry-after')]).toEqual([
      429,
      origin,
      '1',
    ])
    expect((await fetch(`${api}/nothing`, { headers: { origin } })).headers.get('access-control-allow-origin')).toBe(origin)
  })

  test('are granted the headers of the API before they ask, and not those of a proxy', async () => {
    const { api } = await start()
    const response = await fetch(`${api}/events`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'Authorization, content-type,ce-id, ce-audience, x-rh-identity, Last-Event-ID, evil\u00e9',
      },
    })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-allow-methods')).toBe('POST, GET, OPTIONS')
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization, content-type, ce-id, ce-audience, last-event-id')
  })

  const granted = async (api: string, asked: string): Promise<string | null> => {
    const headers = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': asked }
    return (await fetch(`${api}/events`, { method: 'OPTIONS', headers })).headers.get('access-control-allow-headers')
  }

  test('may send what tracing libraries and HTTP clients add to each request', async () => {
    const { api } = await start()
    const asked =
      'baggage,sentry-trace,traceparent,tracestate,b3,x-b3-traceid,x-datadog-trace-id,newrelic,x-request-id,x-requested-with,cache-control,prefer'
    expect(await granted(api, asked)).toBe(asked.replaceAll(',', ', '))
  })

  test('may send the configured headers, in any case, and no others', async () => {
    const { api } = await start({ options: { corsRequestHeaders: ['X-Tenant', 'x-feature'] } })
    expect(await granted(api, 'x-tenant,X-Feature,x-other,cookie,x-rh-identity,*')).toBe('x-tenant, x-feature')
  })

  test.each(['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null', 'https://app.example:444'])(
    'of %s are refused everything',
    async (foreign) => {
      const { api, url, written } = await start()
      const asked = [
        fetch(`${api}/emit-message`, { method: 'POST', body: message(), headers: { origin: foreign } }),
        fetch(`${api}/events`, { method: 'POST', body: message(), headers: { origin: foreign } }),
        fetch(`${api}/openapi.json`, { headers: { origin: foreign } }),
        fetch(`${api}/events`, { method: 'OPTIONS', headers: { origin: foreign, 'access-control-request-method': 'POST' } }),
        fetch(`${url}/dev/token`, { method: 'POST', body: '{"user_id":"1"}', headers: { origin: foreign } }),
        fetch(`${url}/console`, { headers: { origin: foreign } }),
      ]
      for (const response of await Promise.all(asked)) {
        expect(response.headers.get('access-control-allow-origin')).toBeNull()
        expect(await problemOf(response)).toEqual([403, 'origin-forbidden'])
      }
      expect(written()).toBe(0)
    },
  )

  test('of a foreign name that resolves to this machine are refused in development mode', async () => {
    const { port, value } = await start({ isDevelopment: true })
    const ask = async (method: string, path: string, host: string): Promise<number> => {
      const client = await connectRaw(port)
      client.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
      return statusOf(await client.ended())
    }
    expect(await ask('POST', '/dev/token', `evil.example:${port}`)).toBe(403)
    expect(await ask('GET', '/console', 'evil.example')).toBe(403)
    expect(await ask('GET', '/api/chrome-service/v1/events', 'evil.example')).toBe(403)
    expect(value('handshakesRefused', { reason: 'request' })).toBe(1)
    expect(await ask('GET', '/console', `localhost:${port}`)).toBe(200)
    expect(await ask('GET', '/console', `127.0.0.1:${port}`)).toBe(200)
    expect(await ask('GET', '/console', `[::1]:${port}`)).toBe(200)
  })
})

describe('connections', () => {
  test('with bytes that are not HTTP are answered 400', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
    const answer = await client.ended()
    expect(statusOf(answer)).toBe(400)
    expect(answer).toContain('content-type: application/problem+json')
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ type: 'urn:carillon:problem:bad-request', status: 400 })
  })

  test('with a head above 32 KiB are answered 431', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(`GET /health HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(40_000)}\r\n\r\n`)
    const answer = await client.ended()
    expect(statusOf(answer)).toBe(431)
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ status: 431 })
  })

  test('with a head just below 32 KiB are served', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(`GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: ${'c'.repeat(32_000)}\r\n\r\n`)
    expect(statusOf(await client.ended())).toBe(200)
  })

  test('with a head that trickles in are cut at the deadline, with 408', async () => {
    const { port } = await start({ options: { handshakeTimeoutMs: 200 } })
    const client = await connectRaw(port)
    client.send('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    const drip = setInterval(() => client.send('a'), 20)
    const answer = await client.ended().finally(() => clearInterval(drip))
    expect(statusOf(answer)).toBe(408)
    expect(JSON.parse(bodyOf(answer)).type).toBe('urn:carillon:problem:request-timeout')
  })

  test('with a body that trickles in are cut at its deadline, with 408, and counted', async () => {
    const { port, value, written } = await start({ options: { handshakeTimeoutMs: 150 } })
    const client = await connectRaw(port)
    client.send('POST /api/chrome-service/v1/emit-message HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{')
    const drip = setInterval(() => client.send(' '), 20)
    const answer = await client.ended().finally(() => clearInterval(drip))
    expect(statusOf(answer)).toBe(408)
    expect(value('emitRefused', { status: '408' })).toBe(1)
    expect(written()).toBe(0)
  })

  test('with garbage behind an open stream are cut without an answer into it', async () => {
    const { port, sockets } = await start()
    const client = await connectRaw(port)
    client.send('GET /api/chrome-service/v1/events HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until('retry:')
    client.send('\x00\x01garbage\r\n\r\n')
    const answer = await client.ended()
    expect(answer.split('HTTP/1.1')).toHaveLength(2)
    expect(sockets).toHaveLength(1)
  })

  test('that ask for another upgrade than a WebSocket are served without it, as clients of Java need', async () => {
    const { port, server } = await start()
    server.server.on('upgrade', (_request, socket) => socket.destroy())
    Object.assign(server.server, { shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade === 'websocket' })
    const client = await connectRaw(port)
    const h2c = 'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'
    const request = 'POST /api/chrome-service/v1/emit-message HTTP/1.1\r\nHost: x'
    client.send(`${request}\r\n${h2c}\r\nContent-Length: ${message().length}\r\n\r\n${message()}`)
    expect(statusOf(await client.ended())).toBe(202)
  })

  test('beyond the limit are refused, and accepted again when others have gone', async () => {
    const { port, server } = await start()
    server.server.maxConnections = 2
    const [first] = await Promise.all([connectRaw(port), connectRaw(port)])
    const connections = (): Promise<number> => new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count)))
    await vi.waitFor(async () => expect(await connections()).toBe(2))
    const third = await connectRaw(port)
    expect(await third.ended()).toBe('')
    first?.socket.destroy()
    await vi.waitFor(async () => expect(await connections()).toBe(1))
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  })

  test('with pipelined requests get the answers in order', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    const post = (id: string): string =>
      `POST /api/chrome-service/v1/emit-message HTTP/1.1\r\nHost: x\r\nContent-Length: ${message(id).length}\r\n\r\n${message(id)}`
    client.send(`${post('a')}${post('b')}${post('c')}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect([...(await client.ended()).matchAll(/"id":"(.)"/g)].map(([, id]) => id)).toEqual(['a', 'b', 'c'])
  })
})

describe('a public server that stops', () => {
  test('still accepts emits while it drains, and tells clients to connect elsewhere', async () => {
    let isDraining = false
    const { api, written } = await start({ isDraining: () => isDraining })
    const post = () => fetch(`${api}/emit-message`, { method: 'POST', body: message() })
    expect((await post()).headers.get('connection')).toBe('keep-alive')
    isDraining = true
    const last = await post()
    expect([last.status, last.headers.get('connection')]).toEqual([202, 'close'])
    expect(written()).toBe(2)
  })

  test('finishes an emit that waits for its acknowledgement, and accepts no new connections', async () => {
    const { api, log, server } = await start()
    log.faults.holdAcknowledgements()
    const waiting = fetch(`${api}/emit-message`, { method: 'POST', body: message() })
    await vi.waitFor(() => expect(log.endOffsets).toEqual([1]))
    const closed = server.close({ deadlineMs: 60_000 })
    await expect(fetch(`${api}/openapi.json`)).rejects.toThrow('fetch failed')
    log.faults.releaseAcknowledgements()
    expect((await waiting).status).toBe(202)
    await closed
  })

  test('cuts requests that are not finished at the deadline', async () => {
    const { api, log, server } = await start()
    log.faults.holdAcknowledgements()
    const waiting = fetch(`${api}/emit-message`, { method: 'POST', body: message() }).then(
      (response) => response.status,
      () => 'cut',
    )
    await vi.waitFor(() => expect(log.endOffsets).toEqual([1]))
    await server.close({ deadlineMs: 50 })
    expect(await waiting).toBe('cut')
  })

  test('does not wait for idle connections', async () => {
    const { url, port, server } = await start()
    await fetch(`${url}/health`)
    await connectRaw(port)
    await server.close({ deadlineMs: 60_000 })
    expect(server.server.listening).toBe(false)
  })
})

test('the server that listens does not know the router', async () => {
  const source = await readFile(new URL('../../../program/listening-server.ts', import.meta.url), 'utf8')
  expect(source).not.toContain('fastify')
})
