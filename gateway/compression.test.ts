import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { handshakeHead } from './adapters/ws/testing/raw-client.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'

/** Compression of events (docs/protocol.md, section 2.9), over real sockets. */
describe('a gateway with WS_COMPRESSION=on', () => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { WS_COMPRESSION: 'on' } })
  })
  afterAll(() => gateway.stop())

  it('sends a large event of many clients in fewer bytes, to those that take it compressed, and the same event to all', async () => {
    const token = await gateway.token({ user_id: 'ann' })
    const got: string[] = []
    const clients = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const client = new WebSocket(`${gateway.socketUrl}?cursor=latest&cursors=short`, ['cloudevents.json', `bearer.${token}`], {
          perMessageDeflate: index !== 0,
        })
        client.on('message', (content: Buffer) => {
          const { type, data } = JSON.parse(content.toString()) as { readonly type: string; readonly data: unknown } // of the gateway
          if (type === 'large') got.push(JSON.stringify(data))
        })
        await once(client, 'open')
        return client
      }),
    )
    expect(clients.map(({ extensions }) => extensions)).toEqual(['', ...Array<string>(11).fill('permessage-deflate')])
    const raw = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let bytes = ''
    raw.on('data', (chunk: Buffer) => (bytes += chunk.toString('latin1')))
    raw.write(
      handshakeHead('/wss/chrome-service/v1/ws?cursor=latest', {
        authorization: `Bearer ${token}`,
        'sec-websocket-extensions': 'permessage-deflate',
      }),
    )
    await expect.poll(() => bytes).toContain('resumed')
    const before = bytes.length
    const payload = { items: Array.from({ length: 100 }, (_, index) => ({ name: 'Bike lamp', index })) }
    await gateway.emit({ type: 'large', users: ['ann'], payload })
    await expect.poll(() => got).toEqual(Array<string>(12).fill(JSON.stringify(payload)))
    await expect.poll(() => bytes.length).toBeGreaterThan(before + 100)
    expect(bytes.length - before).toBeLessThan(JSON.stringify(payload).length / 3)
    raw.destroy()
    for (const client of clients) client.terminate()
  })
})
