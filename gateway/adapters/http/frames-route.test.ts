import { afterEach, describe, expect, test } from 'vitest'
import { failed } from '../../../program/result.ts'
import { connectRaw, statusOf } from './testing/raw-client.ts'
import { type RigSettings, startPublicServer } from './testing/start-public-server.ts'

type Rig = Awaited<ReturnType<typeof startPublicServer>>
const rigs: Rig[] = []
async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.stop()))
})

const path = '/sessions/0f8fad5b/frames'
const structured = { 'content-type': 'application/cloudevents+json' }
const send = ({ api }: Rig, init: RequestInit = {}): Promise<Response> =>
  fetch(`${api}${path}`, { method: 'POST', body: '{}', headers: structured, ...init })
const problemOf = async (answer: Response): Promise<readonly unknown[]> => [answer.status, Reflect.get(Object(await answer.json()), 'type')]

describe('POST sessions/ID/frames', () => {
  test('takes the body as it is, with the id of the path', async () => {
    const answer = await send(await start(), { body: 'any bytes' })
    expect([answer.status, await answer.json()]).toEqual([200, { sessionId: '0f8fad5b', text: 'any bytes' }])
  })

  test.each([
    ['application/cloudevents+json; charset=utf-8', 200],
    ['Application/CloudEvents+JSON', 200],
    ['application/json', 415],
    ['text/plain', 415],
    ['application/cloudevents-batch+json', 415],
    ['application/cloudevents+json; charset=latin1', 415],
    ['', 415],
  ])('with the content type %j is answered %i', async (contentType, status) => {
    expect(
      (await send(await start(), { body: Buffer.from('{}'), headers: contentType === '' ? {} : { 'content-type': contentType } })).status,
    ).toBe(status)
  })

  test('has a body of as many bytes as a frame may have, and not of one more', async () => {
    const rig = await start({ options: { maxInboundFrameBytes: 200 } })
    expect((await send(rig, { body: 'x'.repeat(200) })).status).toBe(200)
    const answer = await send(rig, { body: 'x'.repeat(201) })
    expect([answer.status, await answer.json()]).toEqual([
      413,
      expect.objectContaining({
        type: 'urn:carillon:problem:body-too-large',
        detail: expect.stringContaining('200 bytes (MAX_INBOUND_FRAME_BYTES)'),
      }),
    ])
    expect([rig.value('inboundRefused', { reason: 'body-too-large' }), rig.value('inboundFrames')]).toEqual([1, 1])
  })

  test('is not decoded where it is encoded', async () => {
    const answer = await send(await start(), { headers: { ...structured, 'content-encoding': 'gzip' } })
    expect([answer.headers.get('accept-encoding'), ...(await problemOf(answer))]).toEqual([
      'identity',
      415,
      'urn:carillon:problem:unsupported-content-encoding',
    ])
  })

  test('refuses the sender before the body has come', async () => {
    const rig = await start({
      frames: {
        authorize: () => Promise.resolve(failed({ type: 'unauthenticated', detail: 'No.' })),
        post: () => Promise.reject(new Error('not asked')),
      },
    })
    const client = await connectRaw(rig.port)
    client.send(
      `POST ${new URL(rig.api).pathname}${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nContent-Type: application/cloudevents+json\r\n\r\n{`,
    )
    expect(statusOf(await client.until('\r\n\r\n'))).toBe(401)
    client.socket.destroy()
  })

  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('takes no %s', async (method) => {
    const answer = await fetch(`${(await start()).api}${path}`, { method })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  test('lets pages of allowed origins ask first, and read the answer', async () => {
    const rig = await start()
    const origin = 'https://app.example'
    const preflight = await fetch(`${rig.api}${path}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
    })
    expect([
      preflight.status,
      preflight.headers.get('access-control-allow-methods'),
      preflight.headers.get('access-control-allow-headers'),
    ]).toEqual([204, 'POST, OPTIONS', 'authorization, content-type'])
    const answer = await send(rig, { headers: { ...structured, origin } })
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin])
    expect(await problemOf(await send(rig, { headers: { ...structured, origin: 'https://evil.example' } }))).toEqual([
      403,
      'urn:carillon:problem:origin-forbidden',
    ])
  })

  test.each(['/sessions/frames', '/sessions/a/b/frames', '/sessions/a/frames/'])('is nothing at %s', async (other) => {
    const answer = await fetch(`${(await start()).api}${other}`, { method: 'POST', body: '{}', headers: structured })
    expect(answer.status).toBe(404)
  })

  test('refuses an id that is longer than any', async () => {
    const answer = await fetch(`${(await start()).api}/sessions/${'a'.repeat(101)}/frames`, {
      method: 'POST',
      body: '{}',
      headers: structured,
    })
    expect(await answer.json()).toMatchObject({
      status: 400,
      detail: expect.stringContaining('The id of a session in the path is too long'),
    })
  })
})
