import { afterEach, describe, expect, test, vi } from 'vitest'
import { bodyOf, connectRaw, statusOf } from './testing/raw-client.ts'
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

describe('bodies', () => {
  test('of the size of the limit are read, one byte more is 413', async () => {
    const { api } = await start()
    const post = (bytes: number) => fetch(`${api}/emit-message`, { method: 'POST', body: message().padEnd(bytes) })
    expect((await post(limit)).status).toBe(202)
    expect((await post(limit + 1)).status).toBe(413)
  })

  test('of 10 MB are 413, and the sender gets to read that', async () => {
    const { api, written } = await start()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => fetch(`${api}/emit-message`, { method: 'POST', body: 'x'.repeat(10_000_000) }))
    )
    const problems = await Promise.all(answers.map((response) => response.json()))
    expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413, 413])
    expect(new Set(problems.map(({ type }) => type))).toEqual(new Set(['urn:carillon:problem:body-too-large']))
    expect(written()).toBe(0)
  })

  test('in chunks that do not say how large they will be are 413 as soon as they are too large', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(head('Transfer-Encoding: chunked'))
    for (let chunk = 0; chunk < 4; chunk += 1) client.send(`${(20_000).toString(16)}\r\n${'x'.repeat(20_000)}\r\n`)
    const answer = await client.until('\r\n\r\n{')
    expect([statusOf(answer), typeOf(answer)]).toEqual([413, 'body-too-large'])
  })

  test('with a length that is a lie are bounded by what comes', async () => {
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

  test('that break off leave nothing behind', async () => {
    const { port, api, written } = await start()
    const client = await connectRaw(port)
    client.send(`${head('Content-Length: 1000')}{"id":`)
    client.socket.end()
    await client.ended()
    expect((await fetch(`${api}/emit-message`, { method: 'POST', body: message() })).status).toBe(202)
    expect(written()).toBe(1)
  })

  test('of strangers are not waited for: the answer is there before the body', async () => {
    const { port } = await start({ authorizer: unauthenticated })
    const client = await connectRaw(port)
    client.send(head('Content-Length: 40000'))
    const answer = await client.until('\r\n\r\n{')
    expect([statusOf(answer), typeOf(answer)]).toEqual([401, 'unauthenticated'])
    expect(answer.toLowerCase()).toContain('www-authenticate: bearer')
  })

  test('are asked for with 100 only when they will be read', async () => {
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

  test('that are empty or not there are no JSON', async () => {
    const { port } = await start()
    const client = await connectRaw(port)
    client.send(head('Content-Length: 0\r\nConnection: close'))
    const answer = await client.ended()
    expect([statusOf(answer), typeOf(answer)]).toEqual([400, 'not-json'])
    const bare = await connectRaw(port)
    bare.send(head('Connection: close'))
    expect(statusOf(await bare.ended())).toBe(400)
  })

  test('of all requests together are bounded, and what was held is given back', async () => {
    // The bound is the larger of 64 MiB and four bodies.
    const maxBytes = 16 * 1024 * 1024
    const { port, api } = await start({ options: { emitMaxBodyBytes: maxBytes } })
    const holders = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const client = await connectRaw(port)
        client.send(head(`Content-Length: ${maxBytes}`))
        client.send(Buffer.alloc(maxBytes - 1, ' '))
        return client
      }),
    )
    const post = () => fetch(`${api}/emit-message`, { method: 'POST', body: message().padEnd(10_000) })
    await vi.waitFor(async () => expect((await post()).status).toBe(503), { timeout: 10_000, interval: 50 })
    const refused = await post()
    expect([(await refused.json()).type, refused.headers.get('retry-after')]).toEqual(['urn:carillon:problem:overloaded', '1'])
    for (const { socket } of holders) socket.destroy()
    await vi.waitFor(async () => expect((await post()).status).toBe(202), { timeout: 10_000, interval: 50 })
  })
})
