import { describe, expect, it } from 'vitest'
import { failed, ok } from '../../program/result.ts'
import type { Framing } from './framing.ts'
import { anAudience } from '../testing/builders.ts'
import { createMemorySocket } from '../testing/memory-socket.ts'
import { parseStreamMessages } from '../../testing/sse.ts'
import { parseTextFrames } from '../../testing/ws-frames.ts'
import { decodeCursor } from './cursor.ts'
import { keyBytes } from './audience-index.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import { Frames, wrapJson } from './frames.ts'
import { ReplayLog } from './replay-log.ts'
import { encodeShortCursor } from './short-cursor.ts'

const { framing: websocket } = createMemorySocket({ framing: 'websocket' }).socket
const { framing: sse } = createMemorySocket({ framing: 'sse' }).socket

/** A log and its frames, with an encoder that counts, and fails at events that say `isBroken`. */
function rig() {
  const log = new ReplayLog('topic', { windowMs: 60_000, maxBytes: 1_000_000 })
  log.reset({ epoch: 'first', startOffsets: [0, 0], endOffsets: [0, 0] })
  const calls = { encode: 0, encoded: 0, broken: [] as string[] }
  const frames = new Frames(
    log,
    (content) => {
      calls.encode += 1
      if (content.kind !== 'parsed' || content.event['isBroken'] === true) return failed({ reason: 'bad-data', detail: 'the test says so' })
      return ok(Buffer.from(JSON.stringify(content.event).slice(0, -1)))
    },
    { encoded: () => (calls.encoded += 1), broken: (_entry, { reason }) => calls.broken.push(reason) },
  )
  const append = (event: Readonly<Record<string, unknown>>): Entry =>
    log.append({
      partition: 0,
      offset: log.positions[0] ?? 0,
      audience: anAudience({ broadcast: true }),
      timestampMs: 0,
      appendedAtMs: 0,
      traceparent: null,
      content: { kind: 'parsed', event, bytes: 10_000 },
      contentBytes: 10_000,
    })
  return { log, frames, calls, append }
}

const made = (frame: Buffer | null): Buffer => frame ?? Buffer.alloc(0)
const offsetsOf = (cursor: unknown): readonly number[] | null => {
  const decoded = decodeCursor(String(cursor))
  return decoded.ok ? decoded.value.offsets : null
}
const eventsOf = (frame: Buffer | null, framing: Framing): readonly Record<string, unknown>[] => {
  const texts = framing.kind === 'websocket' ? parseTextFrames(made(frame)) : parseStreamMessages(made(frame)).map(({ data }) => data)
  return texts.map((text) => JSON.parse(text) as Record<string, unknown>) // the encoder above makes objects
}

describe('the attributes of an entry', () => {
  it('leave a body with memory of its own, because no frame may ever replace it', () => {
    const { frames, append } = rig()
    const entry = append({ id: 'held back' })
    expect(frames.attributes(entry)?.['id']).toBe('held back')
    expect(entry.body?.buffer.byteLength).toBe(entry.body?.length)
  })
})

describe('a frame', () => {
  it('is the event with the cursor after it, for each transport', () => {
    const { frames, append, log } = rig()
    append({ id: 'before' })
    const entry = append({ id: 'one', text: 'Zoë 🦊' })
    const cursor = log.cursorAfter(entry)
    expect(eventsOf(frames.frame(entry, websocket, null), websocket)).toEqual([{ id: 'one', text: 'Zoë 🦊', cursor }])
    expect(eventsOf(frames.frame(entry, sse, null), sse)).toEqual([{ id: 'one', text: 'Zoë 🦊', cursor }])
    expect(parseStreamMessages(made(frames.frame(entry, sse, null)))[0]?.id).toBe(cursor)
    expect(offsetsOf(cursor)).toEqual([2, 0])
  })

  it('is made when it is first asked for, once per transport, and the JSON once for both (G2)', () => {
    const { frames, append, calls } = rig()
    const entry = append({ id: 'one' })
    expect(calls.encode).toBe(0)
    const [first, second] = [frames.frame(entry, websocket, null), frames.frame(entry, sse, null)]
    expect([frames.frame(entry, websocket, null), frames.frame(entry, sse, null)]).toEqual([first, second])
    expect(frames.frame(entry, websocket, null)).toBe(first)
    expect(frames.frame(entry, sse, null)).toBe(second)
    expect([calls.encode, calls.encoded, entry.content]).toEqual([1, 1, null])
  })

  it('of an event with a text of 70,000 characters is whole, too', () => {
    const { frames, append } = rig()
    const text = 'ä'.repeat(35_000)
    expect(eventsOf(frames.frame(append({ id: 'long', text }), websocket, null), websocket)[0]?.['text']).toBe(text)
  })

  it.each([
    ['websocket', websocket, sse],
    ['sse', sse, websocket],
  ])(
    'for %s first: the body is a view into it, so that the bytes are held once, and the other frame is counted beside it',
    (_kind, first, second) => {
      const { frames, append, log } = rig()
      const entry = append({ id: 'one', text: 'x'.repeat(500) })
      const frame = made(frames.frame(entry, first, null))
      const body = made(entry.body)
      expect([body.buffer === frame.buffer, body.toString()]).toEqual([
        true,
        JSON.stringify({ id: 'one', text: 'x'.repeat(500) }).slice(0, -1),
      ])
      expect([body.byteOffset >= frame.byteOffset, body.byteOffset + body.length <= frame.byteOffset + frame.length]).toEqual([true, true])
      expect([entry.bytes, log.bytes]).toEqual([entryOverheadBytes + frame.length, entryOverheadBytes + frame.length + keyBytes])
      const other = made(frames.frame(entry, second, null))
      expect([entry.body === body, log.bytes]).toEqual([true, entryOverheadBytes + frame.length + other.length + keyBytes])
    },
  )
})

describe('a frame with a short cursor', () => {
  it('has the place of the event in its partition, and no id in an event stream', () => {
    const { frames, append } = rig()
    append({ id: 'before' })
    const entry = append({ id: 'one' })
    const cursor = encodeShortCursor({ partition: 0, offset: 2 })
    expect(eventsOf(frames.shortFrame(entry, websocket), websocket)).toEqual([{ id: 'one', cursor }])
    const [message] = parseStreamMessages(made(frames.shortFrame(entry, sse)))
    expect([message?.id, JSON.parse(message?.data ?? '')]).toEqual([null, { id: 'one', cursor }])
  })

  it('is made once, from the JSON of the other frames, and is counted', () => {
    const { frames, append, log, calls } = rig()
    const entry = append({ id: 'one' })
    const short = made(frames.shortFrame(entry, websocket))
    expect(frames.shortFrame(entry, websocket)).toBe(short)
    expect([entry.body?.buffer, log.bytes]).toEqual([short.buffer, entryOverheadBytes + short.length + keyBytes])
    const full = made(frames.frame(entry, websocket, null))
    expect([calls.encode, log.bytes]).toEqual([1, entryOverheadBytes + short.length + full.length + keyBytes])
  })

  it('is none for an event that turns out to be broken', () => {
    const { frames, append } = rig()
    expect(frames.shortFrame(append({ isBroken: true }), websocket)).toBeNull()
  })
})

describe('a compressed frame', () => {
  /** A framing that marks what it compresses. */
  const compressing: Framing = { ...websocket, compress: (frame) => frame.subarray(0, frame.length - 1) }
  const isCompressed = (frame: Buffer | null, plain: Buffer | null): boolean => made(frame).length < made(plain).length

  it('is made for the eighth client that takes one, and shared by all later ones', () => {
    const { frames, append } = rig()
    const entry = append({ id: 'one', text: 'x'.repeat(2_000) })
    const plain = frames.frame(entry, websocket, null)
    const got = Array.from({ length: 10 }, () => frames.frame(entry, compressing, null))
    expect(got.map((frame) => isCompressed(frame, plain))).toEqual([...Array<boolean>(7).fill(false), true, true, true])
    expect([got[9] === got[7], frames.frame(entry, websocket, null) === plain]).toEqual([true, true])
  })

  it('is made of each variant that its sessions share, and counted', () => {
    const { frames, append, log } = rig()
    const entry = append({ id: 'one', text: 'x'.repeat(2_000) })
    const short = Array.from({ length: 8 }, () => made(frames.shortFrame(entry, compressing)))
    expect(isCompressed(short[7] ?? null, short[0] ?? null)).toBe(true)
    expect(log.bytes).toBe(entryOverheadBytes + (short[0]?.length ?? 0) + (short[7]?.length ?? 0) + keyBytes)
    expect(frames.compressedBytes).toBe(short[0]?.length)
    expect(isCompressed(frames.frame(entry, compressing, null), short[0] ?? null)).toBe(false)
  })

  it.each([
    ['too small', 500, false],
    ['large enough', 1_100, true],
    ['as large as may be', 262_000, true],
    ['too large', 262_144, false],
  ])('is none of an event that is %s', (_what, characters, isMade) => {
    const { frames, append } = rig()
    const entry = append({ id: 'one', text: 'x'.repeat(characters) })
    const got = Array.from({ length: 9 }, () => frames.frame(entry, compressing, null))
    expect(isCompressed(got[8] ?? null, got[0] ?? null)).toBe(isMade)
  })

  it('that is not smaller is the plain one, which is not counted twice', () => {
    const { frames, append, log } = rig()
    const entry = append({ id: 'one', text: 'x'.repeat(2_000) })
    const same: Framing = { ...websocket, compress: (frame) => frame }
    const got = Array.from({ length: 9 }, () => frames.frame(entry, same, null))
    expect([got[8] === got[0], log.bytes]).toEqual([true, entryOverheadBytes + made(got[0] ?? null).length + keyBytes])
  })
})

describe('a frame for a session that is ahead of this pod', () => {
  it("has a cursor that is not behind the session's own, and is made for it alone", () => {
    const { frames, append, calls } = rig()
    const entry = append({ id: 'one' })
    const own = frames.frame(entry, websocket, [0, 77])
    const shared = frames.frame(entry, websocket, null)
    expect([own, shared].map((frame) => offsetsOf(eventsOf(frame, websocket)[0]?.['cursor']))).toEqual([
      [1, 77],
      [1, 0],
    ])
    expect(frames.frame(entry, websocket, null)).toBe(shared)
    expect(offsetsOf(eventsOf(frames.frame(entry, sse, [9, 0, 4]), sse)[0]?.['cursor'])).toEqual([9, 0, 4])
    expect(calls.encode).toBe(1)
  })

  it('leaves nothing behind in the log but the body', () => {
    const { frames, append, log } = rig()
    const entry = append({ id: 'one' })
    frames.frame(entry, websocket, [0, 77])
    expect([entry.frames, log.bytes]).toEqual([null, entryOverheadBytes + made(entry.body).length + keyBytes])
  })
})

describe('an event that turns out to be broken', () => {
  it('has no frame, is encoded and reported once, and costs the replay log only its place', () => {
    const { frames, append, log, calls } = rig()
    const entry = append({ isBroken: true })
    expect([frames.frame(entry, websocket, null), frames.frame(entry, sse, null), frames.frame(entry, sse, [5, 5])]).toEqual([
      null,
      null,
      null,
    ])
    expect([calls.encode, calls.broken, log.bytes]).toEqual([1, ['bad-data'], entryOverheadBytes + keyBytes])
  })

  it('does not count as encoded', () => {
    const { frames, append, calls } = rig()
    frames.frame(append({ isBroken: true }), websocket, null)
    expect(calls.encoded).toBe(0)
  })
})

describe('an entry that has left the replay log while a reader holds it', () => {
  it('does not change the bytes of the replay log', () => {
    const { frames, append, log } = rig()
    const entry = append({ id: 'one' })
    log.trim(1e9)
    const frame = frames.frame(entry, websocket, null)
    expect([eventsOf(frame, websocket)[0]?.['id'], log.bytes]).toEqual(['one', 0])
  })
})

describe('an event without a cursor', () => {
  it('ends after its own members', () => {
    expect(eventsOf(wrapJson(Buffer.from('{"a":1'), null, websocket), websocket)).toEqual([{ a: 1 }])
    expect(parseStreamMessages(wrapJson(Buffer.from('{"a":1'), null, sse))).toEqual([{ id: null, event: 'message', data: '{"a":1}' }])
  })
})
