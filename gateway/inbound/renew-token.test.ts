import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts'
import { openSocket, type TestSocket } from '../testing/test-socket.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TOKEN_EXPIRING_NOTICE_MS: '60000' } })
})
afterAll(() => gateway.stop())

const renew = (socket: TestSocket, token: unknown, id = 'renewal'): void =>
  socket.send(JSON.stringify({ specversion: '1.0', id, source: '/page', type: 'dev.carillon.token', data: { token } }))
const open = async (claims: Readonly<Record<string, unknown>>, cursor = 'latest'): Promise<TestSocket> =>
  openSocket(gateway.socketUrl, { token: await gateway.token(claims), cursor })
const last = (socket: TestSocket) => socket.messages.at(-1)

describe('dev.carillon.token', () => {
  it('gives the connection the rights of the new token, from the cursor of the confirmation on', async () => {
    const socket = await open({ user_id: 'ann', org_id: 'red', roles: [] })
    await gateway.emit({ id: 'blue-1', type: 'x', organizations: ['blue'] })
    await gateway.emit({ id: 'red-1', type: 'x', organizations: ['red'] })
    await socket.untilReceived('red-1')
    renew(socket, await gateway.token({ user_id: 'ann', org_id: 'blue', exp: Math.floor(Date.now() / 1000) + 3600 }))
    await socket.untilReceived('!token-accepted')
    expect(last(socket)).toMatchObject({ data: { expiresInMs: expect.any(Number) }, cursor: expect.any(String) })
    await gateway.emit({ id: 'red-2', type: 'x', organizations: ['red'] })
    await gateway.emit({ id: 'blue-2', type: 'x', organizations: ['blue'] })
    await socket.untilReceived('blue-2')
    expect(socket.ids).toEqual(['!resumed', 'red-1', '!token-accepted', 'blue-2'])
    socket.close()
  })

  it('lets the connection live as long as the new token', async () => {
    const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
    const socket = await open({ user_id: 'ann', exp: inSeconds(3) })
    await socket.untilReceived('!token-expiring')
    renew(socket, await gateway.token({ user_id: 'ann', exp: inSeconds(4) }))
    await socket.untilReceived('!token-accepted')
    const { code } = await socket.closed
    expect(code).toBe(4103)
    // The new token is short as well, so there is a second notice.
    expect(socket.ids.filter((id) => id !== '!bookmark')).toEqual(['!resumed', '!token-expiring', '!token-accepted', '!token-expiring'])
  })

  it('does not make a connection live for ever that gets a token without an end for one that has one', async () => {
    const socket = await open({ user_id: 'ann' })
    renew(socket, await gateway.token({ user_id: 'ann' }))
    await socket.untilReceived('!token-accepted')
    expect(last(socket)?.data).toEqual({ id: 'renewal', expiresInMs: expect.toSatisfy((ms) => ms === null || ms > 0) })
    socket.close()
  })

  it.each([
    ['of another user', () => gateway.token({ user_id: 'bob' }), 'forbidden', 'The token is of another user'],
    ['that has expired', () => gateway.token({ user_id: 'ann', exp: 1 }), 'unauthenticated', 'expired'],
    ['that is forged', () => Promise.resolve('a.b.c'), 'unauthenticated', ''],
    ['with its scheme', async () => `Bearer ${await gateway.token({ user_id: 'ann' })}`, 'bad-request', 'Send the token alone.'],
    ['that is not a string', () => Promise.resolve(7), 'bad-request', 'data must be {"token": "<token>"}'],
    ['that is empty', () => Promise.resolve(''), 'bad-request', 'data must be {"token": "<token>"}'],
  ])('refuses a token %s, and the connection goes on as before', async (_, token, type, detail) => {
    const socket = await open({ user_id: 'ann', org_id: 'red' })
    renew(socket, await token(), 'r1')
    await socket.untilReceived('!nack')
    expect(last(socket)?.data).toEqual({ id: 'r1', type: `urn:carillon:problem:${type}`, detail: expect.stringContaining(detail) })
    const id = randomUUID()
    await gateway.emit({ id, type: 'x', organizations: ['red'] })
    await socket.untilReceived(id)
    socket.close()
  })
})
