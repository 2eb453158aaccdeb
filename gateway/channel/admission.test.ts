import { describe, expect, it } from 'vitest'
import type { AuthenticationFailure } from '../auth/authenticator.ts'
import { encodeCursor, tagOf } from '../replay/cursor.ts'
import { aPrincipal } from '../testing/builders.ts'
import { createChannelRig, RecordingSocket } from '../testing/channel-rig.ts'
import { createMemoryAuthenticator } from '../testing/memory-authenticator.ts'
import type { HandshakeRequest, Handshake } from '../session/handshake.ts'
import { createAdmission } from './admission.ts'

interface RigOptions {
  readonly maxConnections?: number
  readonly maxConnectionsPerUser?: number
  readonly upgradeBurst?: number
  readonly maxVerifications?: number
  /** Whether a token was verified before. */
  readonly remembers?: (token: string) => boolean
}

/** Admission to a channel of the real parts. `asked` counts the tokens that were verified. */
function rig({ upgradeBurst = 100, maxVerifications = 100, remembers = () => false, ...limits }: RigOptions = {}) {
  const authenticator = createMemoryAuthenticator()
  const world = { closed: null as 'notReady' | 'draining' | null, nowMs: 0, asked: 0, gate: Promise.resolve() }
  const { channel, metrics, ingest, publish } = createChannelRig(
    limits,
    () => 0.5,
    () => world.closed,
  )
  const admission = createAdmission({
    channel,
    authenticator: {
      authenticate: async (token) => {
        world.asked += 1
        await world.gate
        return authenticator.authenticate(token)
      },
      recall: (token) => (remembers(token) ? { principal: aPrincipal(), scopes: [] } : null),
    },
    cookieName: 'cs_jwt',
    isOriginAllowed: (origin) => origin === null || origin === 'https://good.example',
    rate: { ratePerS: 1, burst: upgradeBurst },
    maxVerifications,
    filters: { maxBytes: 2_048, maxDistinct: 100 },
    metrics: metrics.metrics,
    now: () => world.nowMs,
  })
  const token = authenticator.issue(aPrincipal())
  const admit = (request: Partial<HandshakeRequest> = {}): Promise<Handshake> => admission.admit({ ...asked(token), ...request })
  const open = (handshake: Handshake): RecordingSocket => {
    const socket = new RecordingSocket()
    if (handshake.kind === 'refused') throw new Error(handshake.problem.detail)
    channel.join(socket, handshake)
    return socket
  }
  return { channel, metrics, ingest, authenticator, world, admit, open, token, publish }
}

const asked = (token: string): HandshakeRequest => ({
  transport: 'websocket',
  origin: null,
  cookie: null,
  authorization: `Bearer ${token}`,
  subprotocols: [],
  cursor: null,
  cursorFrom: 'cursor',
  cursors: 'full',
  filters: [],
  ticket: null,
})

/** Returns the problem type and the close code that a client gets. */
const outcomeOf = (handshake: Handshake): readonly unknown[] =>
  handshake.kind === 'refused' ? [handshake.problem.type, handshake.close] : ['admitted']

const elsewhere = encodeCursor({ topicTag: tagOf('another-topic'), epochTag: 0, offsets: [0, 0] })

describe('a refusal before the verification of a token', () => {
  const cheap: readonly (readonly [string, Partial<HandshakeRequest>, readonly unknown[], string])[] = [
    ['a foreign origin, which gets no close code', { origin: 'https://evil.example' }, ['origin-forbidden', null], 'origin'],
    ['an opaque origin', { origin: 'null' }, ['origin-forbidden', null], 'origin'],
    ['a cursor that is garbage', { cursor: 'garbage' }, ['bad-cursor', 'badCursor'], 'bad-cursor'],
    ['a cursor that is longer than any', { cursor: 'A'.repeat(100_000) }, ['bad-cursor', 'badCursor'], 'bad-cursor'],
    ['a cursor of another topic', { cursor: elsewhere }, ['bad-cursor', 'badCursor'], 'bad-cursor'],
    ['no token', { authorization: null }, ['unauthenticated', 'unauthenticated'], 'unauthenticated'],
    ['a token that cannot be one', { authorization: 'Bearer zoë' }, ['unauthenticated', 'unauthenticated'], 'unauthenticated'],
    [
      'a token that is larger than any',
      { authorization: `Bearer ${'x'.repeat(20_000)}` },
      ['unauthenticated', 'unauthenticated'],
      'unauthenticated',
    ],
  ]
  it.each(cheap)('%s', async (_what, request, answer, reason) => {
    const { admit, world, metrics } = rig()
    expect([outcomeOf(await admit(request)), world.asked]).toEqual([answer, 0])
    expect([metrics.value('handshakesRefused', { reason }), metrics.value('handshakesRefused')]).toEqual([1, 1])
  })

  it.each([
    ['notReady', 'not-ready', ['not-ready', 'notReady']],
    ['draining', 'draining', ['draining', 'draining']],
  ] as const)('a pod that accepts no clients: %s', async (closed, reason, answer) => {
    const { admit, world, metrics } = rig()
    world.closed = closed
    expect([outcomeOf(await admit()), world.asked, metrics.value('handshakesRefused', { reason })]).toEqual([answer, 0, 1])
  })

  it('more clients than the burst; a client that waits for the given time is admitted', async () => {
    const { admit, world, metrics } = rig({ upgradeBurst: 2 })
    const answers = [await admit(), await admit(), await admit()]
    const last = answers[2]
    expect([answers.map(outcomeOf), world.asked]).toEqual([[['admitted'], ['admitted'], ['too-many-requests', 'tooManyUpgrades']], 2])
    expect(metrics.value('handshakesRefused', { reason: 'too-many-upgrades' })).toBe(1)
    world.nowMs += last?.kind === 'refused' ? (last.problem.retryAfterMs ?? 0) : 0
    expect(outcomeOf(await admit())).toEqual(['admitted'])
  })

  it('a pod at its connection limit', async () => {
    const { admit, world, open } = rig({ maxConnections: 1 })
    open(await admit())
    expect([outcomeOf(await admit()), world.asked]).toEqual([['overloaded', 'overloaded'], 1])
  })
})

describe('the order of the checks', () => {
  it('is origin, readiness, presence of a token, rate, room, cursor, token', async () => {
    const { admit, world, open } = rig({ maxConnections: 1, upgradeBurst: 4 })
    open(await admit())
    world.closed = 'draining'
    const request = { origin: 'https://evil.example', cursor: 'garbage', authorization: null }
    const answers = [await admit(request), await admit({ ...request, origin: 'https://good.example' })]
    world.closed = null
    answers.push(await admit({ ...request, origin: null }), await admit({ cursor: 'garbage' }))
    expect(answers.map((answer) => outcomeOf(answer)[0])).toEqual(['origin-forbidden', 'draining', 'unauthenticated', 'overloaded'])
  })

  it('does not count a foreign origin or a pod that accepts no clients against the rate', async () => {
    const { admit, world } = rig({ upgradeBurst: 1 })
    for (let attempt = 0; attempt < 10; attempt += 1) await admit({ origin: 'https://evil.example' })
    world.closed = 'notReady'
    for (let attempt = 0; attempt < 10; attempt += 1) await admit()
    world.closed = null
    expect(outcomeOf(await admit())).toEqual(['admitted'])
  })

  it.each([
    ['no token', null],
    ['an unusable token', 'Bearer zoë'],
    ['a token of no form', 'Bearer garbage'],
  ])('does not count requests with %s against the rate', async (_what, authorization) => {
    const { admit } = rig({ upgradeBurst: 1 })
    for (let attempt = 0; attempt < 50; attempt += 1)
      expect(outcomeOf(await admit({ authorization }))).toEqual(['unauthenticated', 'unauthenticated'])
    expect(outcomeOf(await admit())).toEqual(['admitted'])
  })

  it('admits users with tokens that were verified before while forged tokens use up the rate of new ones', async () => {
    let known = ''
    const { admit, world, token } = rig({ upgradeBurst: 2, remembers: (text) => text === known })
    known = token
    const forged = { authorization: 'Bearer memory.7.forged' }
    const strangers = [await admit(forged), await admit(forged), await admit(forged)]
    expect(strangers.map((answer) => outcomeOf(answer)[0])).toEqual(['unauthenticated', 'unauthenticated', 'too-many-requests'])
    expect([outcomeOf(await admit()), outcomeOf(await admit()), outcomeOf(await admit())]).toEqual([
      ['admitted'],
      ['admitted'],
      ['too-many-requests', 'tooManyUpgrades'],
    ])
    expect(world.asked).toBe(2)
  })

  it('verifies new tokens up to the limit at a time, and accepts remembered ones beside them', async () => {
    let known = ''
    const { admit, authenticator, world, token, metrics } = rig({ maxVerifications: 2, remembers: (text) => text === known })
    known = token
    const { promise, resolve } = Promise.withResolvers<void>()
    world.gate = promise
    const newcomer = { authorization: `Bearer ${authenticator.issue(aPrincipal({ userId: 'bob-id' }))}` }
    const waiting = [admit(newcomer), admit(newcomer)]
    expect([outcomeOf(await admit(newcomer)), metrics.value('handshakesRefused', { reason: 'overloaded' })]).toEqual([
      ['overloaded', 'overloaded'],
      1,
    ])
    const remembered = admit()
    resolve()
    expect((await Promise.all([remembered, ...waiting])).map(outcomeOf)).toEqual([['admitted'], ['admitted'], ['admitted']])
    expect(outcomeOf(await admit(newcomer))).toEqual(['admitted'])
  })

  it('counts attempts with bad tokens against the rate', async () => {
    const { admit, world } = rig({ upgradeBurst: 3 })
    const answers = []
    for (let attempt = 0; attempt < 5; attempt += 1) answers.push(await admit({ authorization: 'Bearer memory.7.forged' }))
    expect([answers.map((answer) => outcomeOf(answer)[0]), world.asked]).toEqual([
      [...Array<string>(3).fill('unauthenticated'), ...Array<string>(2).fill('too-many-requests')],
      3,
    ])
  })
})

describe('a token', () => {
  const failures: readonly (readonly [AuthenticationFailure['kind'], readonly unknown[], string])[] = [
    ['forged', ['unauthenticated', 'unauthenticated'], 'unauthenticated'],
    ['malformed', ['unauthenticated', 'unauthenticated'], 'unauthenticated'],
    ['wrong-audience', ['unauthenticated', 'unauthenticated'], 'unauthenticated'],
    ['expired', ['unauthenticated', 'tokenExpired'], 'unauthenticated'],
    ['keys-unavailable', ['keys-unavailable', 'keysUnavailable'], 'keys-unavailable'],
  ]
  it.each(failures)('with the failure %s is refused with the problem and the close code for it', async (kind, answer, reason) => {
    const { admit, authenticator, metrics, channel } = rig()
    authenticator.failWith({ kind, detail: 'the test says so' })
    expect([outcomeOf(await admit()), metrics.value('handshakesRefused', { reason }), channel.hub.size]).toEqual([answer, 1, 0])
  })

  it('of a user at the connection limit is refused, while other users are admitted', async () => {
    const { admit, authenticator, metrics, open } = rig({ maxConnectionsPerUser: 1 })
    open(await admit())
    const bob = authenticator.issue(aPrincipal({ userId: 'bob-id' }))
    expect([outcomeOf(await admit()), outcomeOf(await admit({ authorization: `Bearer ${bob}` }))]).toEqual([
      ['too-many-connections', 'tooManyConnections'],
      ['admitted'],
    ])
    expect(metrics.value('handshakesRefused', { reason: 'too-many-connections' })).toBe(1)
  })

  it('is not quoted in a refusal', async () => {
    const { admit, authenticator } = rig()
    authenticator.failWith({ kind: 'forged', detail: 'The signature is not ours.' })
    expect(JSON.stringify(await admit({ authorization: 'Bearer hunter2.hunter2.hunter2' }))).not.toContain('hunter2')
  })
})

describe('a handshake', () => {
  it.each([
    ['no cursor: a plain client, which gets no cursors', null, []],
    ['latest', 'latest', ['!resumed']],
    ['an empty cursor, as latest', '', ['!resumed']],
  ])('with %s', async (_what, cursor, expected) => {
    const { admit, open } = rig()
    expect(open(await admit({ cursor })).ids).toEqual(expected)
  })

  it.each(['cursor', 'last-event-id'] as const)(
    'with earliest, as a %s, replays all events that are held for its user',
    async (cursorFrom) => {
      const { admit, channel, open, publish } = rig()
      await publish({ id: 'for-all' })
      await publish({ id: 'for-another', audience: { users: ['another'] } })
      await publish({ id: 'for-all-too', partition: 1 })
      const socket = open(await admit({ cursor: 'earliest', cursorFrom }))
      await channel.settled()
      expect(socket.ids).toEqual(['for-all', 'for-all-too', '!resumed'])
      await publish({ id: 'live' })
      expect(socket.ids.at(-1)).toBe('live')
    },
  )

  it('with a cursor of this channel goes on from there', async () => {
    const { admit, channel, open } = rig()
    const cursor = channel.log.headCursor()
    const socket = open(await admit({ cursor }))
    await channel.settled()
    expect(socket.ids).toEqual(['!resumed'])
  })

  // An `EventSource` cannot drop its last event id, and stops at any status but 200.
  it.each([
    ['garbage', 'garbage'],
    ['a number of another server', '42'],
    ['an id of another topic', elsewhere],
    ['an id that is longer than any', 'A'.repeat(100_000)],
    ['characters of every kind', 'ž\u0000\n'],
  ])('with an unusable last event id (%s) is admitted, and gets a gap', async (_what, cursor) => {
    const { admit, metrics, open } = rig()
    const socket = open(await admit({ cursor, cursorFrom: 'last-event-id' }))
    expect([socket.ids, socket.closedWith]).toEqual([['!gap'], null])
    expect([metrics.value('gaps', { reason: 'epoch' }), metrics.value('resumes'), metrics.value('handshakesRefused')]).toEqual([1, 1, 0])
  })

  it('with a last event id of this channel goes on from there', async () => {
    const { admit, channel, open } = rig()
    const socket = open(await admit({ cursor: channel.log.headCursor(), cursorFrom: 'last-event-id' }))
    await channel.settled()
    expect(socket.ids).toEqual(['!resumed'])
  })

  it('makes no session before the transport joins', async () => {
    const { admit, channel, open } = rig()
    const handshake = await admit()
    expect(channel.hub.size).toBe(0)
    open(handshake)
    expect(channel.hub.size).toBe(1)
  })

  it.each(['websocket', 'sse'] as const)('by %s passes the same checks', async (transport) => {
    const { admit } = rig()
    expect([outcomeOf(await admit({ transport })), outcomeOf(await admit({ transport, cursor: 'garbage' }))]).toEqual([
      ['admitted'],
      ['bad-cursor', 'badCursor'],
    ])
  })
})

describe('a state that may change during the verification of a token', () => {
  it('is checked again after the token: the pod filled up during the verification', async () => {
    const { admit, world, open } = rig({ maxConnections: 1 })
    const first = await admit()
    let letGo = (): void => {}
    world.gate = new Promise((resolve) => (letGo = resolve))
    const second = admit()
    open(first)
    letGo()
    expect([outcomeOf(await second), world.asked]).toEqual([['overloaded', 'overloaded'], 2])
  })

  it('is checked again when the session is made: of many clients admitted together, only those within the limit stay', async () => {
    const { admit, channel, open } = rig({ maxConnectionsPerUser: 2 })
    const handshakes = await Promise.all(Array.from({ length: 5 }, () => admit()))
    const sockets = handshakes.map(open)
    expect(sockets.map(({ closedWith }) => closedWith?.code ?? null)).toEqual([
      null,
      null,
      'tooManyConnections',
      'tooManyConnections',
      'tooManyConnections',
    ])
    expect(channel.hub.size).toBe(2)
  })

  it('is checked for the pod, too, and refused clients leave nothing behind', async () => {
    const { admit, channel, metrics, open } = rig({ maxConnections: 1 })
    const sockets = (await Promise.all([admit(), admit()])).map(open)
    expect(sockets.map(({ closedWith }) => closedWith?.code ?? null)).toEqual([null, 'overloaded'])
    expect([channel.hub.size, metrics.value('sessions'), metrics.value('sessionsClosed', { code: 'overloaded' })]).toEqual([1, 1, 1])
  })

  it.each([
    ['draining', 'draining'],
    ['notReady', 'notReady'],
  ] as const)('closes the session of a pod that stopped accepting clients after admission: %s', async (closed, code) => {
    const { admit, world, open } = rig()
    const handshake = await admit()
    world.closed = closed
    expect(open(handshake).closedWith?.code).toBe(code)
  })

  it('sends a gap when the topic was recreated after admission', async () => {
    const { admit, channel, ingest, open } = rig()
    const handshake = await admit({ cursor: channel.log.headCursor() })
    ingest.opened({ epoch: 'second', startOffsets: [0, 0], endOffsets: [0, 0] })
    expect(open(handshake).received.map(({ data }) => data)).toMatchObject([{ reason: 'epoch' }])
  })
})
