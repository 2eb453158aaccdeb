import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChannelRig } from '../testing/channel-rig.ts'

describe('a log that loses records of one partition', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** Until what is due by then has happened, and sessions have had their turns. */
  const wait = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms))

  /** Each batch that could not be read closed all plain clients, gave all others a gap, and emptied the log of all partitions. */
  it('keeps plain clients, tells those that resume a few times, and delivers what other partitions have (one bad batch a second for 10 s)', async () => {
    const rig = createChannelRig()
    const plain = rig.connect({ userId: 'bob' }, { kind: 'plain' }).socket
    const resuming = rig.connect().socket
    for (let second = 0; second < 10; second += 1) {
      rig.ingest.lost(0, (second + 1) * 10)
      void rig.publish({ id: `good-${second}`, partition: 1 })
      await wait(1_000)
    }
    const good = Array.from({ length: 10 }, (_, second) => `good-${second}`)
    expect([plain.closedWith, plain.ids]).toEqual([null, good])
    expect(resuming.ids.filter((id) => id.startsWith('good'))).toEqual(good)
    expect(resuming.ids.filter((id) => id === '!gap')).toHaveLength(2)
    await wait(5_000)
    expect([resuming.ids.filter((id) => id === '!gap').length, rig.metrics.value('gaps', { reason: 'log-lost' })]).toEqual([3, 3])
  })

  it('sends one gap for losses that come together', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    for (const partition of [0, 1]) rig.ingest.lost(partition, 50)
    await wait(10_000)
    expect(socket.ids).toEqual(['!resumed', '!gap'])
  })

  it('keeps a gap pending for a client that leaves before it gets it: its cursor shows it, and it gets the gap on return', async () => {
    const rig = createChannelRig()
    const first = rig.connect()
    rig.ingest.lost(0, 5)
    void rig.publish({ id: 'after', partition: 0, offset: 5 })
    await wait(1)
    expect(first.socket.ids).toEqual(['!resumed', 'after'])
    first.socket.leave()
    const again = rig.connect({}, first.socket.resume).socket
    expect([again.ids, again.received[0]?.data]).toEqual([['!gap'], expect.objectContaining({ reason: 'log-lost' })])
    const third = rig.connect({}, again.resume).socket
    await wait(10_000)
    expect(third.ids).toEqual(['!resumed'])
  })

  it('gives a cursor from before the loss a gap, and one from after it none', async () => {
    const rig = createChannelRig()
    const before = rig.connect().socket
    const { resume } = before
    rig.ingest.lost(0, 5)
    await wait(10_000)
    expect(before.ids).toEqual(['!resumed', '!gap'])
    const [early, late] = [rig.connect({}, resume).socket, rig.connect({}, before.resume).socket]
    await wait(10_000)
    expect([early.ids, early.received[0]?.data, late.ids]).toEqual([['!gap'], expect.objectContaining({ reason: 'too-old' }), ['!resumed']])
  })

  /** `earliest` reads on both sides of a loss, and its client was told nothing of the records between. */
  it('gives `earliest` a gap for a loss behind the oldest event, announced or not, and none for a loss before it', async () => {
    const rig = createChannelRig()
    const earliest = () => rig.connect({}, { kind: 'earliest' }).socket
    rig.ingest.lost(1, 3)
    void rig.publish({ id: 'a', partition: 0 })
    const early = earliest()
    await wait(5_000)
    expect(early.ids).toEqual(['a', '!resumed'])
    rig.ingest.lost(0, 5)
    void rig.publish({ id: 'b', partition: 0 })
    const unannounced = earliest()
    await wait(5_000)
    const announced = earliest()
    await wait(1)
    expect([early.ids, unannounced.ids, announced.ids]).toEqual([
      ['a', '!resumed', 'b', '!gap'],
      ['a', 'b', '!resumed', '!gap'],
      ['a', 'b', '!gap'],
    ])
  })

  it('tells nothing to a client that was given the lost records by another pod', async () => {
    const rig = createChannelRig()
    const { resume } = rig.connect().socket
    if (resume.kind !== 'cursor') throw new Error('the client has no cursor')
    const { socket } = rig.connect({}, { kind: 'cursor', cursor: { ...resume.cursor, offsets: [20, 0] } })
    rig.ingest.lost(0, 10)
    await wait(10_000)
    expect(socket.ids).not.toContain('!gap')
  })

  it('tells a client that was given a part of the lost records by another pod', async () => {
    const rig = createChannelRig()
    const { resume } = rig.connect().socket
    if (resume.kind !== 'cursor') throw new Error('the client has no cursor')
    const { socket } = rig.connect({}, { kind: 'cursor', cursor: { ...resume.cursor, offsets: [20, 7] } })
    rig.ingest.lost(0, 30)
    await wait(10_000)
    expect(socket.ids).toContain('!gap')
  })

  it('tells a slow client after what it had still to read, when its socket takes more', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    socket.isCongested = true
    void rig.publish({ id: 'one', partition: 1 })
    await wait(1)
    void rig.publish({ id: 'two', partition: 0 })
    rig.ingest.lost(0, 10)
    void rig.publish({ id: 'three', partition: 1 })
    await wait(10_000)
    expect(socket.ids).toEqual(['!resumed', 'one'])
    socket.drain()
    await wait(1)
    expect(socket.ids).toEqual(['!resumed', 'one', 'two', 'three', '!gap'])
  })

  it('keeps the gap of an earlier loss pending for a slow client when a later loss does not concern it', async () => {
    const rig = createChannelRig()
    const { resume } = rig.connect().socket
    if (resume.kind !== 'cursor') throw new Error('the client has no cursor')
    const { socket } = rig.connect({}, { kind: 'cursor', cursor: { ...resume.cursor, offsets: [0, 50] } })
    socket.isCongested = true
    void rig.publish({ id: 'one', partition: 0 })
    await wait(1)
    rig.ingest.lost(0, 10)
    await wait(10_000)
    rig.ingest.lost(1, 30) // all of it was given to the client by another pod
    await wait(10_000)
    socket.drain()
    await wait(1)
    expect(socket.ids).toContain('!gap')
  })

  it('shares frames among clients with a pending gap, and encodes an event once', async () => {
    const rig = createChannelRig()
    const sockets = Array.from({ length: 5 }, (_, n) => rig.connect({ userId: `u${n}` }).socket)
    rig.ingest.lost(0, 10)
    void rig.publish({ id: 'x', partition: 1 })
    await wait(1)
    expect(new Set(sockets.map(({ writes }) => writes.at(-1))).size).toBe(1)
    expect(rig.metrics.value('eventsEncoded')).toBe(1)
  })
})
