import { describe, expect, it } from 'vitest'
import { compressionBounds } from '../replay/frames.ts'
import type { Resume } from '../session/handshake.ts'
import { type ChannelRig, createChannelRig, RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'

/** Frames that were compressed. */
const compressed: Buffer[] = []

/** Framing of clients that take compressed frames. A compressed frame is a line as well here, in memory of its own. */
const framing = {
  ...new RecordingSocket().framing,
  compress: (frame: Buffer) => {
    const copy = Buffer.from(frame)
    compressed.push(copy)
    return copy
  },
}

/** Connects a client that takes compressed frames. */
function connect(rig: ChannelRig, resume: Resume) {
  const socket = new RecordingSocket()
  Object.assign(socket, { framing })
  return { session: rig.channel.join(socket, { principal: rigPrincipal(), resume }), socket }
}

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

describe('an event for everyone', () => {
  it('goes out compressed to each client from the eighth on', async () => {
    const rig = createChannelRig()
    const got: boolean[] = []
    for (let count = 0; count < 20; count += 1) {
      const { socket } = connect(rig, { kind: 'latest' })
      const { write } = socket
      Object.assign(socket, {
        write: (bytes: Buffer) => {
          if (bytes.includes('"large"')) got.push(compressed.includes(bytes))
          return write.call(socket, bytes)
        },
      })
    }
    await rig.publish({ id: 'large', padding: 2_000 })
    expect(got).toEqual(Array.from({ length: 20 }, (_, count) => count + 1 >= compressionBounds.leastClients))
  })
})
