import { once } from 'node:events'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import * as ws from 'ws'
import { closeCodes } from '../../session/close-codes.ts'
import { Connection } from './connection.ts'
import { websocketFraming } from './frame.ts'
import { maxPiecesOf } from './wake.ts'
import { closeOf, encodeFrame, RawClient } from './testing/raw-client.ts'
import { type OpenedSocket, type Rig, type RigSettings, startRig, testPath } from './testing/rig.ts'

const { WebSocket: WsClient } = ws

/** The part of `ws` that parses frames. `ws` exports it, but its types do not. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: object) => { on(event: string, listener: (what: Error) => void): unknown; write(bytes: Buffer): boolean }
}

const rigs: Rig[] = []
const clients: RawClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(rigs.splice(0).map((rig) => rig.stop()))
})

/** Connects a raw client with a session, on a server of its own. */
async function open(
  options: RigSettings['options'] = {},
): Promise<{ readonly rig: Rig; readonly client: RawClient; readonly session: OpenedSocket }> {
  const rig = await startRig({ options })
  rigs.push(rig)
  const client = await RawClient.connect(rig.port)
  clients.push(client)
  await client.handshake(testPath)
  return { rig, client, session: await opened(rig) }
}

function opened(rig: Rig): Promise<OpenedSocket> {
  return vi.waitFor(() => {
    const [session] = rig.opened
    if (session === undefined) throw new Error('no session was opened')
    return session
  })
}

const ended = (session: OpenedSocket): Promise<void> => vi.waitFor(() => expect(session.calls.at(-1)).toBe('closed'))

function frameOf(text: string): Buffer {
  const json = Buffer.from(text)
  return Buffer.concat([websocketFraming.before(json.length, null), json])
}

const maskedClose = (code: number, reason = ''): Buffer => {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)])
  payload.writeUInt16BE(code, 0)
  return encodeFrame({ opcode: 8, payload })
}

describe('a connection that is asleep', () => {
  test('answers pings and takes pongs without ws, and wakes for anything else, which is not lost', async () => {
    const woken = vi.spyOn(Connection.prototype, 'begin')
    onTestFinished(() => woken.mockRestore())
    const { client, session } = await open()
    client.sendFrame({ opcode: 9, payload: Buffer.from('one') })
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from('one') })
    session.socket.ping()
    expect(await client.frame()).toMatchObject({ opcode: 9 })
    client.sendFrame({ opcode: 10 })
    // Two frames and a part of a third in one piece.
    const last = encodeFrame({ payload: Buffer.from('text') })
    client.send(Buffer.concat([encodeFrame({ opcode: 9, payload: Buffer.from('two') }), encodeFrame({ opcode: 10 }), last.subarray(0, 3)]))
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from('two') })
    await vi.waitFor(() => expect(woken).toHaveBeenCalledTimes(1))
    client.send(last.subarray(3))
    await vi.waitFor(() => expect(session.received).toEqual(['text']))
    client.sendFrame({ opcode: 9, payload: Buffer.from('three') })
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from('three') })
    expect(woken).toHaveBeenCalledTimes(1)
  })

  test('ends when its client goes without a close frame', async () => {
    const { client, session } = await open()
    client.tcp.end()
    await ended(session)
    expect(await client.rest()).toEqual(Buffer.alloc(0))
  })
})

describe('input of a client', () => {
  test('is handed on: text, binary, fragments with a ping between them', async () => {
    const { rig, client, session } = await open()
    client.sendFrame({ payload: Buffer.from('text') })
    client.sendFrame({ opcode: 2, payload: Buffer.from([1, 2, 3]) })
    client.sendFrame({ opcode: 1, payload: Buffer.from('frag'), isFinal: false })
    client.sendFrame({ opcode: 9, payload: Buffer.from('ping') })
    client.sendFrame({ opcode: 0, payload: Buffer.from('ment') })
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from('ping') })
    await vi.waitFor(() => expect(session.calls).toEqual(['alive', 'alive', 'alive', 'alive']))
    expect(session.received).toEqual(['text', null, 'fragment'])
    expect(rig.value('inboundFrames')).toBe(4)
  })

  test('may arrive one byte at a time', async () => {
    const { client, session } = await open()
    for (const byte of encodeFrame({ payload: Buffer.from('slow') })) client.send(Buffer.from([byte]))
    await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
  })

  test.each([
    [4_096, 64],
    [4_097, 65],
    [128, 64],
    [1_048_576, 16_384],
  ])('may be a frame of %i bytes in %i pieces', (bytes, pieces) => {
    expect(maxPiecesOf(bytes)).toBe(pieces)
  })

  test('that comes in more pieces than are kept closes with the code for it', async () => {
    const { client } = await open()
    const close = client.frame()
    for (const byte of encodeFrame({ payload: Buffer.alloc(1_000) })) {
      client.send(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    expect(closeOf(await close)).toEqual({ code: 4107, reason: closeCodes.tooManyPieces.text })
  })

  test('may be a frame in as many pieces as are kept, and not in one more', async () => {
    const frame = encodeFrame({ payload: Buffer.alloc(100, 'x') })
    const head = frame.length - 100
    /** The head, which is not kept, then single bytes, then the rest. */
    const read = async (pieces: number): Promise<string> => {
      const receiver = new Receiver({ isServer: true, maxPayload: 128, maxBufferedChunks: maxPiecesOf(128) })
      const outcome = new Promise<string>((resolve) => {
        receiver.on('message', () => resolve('message'))
        receiver.on('error', ({ message }) => resolve(message))
      })
      receiver.write(frame.subarray(0, head))
      for (let at = head; at < head + pieces - 1; at += 1) receiver.write(frame.subarray(at, at + 1))
      receiver.write(frame.subarray(head + pieces - 1))
      return await outcome
    }
    expect([await read(64), await read(65)]).toEqual(['message', 'Too many buffered chunks'])
  })

  // Autobahn 1.2.8 sends 64 KiB so. The bound was the same for every size of frames, and the close named the rate of frames.
  test('may be a large frame in as many pieces as a network makes of it, when frames of that size are allowed', async () => {
    const { client, session } = await open({ maxInboundFrameBytes: 65_536 })
    const frame = encodeFrame({ payload: Buffer.alloc(65_536, 'x') })
    for (let at = 0; at < frame.length; at += 256) {
      client.send(frame.subarray(at, at + 256))
      await new Promise(setImmediate)
    }
    await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
  })

  test('with a frame larger than the limit closes with the code for it', async () => {
    const { client, session } = await open({ maxInboundFrameBytes: 128 })
    client.sendFrame({ payload: Buffer.alloc(129, 'x') })
    expect(closeOf(await client.frame())).toEqual({ code: 4009, reason: closeCodes.frameTooLarge.text })
    client.send(maskedClose(4009))
    await ended(session)
  })

  test('with a frame at the limit is accepted', async () => {
    const { client, session } = await open({ maxInboundFrameBytes: 128 })
    client.sendFrame({ payload: Buffer.alloc(128, 'x') })
    await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
  })

  test('with fragments that are larger together closes with the same code', async () => {
    const { client } = await open({ maxInboundFrameBytes: 128 })
    client.sendFrame({ payload: Buffer.alloc(100, 'x'), isFinal: false })
    client.sendFrame({ opcode: 0, payload: Buffer.alloc(29, 'x') })
    expect(closeOf(await client.frame()).code).toBe(4009)
  })

  test('with a frame that announces more than memory holds closes', async () => {
    const { client } = await open()
    client.send(Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]))
    expect(closeOf(await client.frame()).code).toBe(4009)
  })

  test.each([
    ['an unmasked frame', { isMasked: false, payload: Buffer.from('x') }, 1002],
    ['an unknown opcode', { opcode: 3 }, 1002],
    ['a continuation of nothing', { opcode: 0 }, 1002],
    ['text that is not UTF-8', { payload: Buffer.from([0xc3, 0x28]) }, 1007],
  ])('with %s closes with the code of RFC 6455', async (_what, shape, code) => {
    const { client, session } = await open()
    client.sendFrame(shape)
    expect(closeOf(await client.frame()).code).toBe(code)
    client.send(maskedClose(code))
    await ended(session)
  })

  test('may be a message in as many fragments as the burst, and not in one more', async () => {
    const { client, session } = await open({ inboundFramesBurst: 3 })
    client.sendFrame({ payload: Buffer.from('a'), isFinal: false })
    client.sendFrame({ opcode: 0, payload: Buffer.from('b'), isFinal: false })
    client.sendFrame({ opcode: 0, payload: Buffer.from('c') })
    await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
    client.sendFrame({ payload: Buffer.from('a'), isFinal: false })
    for (let more = 0; more < 3; more += 1) client.sendFrame({ opcode: 0, payload: Buffer.from('b'), isFinal: false })
    expect(closeOf(await client.frame())).toEqual({ code: 4104, reason: closeCodes.tooManyFrames.text })
  })
})

describe('a flood of frames', () => {
  test.each([
    ['messages', 1],
    ['pings', 9],
    ['unsolicited pongs', 10],
  ])('of %s closes with the code for it at one more than the burst', async (_what, opcode) => {
    const { rig, client } = await open({ inboundFramesPerS: 1, inboundFramesBurst: 5 })
    const one = encodeFrame({ opcode, payload: Buffer.from('x') })
    client.send(Buffer.concat(Array.from({ length: 6 }, () => one)))
    expect(await nextClose(client)).toBe(4104)
    expect(rig.value('inboundFrames')).toBe(6)
  })

  test('does not begin before the burst is exceeded', async () => {
    const { client, session } = await open({ inboundFramesPerS: 1, inboundFramesBurst: 5 })
    client.send(Buffer.concat(Array.from({ length: 5 }, () => encodeFrame({ opcode: 9 }))))
    for (let pong = 0; pong < 5; pong += 1) expect((await client.frame()).opcode).toBe(10)
    expect(session.calls).toHaveLength(5)
  })

  test("does not count the answers to the server's own pings", async () => {
    const { rig, client, session } = await open({ inboundFramesPerS: 1, inboundFramesBurst: 1 })
    for (let round = 1; round <= 4; round += 1) {
      session.socket.ping()
      const ping = await client.frame()
      client.sendFrame({ opcode: 10, payload: ping.payload })
      await vi.waitFor(() => expect(session.calls).toHaveLength(round))
    }
    expect(rig.value('inboundFrames')).toBe(0)
  })
})

describe('a close', () => {
  test('sends the code and the reason, waits for the answer, and ends once', async () => {
    const { client, session } = await open()
    session.socket.close('tooSlow')
    session.socket.close('draining')
    expect(closeOf(await client.frame())).toEqual({ code: 4201, reason: closeCodes.tooSlow.text })
    client.send(maskedClose(4201))
    expect(await client.rest()).toEqual(Buffer.alloc(0))
    client.destroy()
    await ended(session)
    expect(session.calls).toEqual(['closed'])
  })

  test('cuts a peer that never answers', async () => {
    const { client, session } = await open({ closeTimeoutMs: 50 })
    session.socket.close('tooSlow')
    await client.frame()
    await ended(session)
    expect(session.calls).toEqual(['closed'])
  })

  test('by the client is answered with its own code', async () => {
    const { client, session } = await open()
    client.send(maskedClose(1000, 'bye'))
    expect(closeOf(await client.frame())).toEqual({ code: 1000, reason: 'bye' })
    await client.rest()
    client.destroy()
    await ended(session)
  })

  test('by a client that ends its half at once is answered, too', async () => {
    const { client, session } = await open()
    client.tcp.end(maskedClose(1000, 'bye'))
    expect(closeOf(await client.frame())).toEqual({ code: 1000, reason: 'bye' })
    await ended(session)
  })

  test('by the client with a code that ws uses for its own limits is answered with that code', async () => {
    const { client } = await open()
    client.send(maskedClose(1009))
    expect(closeOf(await client.frame()).code).toBe(1009)
  })

  test('by both at once ends once', async () => {
    const { client, session } = await open()
    client.send(maskedClose(1001))
    session.socket.close('draining')
    await client.rest()
    client.destroy()
    await ended(session)
    session.socket.close('draining')
    session.socket.terminate()
    expect(session.calls).toEqual(['closed'])
  })

  test('cuts a client that has ended its half and reads no more', async () => {
    const { client, session } = await open({ closeTimeoutMs: 50 })
    client.tcp.pause()
    while (session.socket.write(frameOf('x'.repeat(60_000)))) await new Promise(setImmediate)
    client.tcp.end()
    await vi.waitFor(() => expect(session.socket.write(frameOf('is it closing?'))).toBe(true))
    session.socket.close('unresponsive')
    await ended(session)
    expect(session.calls).toEqual(['closed'])
  })

  test('reports a client that is gone without a close frame', async () => {
    const { client, session } = await open()
    client.tcp.resetAndDestroy()
    await ended(session)
    expect(session.socket.write(frameOf('too late'))).toBe(true)
    session.socket.ping()
    session.socket.close('internal')
    session.socket.terminate()
    expect(session.calls).toEqual(['closed'])
  })

  test('by terminate cuts at once, without a close frame', async () => {
    const { client, session } = await open()
    session.socket.terminate()
    session.socket.terminate()
    expect(await client.rest()).toEqual(Buffer.alloc(0))
    await ended(session)
    expect(session.calls).toEqual(['closed'])
  })

  test('drops frames that are written after the close frame', async () => {
    const { client, session } = await open()
    session.socket.close('draining')
    expect(session.socket.write(frameOf('late'))).toBe(true)
    expect((await client.frame()).opcode).toBe(8)
    client.send(maskedClose(4200))
    expect(await client.rest()).toEqual(Buffer.alloc(0))
  })
})

describe('a client that reads slowly', () => {
  test.each([1_024, 65_536, 300_000])(
    'makes write return false beyond a buffer of %i bytes, and drained follow when it reads again',
    async (socketBufferBytes) => {
      const { client, session } = await open({ socketBufferBytes })
      client.tcp.pause()
      const frame = frameOf('x'.repeat(30_000))
      let written = 1
      while (session.socket.write(frame)) {
        written += 1
        await new Promise(setImmediate)
      }
      expect(session.calls).toEqual([])
      client.tcp.resume()
      await vi.waitFor(() => expect(session.calls).toEqual(['drained']))
      for (let read = 0; read < written; read += 1) expect((await client.frame()).payload).toHaveLength(30_000)
      expect(session.socket.write(frame)).toBe(true)
    },
  )

  test('gets control frames between whole events', async () => {
    const { client, session } = await open()
    session.socket.write(frameOf('one'))
    session.socket.ping()
    session.socket.write(Buffer.concat([frameOf('two'), frameOf('three')]))
    session.socket.close('draining')
    const frames = [await client.frame(), await client.frame(), await client.frame(), await client.frame(), await client.frame()]
    expect(frames.map(({ opcode }) => opcode)).toEqual([1, 9, 1, 1, 8])
  })

  test('that sends pings without reading gets no pongs that would pile up', async () => {
    const { client, session } = await open({ socketBufferBytes: 1_024 })
    client.tcp.pause()
    while (session.socket.write(frameOf('x'.repeat(60_000)))) await new Promise(setImmediate)
    client.sendFrame({ opcode: 9 })
    await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
    session.socket.close('tooSlow')
    client.tcp.resume()
    expect(await nextClose(client, 10)).toBe(4201)
  })

  test('causes no drained after a close', async () => {
    const { client, session } = await open({ closeTimeoutMs: 50 })
    client.tcp.pause()
    while (session.socket.write(frameOf('x'.repeat(60_000)))) await new Promise(setImmediate)
    session.socket.close('tooSlow')
    await ended(session)
    expect(session.calls).toEqual(['closed'])
  })
})

test('answers pings as a client of ws, and sees its own pings answered', async () => {
  const rig = await startRig()
  rigs.push(rig)
  const client = new WsClient(rig.url, 'cloudevents.json')
  await once(client, 'open')
  const session = await opened(rig)
  session.socket.ping()
  await vi.waitFor(() => expect(session.calls).toEqual(['alive']))
  client.ping('are you there?')
  const [content] = await once(client, 'pong')
  expect(String(content)).toBe('are you there?')
  const closed = once(client, 'close')
  client.close(1000, 'done')
  expect((await closed).map(String)).toEqual(['1000', 'done'])
  await ended(session)
})

/**
 * Returns the code of the close frame, after any other frames.
 * @param forbidden an opcode that must not come
 */
async function nextClose(client: RawClient, forbidden?: number): Promise<number> {
  for (;;) {
    const frame = await client.frame()
    if (frame.opcode === forbidden) throw new Error(`a frame of opcode ${forbidden} came before the close`)
    if (frame.opcode === 8) return closeOf(frame).code
  }
}
