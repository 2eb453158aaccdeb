import { afterAll, beforeAll, describe } from 'vitest'
import { encodeFrame, type FrameShape, RawClient } from '../../gateway/adapters/ws/testing/raw-client.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { tabulate } from './testing/trials.ts'

/** A client without a library: it sends what RFC 6455 allows and forbids, byte by byte. */
const client = { name: 'bytes over TCP', version: 'RFC 6455' }

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const frame = (kind: keyof typeof opcodes, payload: Buffer | string = '', more: FrameShape = {}): Buffer =>
  encodeFrame({ opcode: opcodes[kind], payload: Buffer.from(payload), ...more })
const part = (kind: keyof typeof opcodes, payload: Buffer | string): Buffer => frame(kind, payload, { isFinal: false })

/** Sets these bits in the first byte. */
const withFirst = (bits: number, bytes: Buffer): Buffer => Buffer.concat([Buffer.from([(bytes[0] ?? 0) | bits]), bytes.subarray(1)])
const closeFrame = (code: number, reason: Buffer | string = ''): Buffer =>
  frame('close', Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]))
/** Makes a masked text frame with its length in eight bytes. */
const withLongLength = (length: bigint, payload: string): Buffer => {
  const header = Buffer.alloc(14) // the mask is zero
  header[0] = 0x81
  header[1] = 0xff
  header.writeBigUInt64BE(length, 2)
  return Buffer.concat([header, Buffer.from(payload)])
}

const notUtf8 = Buffer.from([0x61, 0xff, 0x62])
const euro = Buffer.from('€')
const times = (count: number, bytes: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes))

interface Probe {
  readonly sends: string
  readonly bytes: Buffer
  /** `open`, or the code of the gateway's close frame. */
  readonly outcome: string
  /** Writes each byte alone. */
  readonly isTrickled?: boolean
}

const probes: readonly Probe[] = [
  { sends: 'a text', bytes: frame('text', 'hello'), outcome: 'open' },
  { sends: 'bytes', bytes: frame('binary', notUtf8), outcome: 'open' },
  { sends: 'an empty text', bytes: frame('text'), outcome: 'open' },
  { sends: 'a text byte by byte', bytes: frame('text', 'hello €'), outcome: 'open', isTrickled: true },
  {
    sends: 'a text in three fragments with a ping between them',
    bytes: Buffer.concat([part('text', 'a'), frame('ping', 'between'), part('continuation', 'b'), frame('continuation', 'c')]),
    outcome: 'open',
  },
  {
    sends: 'a character in two fragments',
    bytes: Buffer.concat([part('text', euro.subarray(0, 1)), frame('continuation', euro.subarray(1))]),
    outcome: 'open',
  },
  { sends: 'a pong without a ping', bytes: frame('pong', 'x'), outcome: 'open' },
  { sends: 'a ping of 125 bytes', bytes: frame('ping', 'x'.repeat(125)), outcome: 'open' },
  { sends: 'a ping of 126 bytes', bytes: frame('ping', 'x'.repeat(126)), outcome: 'close 1002' },
  { sends: 'a fragment of a ping', bytes: part('ping', 'x'), outcome: 'close 1002' },
  { sends: 'a text with RSV1 set', bytes: withFirst(0x40, frame('text', 'x')), outcome: 'close 1002' },
  { sends: 'a text with RSV2 set', bytes: withFirst(0x20, frame('text', 'x')), outcome: 'close 1002' },
  { sends: 'a text with RSV3 set', bytes: withFirst(0x10, frame('text', 'x')), outcome: 'close 1002' },
  { sends: 'a frame of the reserved opcode 3', bytes: encodeFrame({ opcode: 3 }), outcome: 'close 1002' },
  { sends: 'a frame of the reserved opcode 11', bytes: encodeFrame({ opcode: 11 }), outcome: 'close 1002' },
  { sends: 'a text without a mask', bytes: frame('text', 'x', { isMasked: false }), outcome: 'close 1002' },
  { sends: 'a continuation without a beginning', bytes: frame('continuation', 'x'), outcome: 'close 1002' },
  { sends: 'a text inside another text', bytes: Buffer.concat([part('text', 'a'), frame('text', 'b')]), outcome: 'close 1002' },
  { sends: 'a text that is not UTF-8', bytes: frame('text', notUtf8), outcome: 'close 1007' },
  {
    sends: 'a text in fragments that is not UTF-8',
    bytes: Buffer.concat([part('text', 'a'), frame('continuation', notUtf8)]),
    outcome: 'close 1007',
  },
  { sends: 'a close without a code', bytes: frame('close'), outcome: 'close' },
  { sends: 'a close with 1000', bytes: closeFrame(1000, 'done'), outcome: 'close 1000' },
  { sends: 'a close with 3000', bytes: closeFrame(3000), outcome: 'close 3000' },
  { sends: 'a close with 999', bytes: closeFrame(999), outcome: 'close 1002' },
  { sends: 'a close with 1005', bytes: closeFrame(1005), outcome: 'close 1002' },
  { sends: 'a close of one byte', bytes: frame('close', 'x'), outcome: 'close 1002' },
  { sends: 'a close with a reason that is not UTF-8', bytes: closeFrame(1000, notUtf8), outcome: 'close 1007' },
  { sends: 'a text of 4,096 bytes', bytes: frame('text', 'x'.repeat(4096)), outcome: 'open' },
  { sends: 'a text of 4,097 bytes', bytes: frame('text', 'x'.repeat(4097)), outcome: 'close 4009' },
  {
    sends: 'a text of 4,098 bytes in two fragments',
    bytes: Buffer.concat([part('text', 'x'.repeat(2049)), frame('continuation', 'x'.repeat(2049))]),
    outcome: 'close 4009',
  },
  { sends: 'a text of 5 bytes with its length in eight bytes', bytes: withLongLength(5n, 'hello'), outcome: 'open' },
  { sends: 'a text of 2^53 bytes', bytes: withLongLength(2n ** 53n, ''), outcome: 'close 4009' },
  { sends: 'a text of 2^63 bytes', bytes: withLongLength(2n ** 63n, ''), outcome: 'close 4009' },
  { sends: '60 pings at once', bytes: times(60, frame('ping', 'x')), outcome: 'close 4104' },
  { sends: '60 pongs at once', bytes: times(60, frame('pong', 'x')), outcome: 'close 4104' },
]

describe('frames of a WebSocket client', () => {
  const trial = tabulate('frames')
  let rig: Rig
  beforeAll(async () => {
    // Without rules for events of clients, which raise both limits.
    rig = await startRig({ UPSTREAM: 'off' })
  })
  afterAll(() => rig?.stop())

  const send = async ({ bytes, isTrickled = false }: Probe): Promise<string> => {
    const raw = await RawClient.connect(rig.port)
    try {
      const head = await raw.handshake('/wss/chrome-service/v1/ws', {
        host: `127.0.0.1:${rig.port}`,
        authorization: `Bearer ${rig.token}`,
        'sec-websocket-protocol': 'cloudevents.json',
      })
      if (!head.startsWith('HTTP/1.1 101 ')) return head
      for (const piece of isTrickled ? [...bytes].map((byte) => Buffer.from([byte])) : [bytes]) raw.send(piece)
      raw.send(frame('ping', 'still open'))
      return await outcomeOf(raw)
    } finally {
      raw.destroy()
    }
  }

  for (const probe of probes) {
    trial({
      client,
      what: `sends ${probe.sends}, and ${probe.outcome === 'open' ? 'the session stays open' : `is answered with ${probe.outcome}`}`,
      arrives: probe.outcome,
      act: () => send(probe),
    })
  }
})

/** Case 1.2.8 of Autobahn's test suite, in smaller pieces. */
describe('frames of a WebSocket client, of a gateway with a raised limit', () => {
  const trial = tabulate('large-frames')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({ MAX_INBOUND_FRAME_BYTES: '1048576' })
  })
  afterAll(() => rig?.stop())

  trial({
    client,
    what: 'sends a text of 64 KiB in pieces of 97 bytes, and the session stays open',
    arrives: 'open',
    act: async () => {
      const raw = await RawClient.connect(rig.port)
      try {
        await raw.handshake('/wss/chrome-service/v1/ws', { host: `127.0.0.1:${rig.port}`, authorization: `Bearer ${rig.token}` })
        const bytes = withLongLength(65_536n, 'x'.repeat(65_536))
        for (let at = 0; at < bytes.length; at += 97) await sendPiece(raw, bytes.subarray(at, at + 97))
        raw.send(frame('ping', 'still open'))
        return await outcomeOf(raw)
      } finally {
        raw.destroy()
      }
    },
  })
})

/** Writes a piece and waits until it has left. */
async function sendPiece(raw: RawClient, piece: Buffer): Promise<void> {
  await new Promise<void>((resolve) => raw.tcp.write(piece, () => setImmediate(resolve)))
}

/** Reads until the gateway closes, or answers the last ping. */
async function outcomeOf(raw: RawClient): Promise<string> {
  for (;;) {
    const { opcode, payload } = await raw.frame()
    if (opcode === opcodes.close) return payload.length < 2 ? 'close' : `close ${payload.readUInt16BE(0)}`
    if (opcode === opcodes.pong && payload.toString() === 'still open') return 'open'
  }
}
