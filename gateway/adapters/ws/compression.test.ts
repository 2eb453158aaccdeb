import { once } from 'node:events'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { closeCodes } from '../../session/close-codes.ts'
import { deflateFrame, deflatingFraming } from './deflate-frame.ts'
import { websocketFraming } from './frame.ts'
import { acceptedCompression } from './negotiate-compression.ts'
import { closeOf, RawClient } from './testing/raw-client.ts'
import { type OpenedSocket, type Rig, type RigSettings, startRig, testPath } from './testing/rig.ts'

const rigs: Rig[] = []
const clients: RawClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(rigs.splice(0).map((rig) => rig.stop()))
})

async function start(options: RigSettings['options'] = { wsCompression: 'on' }): Promise<Rig> {
  const rig = await startRig({ options })
  rigs.push(rig)
  return rig
}

const opened = (rig: Rig): Promise<OpenedSocket> =>
  vi.waitFor(() => {
    const [session] = rig.opened
    if (session === undefined) throw new Error('no session was opened')
    return session
  })

/** Opens a raw client. @param offer its `Sec-WebSocket-Extensions`; null: none */
async function open(rig: Rig, offer: string | null = 'permessage-deflate; client_max_window_bits') {
  const client = await RawClient.connect(rig.port)
  clients.push(client)
  const head = await client.handshake(testPath, offer === null ? {} : { 'sec-websocket-extensions': offer })
  return { client, head, session: await opened(rig) }
}

/** First byte of a compressed text message, without FIN. */
const compressedText = 0x41
const deflate = (text: string | Buffer): Buffer => deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)

const plainFrame = (json: Buffer): Buffer => Buffer.concat([websocketFraming.before(json.length, null), json])

describe('the handshake', () => {
  test('agrees on compression without context, where it is switched on and offered', async () => {
    const { head, session } = await open(await start())
    expect(head.split('\r\n')).toContain(`Sec-WebSocket-Extensions: ${acceptedCompression}`)
    expect(session.socket.framing).toBe(deflatingFraming)
  })

  test.each<[string, RigSettings['options'], string | null]>([
    ['it is off', {}, 'permessage-deflate'],
    ['the client offers none', { wsCompression: 'on' }, null],
    ['the client wants a smaller window', { wsCompression: 'on' }, 'permessage-deflate; server_max_window_bits=9'],
  ])('agrees on none where %s', async (_where, options, offer) => {
    const { head, session } = await open(await start(options), offer)
    expect(head.toLowerCase()).not.toContain('extensions')
    expect(session.socket.framing).toBe(websocketFraming)
  })
})

describe('a compressed frame', () => {
  test('is read by a client of ws, beside plain ones, and what the client compresses is read here', async () => {
    const rig = await start({ wsCompression: 'on', maxInboundFrameBytes: 10_000 })
    const client = new WebSocket(rig.url, 'cloudevents.json', { perMessageDeflate: { threshold: 0 } })
    const got: string[] = []
    client.on('message', (content: Buffer) => got.push(content.toString()))
    await once(client, 'open')
    const { socket, received } = await opened(rig)
    const texts = ['ä'.repeat(5_000), 'short', JSON.stringify({ data: 'x'.repeat(100_000) })]
    for (const text of texts) socket.write(deflateFrame(plainFrame(Buffer.from(text))))
    for (const text of texts) socket.write(plainFrame(Buffer.from(text)))
    await vi.waitFor(() => expect(got).toEqual([...texts, ...texts]))
    for (const text of ['a'.repeat(9_000), 'b']) client.send(text)
    await vi.waitFor(() => expect(received).toEqual(['a'.repeat(9_000), 'b']))
    client.terminate()
  })

  test('has RSV1 and the same JSON, or is the plain frame where that is not larger', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.array(fc.constantFrom('order', 'item', 'ä'), { maxLength: 30_000 }).map(String)), (text) => {
        const plain = plainFrame(Buffer.from(text))
        const frame = deflateFrame(plain)
        const header = (frame[1] ?? 0) < 126 ? 2 : frame[1] === 126 ? 4 : 10
        const isCompressed = frame !== plain
        expect([frame.length < plain.length, frame[0]]).toEqual([isCompressed, isCompressed ? 0xc1 : 0x81])
        const content = frame.subarray(header)
        const json = isCompressed ? inflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH }) : content
        expect(json.toString()).toBe(text)
        // RFC 7692, section 7.2.1: the sender leaves out the end of the flush.
        expect(isCompressed && content.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]))).toBe(false)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a compressed message of a client', () => {
  test('may come in fragments, in one piece or byte by byte, and beside plain ones and pings', async () => {
    const { client, session } = await open(await start())
    const content = deflate('{"hello":"wörld"}')
    client.sendFrame({ opcode: compressedText, payload: content.subarray(0, 5), isFinal: false })
    client.sendFrame({ opcode: 9, payload: Buffer.from('ping') })
    client.sendFrame({ opcode: 0, payload: content.subarray(5), isFinal: true })
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from('ping') })
    client.sendFrame({ payload: Buffer.from('plain') })
    client.sendFrame({ opcode: compressedText, payload: deflate('') })
    client.sendFrame({ opcode: compressedText, payload: deflate('again') })
    await vi.waitFor(() => expect(session.received).toEqual(['{"hello":"wörld"}', 'plain', '', 'again']))
  })

  test('may be as large as a frame may be, and not one byte larger, however small it is on the wire', async () => {
    const { client, session } = await open(await start({ wsCompression: 'on', maxInboundFrameBytes: 4_096 }))
    client.sendFrame({ opcode: compressedText, payload: deflate('x'.repeat(4_096)) })
    await vi.waitFor(() => expect(session.received).toEqual(['x'.repeat(4_096)]))
    client.sendFrame({ opcode: compressedText, payload: deflate('x'.repeat(4_097)) })
    expect(closeOf(await client.frame())).toEqual({ code: 4009, reason: closeCodes.frameTooLarge.text })
  })

  test('that would be 60 MB closes with the code for it', async () => {
    const { client } = await open(await start({ wsCompression: 'on', maxInboundFrameBytes: 131_072 }))
    const bomb = deflate(Buffer.alloc(60_000_000))
    expect(bomb.length).toBeLessThan(65_536)
    client.sendFrame({ opcode: compressedText, payload: bomb })
    expect(closeOf(await client.frame()).code).toBe(4009)
  })

  test.each<[string, { readonly opcode: number; readonly payload: Buffer }[], number]>([
    ['a control frame with RSV1', [{ opcode: 0x49, payload: Buffer.from('x') }], 1002],
    ['RSV2', [{ opcode: 0x21, payload: Buffer.from('x') }], 1002],
    ['bytes that are not deflated', [{ opcode: compressedText, payload: Buffer.from([0xff, 0xff, 0xff, 0xff]) }], 1007],
    ['text that is not UTF-8', [{ opcode: compressedText, payload: deflate(Buffer.from([0xc3, 0x28])) }], 1007],
  ])('with %s closes with the code of the RFC', async (_what, frames, code) => {
    const { client, session } = await open(await start())
    for (const frame of frames) client.sendFrame(frame)
    expect(closeOf(await client.frame()).code).toBe(code)
    expect(session.received).toEqual([])
  })

  test('with RSV1 on a later fragment closes with 1002', async () => {
    const { client } = await open(await start())
    client.sendFrame({ opcode: compressedText, payload: deflate('a'), isFinal: false })
    client.sendFrame({ opcode: 0x40, payload: deflate('b') })
    expect(closeOf(await client.frame()).code).toBe(1002)
  })

  test('without an agreement closes with 1002', async () => {
    const { client } = await open(await start({}))
    client.sendFrame({ opcode: compressedText, payload: deflate('a') })
    expect(closeOf(await client.frame()).code).toBe(1002)
  })
})
