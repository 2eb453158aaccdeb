import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'

/** Problems of a developer's first minutes: a half configured proxy, a refusal to find in the log lines, a path with an extra slash. */

const running: TestGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env })
  running.push(gateway)
  return gateway
}

interface Answer {
  readonly status: number
  readonly detail: string
  readonly instance: string
}

/** A request as a proxy hands it on: with any `Host`, which `fetch` does not let a caller choose. */
function ask(
  gateway: TestGateway,
  {
    path,
    method = 'GET',
    headers = {},
    body = '',
  }: { readonly path: string; readonly method?: string; readonly headers?: IncomingHttpHeaders; readonly body?: string },
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = httpRequest(`${gateway.url}${path}`, { method, headers })
  request.on('upgrade', (response, socket) => {
    socket.destroy()
    resolve({ status: response.statusCode ?? 0, detail: '', instance: '' })
  })
  request.on('response', (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => (text += chunk.toString()))
    response.on('end', () => {
      const { detail = '', instance = '' } = JSON.parse(text) as { readonly detail?: string; readonly instance?: string } // the gateway answers objects
      resolve({ status: response.statusCode ?? 0, detail, instance })
    })
  })
  request.on('error', reject)
  request.end(body)
  return promise
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol': 'cloudevents.json',
}
const socketPath = '/wss/chrome-service/v1/ws'
const emitPath = '/api/chrome-service/v1/emit-message'
const message = JSON.stringify({
  id: 'message-id',
  type: 'notifications.drawer',
  broadcast: true,
  users: [],
  roles: [],
  organizations: [],
  payload: { title: 'New notification' },
})
const stage = { host: 'stage.foo.redhat.com:1337', origin: 'https://stage.foo.redhat.com:1337' }

describe('a development proxy in front of another name', () => {
  const throughProxy = (
    gateway: TestGateway,
    { changesOrigin, token }: { readonly changesOrigin: boolean; readonly token: string },
  ): Promise<readonly Answer[]> => {
    const host = changesOrigin ? new URL(gateway.url).host : stage.host
    return Promise.all([
      ask(gateway, { path: socketPath, headers: { ...upgrade, host, origin: stage.origin, cookie: `cs_jwt=${token}` } }),
      ask(gateway, { path: emitPath, method: 'POST', headers: { host, origin: stage.origin }, body: message }),
    ])
  }
  const statuses = (answers: readonly Answer[]): readonly number[] => answers.map(({ status }) => status)

  // The proxy configuration of chrome-service's document: no `changeOrigin`. The answer said neither what to set in the proxy nor ALLOWED_ORIGINS.
  it('that keeps Host gets both settings, for sockets and for requests', async () => {
    const gateway = await start()
    const answers = await throughProxy(gateway, { changesOrigin: false, token: await gateway.token({ user_id: 'u1' }) })
    expect(statuses(answers)).toEqual([403, 403])
    for (const { detail } of answers) {
      expect(detail).toContain('`changeOrigin: true`')
      expect(detail).toContain('ALLOWED_ORIGINS=https://stage.foo.redhat.com:1337')
    }
  })

  it('that changes only Host gets the other setting', async () => {
    const gateway = await start()
    const answers = await throughProxy(gateway, { changesOrigin: true, token: await gateway.token({ user_id: 'u1' }) })
    expect(statuses(answers)).toEqual([403, 403])
    for (const { detail } of answers) expect(detail).toContain('ALLOWED_ORIGINS=https://stage.foo.redhat.com:1337')
  })

  it('works with the two settings that the answer names', async () => {
    const gateway = await start({ ALLOWED_ORIGINS: 'https://stage.foo.redhat.com:1337' })
    expect(statuses(await throughProxy(gateway, { changesOrigin: true, token: await gateway.token({ user_id: 'u1' }) }))).toEqual([
      101, 202,
    ])
  })
})

describe('a refusal', () => {
  const requestIds = ({ logger }: TestGateway): readonly unknown[] =>
    logger.lines.filter(({ fields }) => 'requestId' in fields).map(({ fields }) => fields['requestId'])
  const idOf = ({ instance }: Answer): string => instance.replace('urn:carillon:request:', '')

  it.each([
    ['of a request', { path: emitPath, method: 'POST', body: '{' }, 400],
    ['of a path that is not there', { path: '/nowhere' }, 404],
    ['of an invalid path', { path: '/%zz' }, 400],
    ['of a stream', { path: '/api/chrome-service/v1/events' }, 401],
    ['of a socket without a token', { path: socketPath, headers: upgrade }, 401],
    ['of a socket at another path', { path: '/wss/other/v1/ws', headers: upgrade }, 404],
    ['of a foreign page', { path: emitPath, method: 'POST', headers: { origin: 'https://evil.example' }, body: message }, 403],
  ])('%s has an id, with which its line is found in the log', async (_title, request, status) => {
    const gateway = await start()
    const answer = await ask(gateway, request)
    expect(answer).toMatchObject({ status, instance: expect.stringMatching(/^urn:carillon:request:[\w-]{36}$/) })
    await expect.poll(() => requestIds(gateway)).toEqual([idOf(answer)])
  })

  it('of bytes that are not a request has one, too', async () => {
    const gateway = await start()
    const client = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1')
    client.write('hello\r\n\r\n')
    let text = ''
    for await (const chunk of client) text += String(chunk)
    const { instance } = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as { readonly instance: string } // as above
    await expect.poll(() => requestIds(gateway)).toEqual([instance.replace('urn:carillon:request:', '')])
  })

  it.each([
    ['X-Request-Id', { 'x-request-id': 'mine-1' }, 'mine-1'],
    ['trace', { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, '0af7651916cd43dd8448eb211c80319c'],
  ])("has the caller's own %s as its id, over HTTP and for sockets", async (_name, headers, id) => {
    const gateway = await start()
    const answers = [
      await ask(gateway, { path: '/nowhere', headers }),
      await ask(gateway, { path: socketPath, headers: { ...upgrade, ...headers } }),
    ]
    expect(answers.map(idOf)).toEqual([id, id])
    await expect.poll(() => requestIds(gateway)).toEqual([id, id])
  })

  it.each(['a b', 'x'.repeat(129), 'a"b', ''])('does not take %j for an id', async (given) => {
    const gateway = await start()
    expect(idOf(await ask(gateway, { path: '/nowhere', headers: { 'x-request-id': given } }))).toMatch(/^[\w-]{36}$/)
  })

  it('is not a line at info, because clients must not be able to write lines there', async () => {
    const gateway = await start()
    await ask(gateway, { path: '/nowhere' })
    await expect
      .poll(() => gateway.logger.lines.filter(({ message: text }) => text === 'request refused').map(({ level }) => level))
      .toEqual(['debug'])
  })
})

describe('claims for a development token', () => {
  it.each([
    ['{"user_id":"u1","role":["admin"]}', 'did you mean `roles`?'],
    ['{"user_id":"u1","roles":["admin"],"roles":[]}', 'A claim is there twice'],
    ['{"user_id":"u1","__proto__":{"roles":["admin"]}}', '"__proto__" is unknown'],
  ])('%s are refused, and the mistake is named', async (body, detail) => {
    expect(await ask(await start(), { path: '/dev/token', method: 'POST', body })).toMatchObject({
      status: 400,
      detail: expect.stringContaining(detail),
    })
  })
})

describe('an emit', () => {
  it('is a line at debug, with the id of its request', async () => {
    const gateway = await start()
    await ask(gateway, { path: emitPath, method: 'POST', headers: { 'x-request-id': 'R7' }, body: message })
    const lines = gateway.logger.lines.filter(({ message: text }) => text === 'event emitted')
    expect(lines).toEqual([
      {
        level: 'debug',
        message: 'event emitted',
        fields: {
          requestId: 'R7',
          api: 'emit-message',
          id: 'message-id',
          source: 'urn:carillon:emit-message',
          type: 'notifications.drawer',
          audience: 'broadcast',
        },
      },
    ])
  })
})

describe('a path that is nearly one that is served', () => {
  it.each([
    [`${emitPath}/`, emitPath],
    ['/api/chrome-service/v1/events/', '/api/chrome-service/v1/events'],
    ['/api//chrome-service/v1/emit-message', emitPath],
    ['/API/chrome-service/v1/Emit-Message', emitPath],
    ['/health/', '/health'],
  ])('%s is answered with that one', async (path, served) => {
    expect(await ask(await start(), { path, method: 'POST' })).toMatchObject({
      status: 404,
      detail: `Nothing is at this path. ${served} is served.`,
    })
  })

  it('is not looked for where a path is longer than any', async () => {
    expect(await ask(await start(), { path: `/${'/'.repeat(20_000)}x` })).toMatchObject({
      status: 404,
      detail: expect.stringContaining('openapi.json'),
    })
  })
})
