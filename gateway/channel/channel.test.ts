import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createChannelRig, RecordingSocket } from '../testing/channel-rig.ts'
import { drainSessions } from './drain.ts'

describe('the log at debug', () => {
  it('says who came, as an audience would have to name them, and how their session ended', () => {
    const rig = createChannelRig()
    const { socket: ann } = rig.connect({ userId: 'ann', username: 'Ann', organizationId: 'red', roles: ['admin'] })
    const { session: bob } = rig.connect({ userId: 'bob' }, { kind: 'plain' })
    ann.leave()
    bob.close('draining')
    const about = (user: string): readonly unknown[] =>
      rig.logged
        .filter(({ fields }) => fields['user'] === user)
        .map(({ level, message, fields }) => [level, message, fields['resume'] ?? fields['code']])
    expect(about('ann')).toEqual([
      ['debug', 'session opened', 'latest'],
      ['debug', 'session closed', 'peer'],
    ])
    expect(about('bob')).toEqual([
      ['debug', 'session opened', 'plain'],
      ['debug', 'session closed', 'draining'],
    ])
    expect(rig.logged[0]?.fields).toMatchObject({ username: 'Ann', organization: 'red', roles: ['admin'] })
  })
})

describe('delivery', () => {
  it('reaches the recipients of its audience, and no other client (G3)', async () => {
    const rig = createChannelRig()
    const { socket: ann } = rig.connect({ userId: 'ann', organizationId: 'red' })
    const { socket: bob } = rig.connect({ userId: 'bob', organizationId: 'red', roles: ['admin'] })
    const { socket: cid } = rig.connect({ userId: 'cid', organizationId: 'blue', roles: ['admin'] })
    await rig.publish({ id: 'to-ann', audience: { users: ['ann'] } })
    await rig.publish({ id: 'to-red', audience: { organizations: ['red'] } })
    await rig.publish({ id: 'to-red-admins', audience: { organizations: ['red'], roles: ['admin'] } })
    await rig.publish({ id: 'to-nobody', audience: {} })
    await rig.publish({ id: 'to-all', audience: { broadcast: true } })
    expect([ann.ids, bob.ids, cid.ids]).toEqual([
      ['!resumed', 'to-ann', 'to-red', 'to-all'],
      ['!resumed', 'to-red', 'to-red-admins', 'to-all'],
      ['!resumed', 'to-all'],
    ])
  })

  it('goes to every connection of a user, and goes on when one of them closes', async () => {
    const rig = createChannelRig()
    const [first, second] = [rig.connect(), rig.connect()]
    await rig.publish({ id: 'one', audience: { users: ['ann'] } })
    first.socket.leave()
    await rig.publish({ id: 'two', audience: { users: ['ann'] } })
    expect([first.socket.ids, second.socket.ids]).toEqual([
      ['!resumed', 'one'],
      ['!resumed', 'one', 'two'],
    ])
  })

  it('leaves nothing behind when sessions go: no keys, no users', () => {
    const rig = createChannelRig()
    const sockets = Array.from(
      { length: 50 },
      (_, index) => rig.connect({ userId: `user-${index}`, username: `name-${index}`, organizationId: `org-${index}` }).socket,
    )
    for (const socket of sockets) socket.leave()
    expect([rig.channel.hub.size, rig.channel.hub.keyCount, rig.channel.hub.countOf('user-1'), rig.metrics.value('sessions')]).toEqual([
      0, 0, 0, 0,
    ])
  })

  it('encodes an event once for all clients, and never without a recipient (G2)', async () => {
    const rig = createChannelRig()
    for (let index = 0; index < 20; index += 1)
      rig.connect({ userId: `user-${index}` }, { kind: 'latest' }, new RecordingSocket(index < 10 ? 'websocket' : 'sse'))
    const before = rig.metrics.value('eventsEncoded')
    await rig.publish({ id: 'to-all' })
    await rig.publish({ id: 'to-a-stranger', audience: { users: ['stranger'] } })
    expect(rig.metrics.value('eventsEncoded') - before).toBe(1)
  })

  it('sends what came in one turn as one write', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    const writesBefore = socket.writes.length
    await Promise.all(Array.from({ length: 8 }, (_, index) => rig.publish({ id: `event-${index}` })))
    expect([socket.writes.length - writesBefore, socket.ids.length]).toEqual([1, 9])
  })

  it('gives sessions that get the same frames the same buffer', async () => {
    const rig = createChannelRig()
    const [first, second] = [rig.connect().socket, rig.connect({ userId: 'bob' }).socket]
    await Promise.all([rig.publish({ id: 'one' }), rig.publish({ id: 'two' })])
    expect(first.writes.at(-1)).toBe(second.writes.at(-1))
  })

  it('passes over an event that turns out to be broken, and counts it', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    await rig.publish({ id: 'broken', isBroken: true })
    await rig.publish({ id: 'whole' })
    expect([socket.ids, rig.metrics.value('recordsUndecodable', { reason: 'bad-data' })]).toEqual([['!resumed', 'whole'], 1])
  })
})

describe('a slow socket', () => {
  it('is not written to until it drains, then gets what it missed, in order, while others go on (G4)', async () => {
    const rig = createChannelRig()
    const slow = rig.connect()
    const quick = rig.connect()
    slow.socket.isCongested = true
    await rig.publish({ id: 'one' })
    await rig.publish({ id: 'two' })
    await rig.publish({ id: 'three' })
    expect([slow.socket.ids, quick.socket.ids]).toEqual([
      ['!resumed', 'one'],
      ['!resumed', 'one', 'two', 'three'],
    ])
    slow.socket.drain()
    await rig.channel.settled()
    expect(slow.socket.ids).toEqual(['!resumed', 'one', 'two', 'three'])
  })

  it('that resumes gets a gap when the replay log has dropped its events, and continues from there', async () => {
    const rig = createChannelRig({ replayMaxBytes: 2_000 })
    const { socket } = rig.connect()
    socket.isCongested = true
    for (let index = 0; index < 20; index += 1) await rig.publish({ id: `event-${index}` })
    socket.drain()
    await rig.channel.settled()
    await rig.publish({ id: 'after' })
    expect([socket.ids, rig.metrics.value('gaps', { reason: 'too-slow' })]).toEqual([['!resumed', 'event-0', '!gap', 'after'], 1])
  })

  it('that does not resume is closed with tooSlow, and never becomes a connected zombie', async () => {
    const rig = createChannelRig({ replayMaxBytes: 2_000 })
    const { socket } = rig.connect({}, { kind: 'plain' })
    socket.isCongested = true
    for (let index = 0; index < 20; index += 1) await rig.publish({ id: `event-${index}` })
    socket.drain()
    await rig.channel.settled()
    expect([socket.closedWith?.code, rig.channel.hub.size]).toEqual(['tooSlow', 0])
  })

  it('gets no more than one turn holds at a time', async () => {
    const rig = createChannelRig({ socketBufferBytes: 1_024 })
    const { socket } = rig.connect()
    socket.isCongested = true
    await rig.publish({ id: 'first' })
    for (let index = 0; index < 10; index += 1) await rig.publish({ id: `event-${index}`, padding: 500 })
    socket.drain()
    for (let turn = 0; turn < 10; turn += 1) await rig.channel.settled()
    expect(Math.max(...socket.writes.map((write) => write.length))).toBeLessThan(1_024 + 800)
    expect(socket.ids.length).toBe(12)
  })
})

describe('resuming', () => {
  it('replays what came since the cursor, and says how much', async () => {
    const rig = createChannelRig()
    const first = rig.connect()
    await rig.publish({ id: 'one' })
    first.socket.leave()
    await rig.publish({ id: 'two' })
    await rig.publish({ id: 'not-for-ann', audience: { users: ['bob'] } })
    const second = rig.connect({}, first.socket.resume)
    await rig.channel.settled()
    expect([second.socket.ids, second.socket.received.at(-1)?.data]).toEqual([
      ['two', '!resumed'],
      { replayed: 1, session: expect.any(String), features: ['filters', 'subscribe', 'token', 'short-cursors'] },
    ])
  })

  it('with a cursor older than the log is answered with a gap', async () => {
    const rig = createChannelRig({ replayMaxBytes: 2_000 })
    const first = rig.connect()
    first.socket.leave()
    for (let index = 0; index < 20; index += 1) await rig.publish({ id: `event-${index}` })
    const { socket } = rig.connect({}, first.socket.resume)
    expect([socket.ids, socket.received[0]?.data]).toEqual([
      ['!gap'],
      { reason: 'too-old', session: expect.any(String), features: ['filters', 'subscribe', 'token', 'short-cursors'] },
    ])
  })

  it('across a recreated topic gets a gap', async () => {
    const rig = createChannelRig()
    const first = rig.connect()
    await rig.publish({ id: 'one' })
    first.socket.leave()
    rig.ingest.opened({ epoch: 'second', startOffsets: [0, 0], endOffsets: [0, 0] })
    const { socket } = rig.connect({}, first.socket.resume)
    expect(socket.received[0]?.data).toMatchObject({ reason: 'epoch' })
  })

  it("with a cursor from the future waits for the second report of the log's ends before it says gap", async () => {
    const rig = createChannelRig()
    const ahead = createChannelRig()
    for (let index = 0; index < 5; index += 1) await ahead.publish({ id: `event-${index}` })
    const { socket } = rig.connect({}, ahead.connect().socket.resume)
    await rig.channel.settled()
    rig.ingest.ends([0, 0])
    expect(socket.ids).toEqual(['!resumed'])
    rig.ingest.ends([0, 0])
    expect([socket.ids, socket.received.at(-1)?.data]).toEqual([['!resumed', '!gap'], { reason: 'future' }])
  })

  it('with a cursor of a pod that is ahead delivers nothing twice, and gets no gap once the ends are known', async () => {
    const rig = createChannelRig()
    const ahead = createChannelRig()
    for (let index = 0; index < 3; index += 1) await ahead.publish({ id: `event-${index}` })
    const { socket } = rig.connect({}, ahead.connect().socket.resume)
    rig.ingest.ends([4, 0])
    rig.ingest.ends([4, 0])
    for (let index = 0; index < 4; index += 1) await rig.publish({ id: `event-${index}` })
    expect(socket.ids).toEqual(['!resumed', 'event-3'])
  })

  it('of 500 clients at once costs each what it gets, not what the log holds', async () => {
    const rig = createChannelRig({ replayMaxBytes: 100_000_000, maxConnections: 1000 })
    const { socket } = rig.connect({ userId: 'user-0' })
    socket.leave()
    for (let index = 0; index < 5_000; index += 1) await rig.publish({ id: `event-${index}`, audience: { users: [`user-${index % 500}`] } })
    const returned = Array.from({ length: 500 }, (_, index) => rig.connect({ userId: `user-${index}` }, socket.resume).socket)
    for (let turn = 0; turn < 3; turn += 1) await rig.channel.settled()
    expect(returned.every(({ ids }) => ids.length === 11)).toBe(true)
    expect(rig.metrics.value('eventsEncoded')).toBe(5_000)
  })
})

describe('a client that asks for the earliest event', () => {
  it('gets the oldest event that is held at its turn, without a gap for events that were dropped before', async () => {
    const rig = createChannelRig({ replayMaxBytes: 2_000 })
    await rig.publish({ id: 'first' })
    const { socket } = rig.connect({}, { kind: 'earliest' })
    // One turn of the event loop in which the replay log drops its oldest entry: no session has read yet.
    const filled = Array.from({ length: 30 }, (_, index) => rig.publish({ id: `later-${index}` }))
    await Promise.all(filled)
    expect(socket.ids).not.toContain('first')
    expect(socket.ids).not.toContain('!gap')
    expect(socket.ids.at(-2)).toBe('later-29')
    expect(socket.ids.at(-1)).toBe('!resumed')
  })

  it('gets all events when its token is renewed before its first turn', async () => {
    const rig = createChannelRig()
    for (const id of ['one', 'two']) await rig.publish({ id })
    const { socket, session } = rig.connect({}, { kind: 'earliest' })
    rig.channel.renew(session, session.principal, { id: 'frame', expiresInMs: null })
    await rig.channel.settled()
    expect(socket.ids).toEqual(['!token-accepted', 'one', 'two', '!resumed'])
  })

  it('is up to date at once when nothing is held', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect({}, { kind: 'earliest' })
    await rig.channel.settled()
    expect(socket.ids).toEqual(['!resumed'])
    await rig.publish({ id: 'live' })
    expect(socket.ids).toEqual(['!resumed', 'live'])
  })
})

describe('a topic that loses events or is recreated', () => {
  it('sends a gap to clients that resume, and closes plain clients, when it is recreated', () => {
    const rig = createChannelRig()
    const resuming = rig.connect().socket
    const plain = rig.connect({}, { kind: 'plain' }).socket
    rig.ingest.opened({ epoch: 'second', startOffsets: [100, 0], endOffsets: [100, 0] })
    expect([resuming.received.at(-1)?.data, plain.closedWith?.code]).toEqual([{ reason: 'epoch' }, 'eventsLost'])
  })
})

describe('limits', () => {
  it('name which one is reached, of the pod or of the user', () => {
    const rig = createChannelRig({ maxConnections: 3, maxConnectionsPerUser: 2 })
    rig.connect({ userId: 'ann' })
    rig.connect({ userId: 'ann' })
    expect([rig.channel.limitFor('ann'), rig.channel.limitFor('bob')]).toEqual(['tooManyConnections', null])
    rig.connect({ userId: 'bob' })
    expect(rig.channel.limitFor('cid')).toBe('overloaded')
  })
})

describe('as time goes by', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it('a session is pinged every interval, and lives while it answers', () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    for (let second = 0; second < 120; second += 1) {
      vi.advanceTimersByTime(1000)
      socket.pong()
    }
    expect([socket.closedWith, socket.pings]).toEqual([null, 5])
  })

  it('sessions are pinged a few at a time, however many there are, so that no event waits for them', () => {
    const sessions = 3_000
    let drawn = 0
    const rig = createChannelRig(
      { maxConnections: sessions, maxConnectionsPerUser: sessions, heartbeatIntervalMs: 30_000 },
      () => drawn++ / sessions,
    )
    const sockets = Array.from({ length: sessions }, () => rig.connect().socket)
    const pings = (): number => sockets.reduce((sum, socket) => sum + socket.pings, 0)
    let most = 0
    for (let before = 0, ms = 0; ms <= 30_100; ms += 50) {
      vi.advanceTimersByTime(50)
      most = Math.max(most, pings() - before)
      before = pings()
    }
    expect(pings()).toBeGreaterThanOrEqual(sessions)
    expect(most).toBeLessThanOrEqual(11)
  })

  it('a peer that does not answer a ping is closed as unresponsive after the deadline', () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    vi.advanceTimersByTime(12_500 + 10_000 - 1)
    expect(socket.closedWith).toBeNull()
    vi.advanceTimersByTime(3_000)
    expect(socket.closedWith?.code).toBe('unresponsive')
  })

  it('a client that missed nothing gets the cursor of the head, and a plain one does not', async () => {
    const rig = createChannelRig()
    const resuming = rig.connect().socket
    const plain = rig.connect({}, { kind: 'plain' }).socket
    await rig.publish({ id: 'not-theirs', audience: { users: ['bob'] } })
    vi.advanceTimersByTime(14_000)
    expect([resuming.ids, plain.ids]).toEqual([['!resumed', '!bookmark'], []])
    expect(resuming.resume).toMatchObject({ cursor: { offsets: [1, 0] } })
  })

  it('a client that resumes hears of the gateway every heartbeat, also when nothing happens, and how often that is', () => {
    const rig = createChannelRig({ heartbeatIntervalMs: 20_000 })
    const { socket } = rig.connect()
    for (let second = 0; second < 65; second += 1) {
      vi.advanceTimersByTime(1000)
      socket.pong()
    }
    expect(socket.ids).toEqual(['!resumed', '!bookmark', '!bookmark', '!bookmark'])
    expect(socket.received.map(({ heartbeatms }) => heartbeatms)).toEqual([20_000, 20_000, 20_000, 20_000])
    expect(socket.writes[2]).toBe(socket.writes[3])
  })

  it('a bookmark is not written to a socket that is congested, nor to a session that is closed', () => {
    const rig = createChannelRig()
    const [congested, closing] = [rig.connect(), rig.connect()]
    congested.socket.isCongested = true
    congested.session.notify({ type: 'dev.carillon.draining', data: { reconnectAfterMs: 1 } })
    closing.session.close('draining')
    for (const { session } of [congested, closing]) session.bookmark()
    expect([congested.socket.ids, closing.socket.ids]).toEqual([['!resumed', '!draining'], ['!resumed']])
  })

  it('a time of day that is set back or forward changes nothing for pings, and dead peers are found', () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    vi.setSystemTime(Date.now() - 3_600_000)
    vi.advanceTimersByTime(14_000)
    expect(socket.pings).toBe(1)
    vi.setSystemTime(Date.now() + 40 * 365 * 86_400_000)
    vi.advanceTimersByTime(5_000)
    expect(socket.closedWith).toBeNull()
    vi.advanceTimersByTime(7_000)
    expect(socket.closedWith?.code).toBe('unresponsive')
  })

  it('a token ends by the time of day, also when that is set', () => {
    const rig = createChannelRig()
    const { socket } = rig.connect({ expiresAtMs: Date.now() + 3_600_000 })
    vi.setSystemTime(Date.now() + 7_200_000)
    vi.advanceTimersByTime(14_000)
    expect(socket.closedWith?.code).toBe('tokenExpired')
  })

  it('a peer is not taken for dead because this process was stopped, as its answer may lie unread; but it is when none comes then', () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    const tickAt = (ms: number): void => {
      clock.mockReturnValue(ms)
      vi.advanceTimersToNextTimer()
    }
    const { socket } = createChannelRig().connect()
    for (let ms = 1_000; ms <= 13_000; ms += 1_000) tickAt(ms)
    expect(socket.pings).toBe(1)
    tickAt(73_000)
    expect(socket.closedWith).toBeNull()
    for (let ms = 74_000; ms <= 82_000; ms += 1_000) tickAt(ms)
    expect(socket.closedWith).toBeNull()
    tickAt(83_000)
    expect(socket.closedWith?.code).toBe('unresponsive')
    clock.mockRestore()
  })

  it('a session ends when its token expires, after a notice if the client understands it', () => {
    const rig = createChannelRig()
    const expiresAtMs = Date.now() + 60_000
    const { socket } = rig.connect({ expiresAtMs })
    const plain = rig.connect({ expiresAtMs }, { kind: 'plain' }).socket
    for (let second = 0; second < 58; second += 1) {
      vi.advanceTimersByTime(1000)
      socket.pong()
      plain.pong()
    }
    expect([socket.ids, plain.ids, socket.closedWith]).toEqual([['!resumed', '!bookmark', '!token-expiring', '!bookmark'], [], null])
    vi.advanceTimersByTime(3_000)
    expect([socket.closedWith?.code, plain.closedWith?.code]).toEqual(['tokenExpired', 'tokenExpired'])
  })

  it('holds no timer without connections', () => {
    const rig = createChannelRig()
    const { socket } = rig.connect()
    socket.leave()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('draining', () => {
  const options = { periodMs: 1_000, signal: new AbortController().signal, random: () => 0.5 }

  it('sends a notice to clients that understand it, then closes all in waves with the drain code and a hint', async () => {
    const rig = createChannelRig()
    const sockets = Array.from({ length: 30 }, (_, index) => rig.connect({ userId: `user-${index}` }).socket)
    const plain = rig.connect({}, { kind: 'plain' }).socket
    const closedAfterWave: number[] = []
    await drainSessions(rig.channel.hub, {
      ...options,
      wait: async () => void closedAfterWave.push(sockets.filter(({ closedWith }) => closedWith !== null).length),
    })
    expect(sockets.map(({ closedWith }) => closedWith)).toEqual(sockets.map(() => ({ code: 'draining', hint: { reconnectAfterMs: 250 } })))
    expect([sockets[0]?.ids, plain.ids, plain.closedWith?.code]).toEqual([['!resumed', '!draining'], [], 'draining'])
    expect(closedAfterWave.length).toBeGreaterThan(5)
    expect(closedAfterWave[0]).toBeLessThan(10)
  })

  it('gives a session what waits for it before it is closed', async () => {
    const rig = createChannelRig()
    const { socket } = rig.connect({}, { kind: 'plain' })
    void rig.publish({ id: 'last-moment' })
    await drainSessions(rig.channel.hub, { ...options, periodMs: 0, wait: () => Promise.resolve() })
    expect([socket.ids, socket.closedWith?.code]).toEqual([['last-moment'], 'draining'])
  })

  it('does not tell all in one turn: 10,000 sessions would hold up delivery for 100 ms', async () => {
    const rig = createChannelRig({ maxConnections: 2_000, maxConnectionsPerUser: 2_000 })
    const sockets = Array.from({ length: 1_200 }, () => rig.connect().socket)
    const countsByThen: number[] = []
    const count = (what: string): number => sockets.filter(({ ids }) => ids.includes(what)).length
    await drainSessions(rig.channel.hub, { ...options, wait: async (ms) => void (ms === 0 && countsByThen.push(count('!draining'))) })
    expect([countsByThen, count('!draining')]).toEqual([[500, 1_000], 1_200])
  })

  it('closes the rest at once when it is cut short', async () => {
    const rig = createChannelRig()
    const sockets = Array.from({ length: 30 }, () => rig.connect({ userId: 'u' }, { kind: 'latest' }, new RecordingSocket()).socket)
    await drainSessions(rig.channel.hub, { ...options, signal: AbortSignal.abort(), wait: () => Promise.reject(new Error('nobody waits')) })
    expect(sockets.every(({ closedWith }) => closedWith?.code === 'draining')).toBe(true)
  })
})
