import { describe, expect, it } from 'vitest'
import { compressionBounds } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'
import type { Resume } from '../session/handshake.ts'
import { type ChannelRig, createChannelRig, RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'

/** One for all clients, as the real one. A compressed frame is a line as well, in memory of its own. */
const compressing: Framing = { ...new RecordingSocket().framing, compress: (frame) => Buffer.from(frame) }

/** Connects a client that takes compressed frames. */
function connect(rig: ChannelRig, resume: Resume) {
  const socket = Object.assign(new RecordingSocket(), { framing: compressing })
  return { session: rig.channel.join(socket, { principal: rigPrincipal(), resume }), socket }
}

describe('an event for everyone', () => {
  it('is compressed for all clients from the eighth on, and plain for those before and for clients that take it so', async () => {
    const rig = createChannelRig()
    const sockets = Array.from({ length: 12 }, () => connect(rig, { kind: 'latest' }).socket)
    const plain = rig.connect().socket
    await rig.publish({ id: 'large', padding: 2_000 })
    const frames = sockets.map(({ writes }) => writes.at(-1))
    const { leastClients } = compressionBounds
    expect(frames.slice(0, leastClients - 1).every((frame) => frame === plain.writes.at(-1))).toBe(true)
    expect(frames.slice(leastClients - 1).every((frame) => frame === frames.at(-1))).toBe(true)
    expect([frames.at(-1) === plain.writes.at(-1), sockets.every(({ ids }) => ids.join() === '!resumed,large')]).toEqual([false, true])
  })
})

describe('a turn of a session that takes compressed frames', () => {
  it('ends when it has compressed as much as one turn may, and the session goes on at the next one', async () => {
    const rig = createChannelRig({ replayMaxBytes: 10_000_000, socketBufferBytes: 10_000_000 })
    const start = rig.connect().socket.resume
    for (let count = 0; count < 30; count += 1) await rig.publish({ id: `e${count}`, padding: 60_000 })
    const turns = Array.from({ length: compressionBounds.leastClients }, () => connect(rig, start).session.takeTurn())
    expect(turns).toEqual([...Array<number>(compressionBounds.leastClients - 1).fill(30), 5])
    const later = connect(rig, start)
    await expect.poll(() => later.session.isCatchingUp).toBe(false)
    expect(later.socket.ids).toEqual([...Array.from({ length: 30 }, (_, count) => `e${count}`), '!resumed'])
  })
})
