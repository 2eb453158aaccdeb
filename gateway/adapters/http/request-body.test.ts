import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ok } from '../../../program/result.ts'
import { createBodyReader } from './request-body.ts'
import { bodyOf, connectRaw, type RawClient, statusOf } from './testing/raw-client.ts'
import { message, type Rig, type RigSettings, startPublicServer, testOptions } from './testing/start-public-server.ts'

const rigs: Rig[] = []
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())))

async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}

const path = '/api/chrome-service/v1/emit-message'
const head = (lines: string): string => `POST ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n\r\n`
const limit = testOptions.emitMaxBodyBytes
const unauthenticated = {
  authorize: () => Promise.resolve({ ok: false, error: { type: 'unauthenticated', detail: 'No token.' } } as const),
}
const typeOf = (answer: string): string => JSON.parse(bodyOf(answer)).type.replace('urn:carillon:problem:', '')

describe('a request body', () => {
  test('of the size of the limit is read, and one byte more is 413', async () => {
    const { api } = await start()
    const post = (bytes: number) => fetch(`${api}/emit-message`, { method: 'POST', body: message().padEnd(bytes) })
    expect((await post(limit)).status).toBe(202)
    expect((await post(limit + 1)).status).toBe(413)
  })

  test('of 10 MB is 413, and its sender reads that answer', async () => {
    const { api, written } = await start()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${api}/emit-message`, { method: 'POST', body: 'x'.repeat(10_000_000) })),
    )
    const problems = await Promise.all(answers.map((response) => response.json()))
    expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413, 413])
    expect(new Set(problems.map(({ type }) => type))).toEqual(new Set(['urn:carillon:problem:body-too-large']))
    expect(written()).toBe(0)
  })

  test('in chunks without an announced size is 413 as soon as it is too large', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(head('Transfer-Encoding: chunked'))
    for (let chunk = 0; chunk < 4; chunk += 1) client.send(`${(20_000).toString(16)}\r\n${'x'.repeat(20_000)}\r\n`)
    const answer = await client.until('\r\n\r\n{')
    expect([statusOf(answer), typeOf(answer)]).toEqual([413, 'body-too-large'])
  })

  test('with a false length is bounded by what arrives', async () => {
    const { port, value } = await start()
    const announced = await connectRaw(port)
    announced.send(head(`Content-Length: ${10 ** 12}`))
    expect(statusOf(await announced.until('\r\n\r\n{'))).toBe(413)

    const tooShort = await connectRaw(port)
    tooShort.send(`${head('Content-Length: 5')}{"id":"1"}`)
    expect(statusOf(await tooShort.until('\r\n\r\n{'))).toBe(400)

    const negative = await connectRaw(port)
    negative.send(`${head('Content-Length: -5')}{"id":"1"}`)
    expect(statusOf(await negative.ended())).toBe(400)

    const twice = await connectRaw(port)
    twice.send(`${head('Content-Length: 10\r\nTransfer-Encoding: chunked')}{"id":"1"}`)
    expect(statusOf(await twice.ended())).toBe(400)
    expect(value('emitted')).toBe(0)
  })

  test('that breaks off leaves nothing behind', async () => {
    const { port, api, written } = await start()
    const client = await connectRaw(port)
    client.send(`${head('Content-Length: 1000')}{"id":`)
    client.socket.end()
    await client.ended()
    expect((await fetch(`${api}/emit-message`, { method: 'POST', body: message() })).status).toBe(202)
    expect(written()).toBe(1)
  })

  test('of a caller without a token is not waited for: the answer comes before the body', async () => {
    const { port } = await start({ authorizer: unauthenticated })
    const client = await connectRaw(port)
    client.send(head('Content-Length: 40000'))
    const answer = await client.until('\r\n\r\n{')
    expect([statusOf(answer), typeOf(answer)]).toEqual([401, 'unauthenticated'])
    expect(answer.toLowerCase()).toContain('www-authenticate: bearer')
  })

  test('is asked for with 100 only when it will be read', async () => {
    const { port } = await start()
    const good = await connectRaw(port)
    good.send(head(`Content-Length: ${message().length}\r\nExpect: 100-continue`))
    await good.until('HTTP/1.1 100 Continue\r\n\r\n')
    good.send(message())
    await good.until('HTTP/1.1 202 Accepted')

    const large = await connectRaw(port)
    large.send(head(`Content-Length: ${limit + 1}\r\nExpect: 100-continue`))
    expect(await large.until('\r\n\r\n{')).toMatch(/^HTTP\/1\.1 413 /)

    const { port: strictPort } = await start({ authorizer: unauthenticated })
    const stranger = await connectRaw(strictPort)
    stranger.send(head('Content-Length: 10\r\nExpect: 100-continue'))
    expect(await stranger.until('\r\n\r\n{')).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('that is empty or missing is not JSON', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(head('Content-Length: 0\r\nConnection: close'))
    const answer = await client.ended()
    expect([statusOf(answer), typeOf(answer)]).toEqual([400, 'not-json'])
    const bare = await connectRaw(port)
    bare.send(head('Connection: close'))
    expect(statusOf(await bare.ended())).toBe(400)
  })

  test('of a client that has gone before reading ends at once', async () => {
    const bodies = createBodyReader({ maxBytes: 10, option: 'EMIT_MAX_BODY_BYTES', maxTotalBytes: 40 })
    const request = Object.assign(new PassThrough(), { headers: {} })
    request.destroy()
    const outcome = await bodies.withBody({ request: request as unknown as IncomingMessage, response: {} as ServerResponse }, async () =>
      ok(null),
    )
    expect(outcome).toMatchObject({ ok: false, error: { type: 'bad-request' } })
  })

  test('that is refused is let go, while its sender goes on', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void // what the flag exposes
    const bodies = createBodyReader({ maxBytes: 1_000, option: 'EMIT_MAX_BODY_BYTES', maxTotalBytes: 4_000 })
    const request = Object.assign(new PassThrough(), { headers: {} })
    const send = (bytes: number): WeakRef<Buffer> => {
      const chunk = Buffer.alloc(bytes)
      request.write(chunk)
      return new WeakRef(chunk)
    }
    const outcome = bodies.withBody({ request: request as unknown as IncomingMessage, response: {} as ServerResponse }, async () =>
      ok(null),
    )
    const arrived = send(1_000)
    send(1)
    expect(await outcome).toMatchObject({ ok: false, error: { type: 'body-too-large' } })
    await vi.waitFor(() => {
      collectGarbage()
      expect(arrived.deref() === undefined).toBe(true) // a failure that shows the bytes would keep them
    })
    expect(request.destroyed).toBe(false)
  })

  describe('the bodies of all requests together', () => {
    const maxBytes = 10_000
    let [nowMs, ended] = [0, 0]
    const servers: Server[] = []
    afterEach(() => servers.splice(0).forEach((server) => server.close().closeAllConnections()))

    /** Starts a server that answers with the status of the outcome, and reads as many bytes as four bodies have. */
    async function startReader(): Promise<number> {
      ;[nowMs, ended] = [0, 0]
      const bodies = createBodyReader({ maxBytes, option: 'EMIT_MAX_BODY_BYTES', maxTotalBytes: 4 * maxBytes, now: () => nowMs })
      const server = createServer((request, response) => {
        const answer = async (): Promise<void> => {
          const outcome = await bodies.withBody({ request, response }, async () => ok(null))
          ended += 1
          response.writeHead(outcome.ok ? 202 : 503).end(outcome.ok ? '' : outcome.error.detail)
        }
        void answer()
      })
      servers.push(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return (server.address() as AddressInfo).port // a server that listens on TCP has an address of this type
    }

    /** Sends all of a body but its last byte, and waits until it is held. */
    async function sendMost(port: number): Promise<RawClient> {
      const client = await connectRaw(port)
      client.send(head(`Content-Length: ${maxBytes}\r\nExpect: 100-continue`))
      await client.until('100 Continue')
      client.send(Buffer.alloc(maxBytes - 1, ' '))
      return client
    }

    const post = (port: number) => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(maxBytes) })

    test('are bounded: one that finds no room is 503, until another one has ended', async () => {
      const port = await startReader()
      const clients = await Promise.all(Array.from({ length: 4 }, () => sendMost(port)))
      await vi.waitFor(async () => expect((await post(port)).status).toBe(503))
      const before = ended
      clients[0]?.socket.destroy()
      await vi.waitFor(() => expect(ended).toBe(before + 1))
      expect((await post(port)).status).toBe(202)
    })

    test('leave room for others: the one that has taken longest, and more than 2 s, gives way', async () => {
      const port = await startReader()
      const oldest = await sendMost(port)
      await vi.waitFor(async () => expect((await post(port)).status).toBe(202))
      nowMs += 1
      const others = await Promise.all(Array.from({ length: 3 }, () => sendMost(port)))
      await vi.waitFor(async () => expect((await post(port)).status).toBe(503))
      nowMs = 1_999
      expect((await post(port)).status).toBe(503)
      nowMs = 2_000
      expect((await post(port)).status).toBe(202)
      expect(await oldest.until('more than 2 s')).toContain('503')
      expect(others.map((other) => other.received().includes('503'))).toEqual([false, false, false])
      for (const other of others) {
        other.send('x')
        await other.until('202')
      }
    })
  })
})
