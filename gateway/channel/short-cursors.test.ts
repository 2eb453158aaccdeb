import { afterEach, describe, expect, it, vi } from 'vitest'
import { encodeShortCursor } from '../replay/short-cursor.ts'
import type { Resume } from '../session/handshake.ts'
import { fullCursorEvery } from '../session/reader.ts'
import { type ChannelRig, createChannelRig, RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'

/** Connects a client that asks for short cursors. */
function ask(rig: ChannelRig, resume: Resume = { kind: 'latest' }): RecordingSocket {
  const socket = new RecordingSocket()
  rig.channel.join(socket, { principal: rigPrincipal(), resume, cursors: 'short' })
  return socket
}

/** Returns the form of each cursor that a client got, with its event. */
const formsOf = (socket: RecordingSocket): readonly string[] =>
  socket.received.map(({ cursor }, index) => `${socket.ids[index]} ${cursor?.startsWith('.') === true ? 'short' : 'whole'}`)

describe('a client that asks for short cursors', () => {
  afterEach(() => void vi.useRealTimers())

  it('gets the place of each event in its partition, after a whole cursor', async () => {
    const rig = createChannelRig()
    await rig.publish({ id: 'before' })
    const socket = ask(rig)
    await rig.publish({ id: 'one', partition: 1, offset: 40 })
    expect(formsOf(socket)).toEqual(['!resumed whole', 'one short'])
    expect(socket.received[1]?.cursor).toBe(encodeShortCursor({ partition: 1, offset: 41 }))
  })

  it.each<[string, (first: RecordingSocket) => Resume]>([
    ['from the oldest event', () => ({ kind: 'earliest' })],
    ['from a cursor', (first) => first.resume],
  ])('gets whole ones of what is replayed %s, until it has all of it', async (_from, resumeOf) => {
    const rig = createChannelRig()
    const first = rig.connect().socket
    await rig.publish({ id: 'zero' })
    const resume = resumeOf(first)
    await rig.publish({ id: 'one' })
    await rig.publish({ id: 'two' })
    const socket = ask(rig, resume)
    await rig.channel.settled()
    await rig.publish({ id: 'three' })
    expect(formsOf(socket).slice(-4)).toEqual(['one whole', 'two whole', '!resumed whole', 'three short'])
  })

  it('gets whole ones if it does not resume', async () => {
    const rig = createChannelRig()
    const socket = ask(rig, { kind: 'plain' })
    await rig.publish({ id: 'zero' })
    await rig.publish({ id: 'one' })
    expect(formsOf(socket)).toEqual(['zero whole', 'one whole'])
  })

  it('gets whole ones while a gap is pending, and short ones after the gap', async () => {
    vi.useFakeTimers()
    const rig = createChannelRig()
    const socket = ask(rig)
    await Promise.all([rig.publish({ id: 'zero' }), rig.publish({ id: 'one' }), vi.advanceTimersByTimeAsync(1)])
    rig.ingest.lost(0, 50)
    await Promise.all([rig.publish({ id: 'two' }), vi.advanceTimersByTimeAsync(1)])
    await vi.advanceTimersByTimeAsync(10_000)
    await Promise.all([rig.publish({ id: 'three' }), vi.advanceTimersByTimeAsync(1)])
    expect(formsOf(socket)).toEqual(['!resumed whole', 'zero whole', 'one short', 'two whole', '!gap whole', 'three short'])
  })

  it('gets a whole one with one entry in 64, so that its own stays short', async () => {
    const rig = createChannelRig()
    const socket = ask(rig)
    for (let count = 0; count < 2 * fullCursorEvery; count += 1) await rig.publish({ id: 'event' })
    expect(formsOf(socket).filter((form) => form === 'event whole')).toHaveLength(2)
  })

  it('has the frame of all others that ask, also of those that are ahead of this pod', async () => {
    const rig = createChannelRig()
    const fast = createChannelRig()
    const elsewhere = fast.connect().socket
    await fast.publish({ id: 'further', partition: 1, offset: 70 })
    const [one, ahead] = [ask(rig), ask(rig, elsewhere.resume)]
    await rig.channel.settled()
    await rig.publish({ id: 'zero' })
    await rig.publish({ id: 'one' })
    expect([one.ids.at(-1), ahead.ids.at(-1)]).toEqual(['one', 'one'])
    expect(ahead.writes.at(-1)).toBe(one.writes.at(-1))
  })
})
