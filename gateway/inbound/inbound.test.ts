import { describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../emit/rate-limiter.ts'
import { failed, ok } from '../../program/result.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createChannelRig, rigPrincipal } from '../testing/channel-rig.ts'
import { maxUnreadAnswers } from '../session/session.ts'
import { type Command, createInbound } from './inbound.ts'
import { maxInFlight } from './pending-frames.ts'
import type { Send } from './send.ts'

const frame = (id: string, type = 'dev.carillon.test'): unknown => ({ specversion: '1.0', id, source: '/page', type })

interface RigOptions {
  readonly command?: Command
  readonly send?: Send | null
  readonly burst?: number
}

function startRig({ command = () => Promise.resolve(ok(null)), send = null, burst = 1000 }: RigOptions = {}) {
  const { metrics, value } = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const clock = { nowMs: 0 }
  const inbound = createInbound({
    commands: new Map([['dev.carillon.test', command]]),
    send,
    rateLimiter: createRateLimiter({ ratePerS: 1, burst, now: 0 }),
    metrics,
    logger,
    clock: () => clock.nowMs,
  })
  const rig = createChannelRig(
    {},
    () => 0.5,
    () => null,
    inbound.receive,
  )
  const client = (resume: 'latest' | 'plain' = 'latest', userId = 'ann') => {
    const { socket, session } = rig.connect({ userId }, { kind: resume })
    const answers = () => socket.received.filter(({ type }) => type !== 'dev.carillon.resumed').map(({ data }) => data)
    return { socket, session, answers }
  }
  return { rig, inbound, client, clock, lines, refused: (reason: string) => value('inboundRefused', { reason }) }
}

describe('the frames of a client', () => {
  it('are answered with the problem and the id, if they are refused', async () => {
    const { client, refused } = startRig()
    const { socket, answers } = client()
    socket.send('no JSON')
    socket.send(frame('7', 'dev.carillon.unknown'))
    socket.send(frame('8', 'chat.message'))
    await vi.waitFor(() => expect(answers()).toHaveLength(3))
    expect(new Set(answers())).toEqual(
      new Set([
        { id: null, type: 'urn:carillon:problem:not-json', detail: expect.any(String) },
        {
          id: '7',
          type: 'urn:carillon:problem:unknown-command',
          detail: 'There is no such command. This gateway knows: dev.carillon.test.',
        },
        { id: '8', type: 'urn:carillon:problem:forbidden', detail: expect.stringContaining('takes no events from browsers') },
      ]),
    )
    expect([refused('not-json'), refused('unknown-command'), refused('forbidden')]).toEqual([1, 1, 1])
  })

  it('of a plain client are counted, and get no answer', async () => {
    const { client, refused } = startRig()
    const { socket } = client('plain')
    socket.send('no JSON')
    expect(refused('not-json')).toBe(1)
    expect(socket.writes).toEqual([])
  })

  it('have a rate for all connections of a user together, and none for those of another user', async () => {
    const { client, clock } = startRig({ burst: 2 })
    const [first, second, other] = [client(), client(), client('latest', 'bob')]
    first.socket.send(frame('1'))
    second.socket.send(frame('2'))
    second.socket.send(frame('3'))
    other.socket.send(frame('4'))
    expect(second.answers()).toEqual([
      { id: '3', type: 'urn:carillon:problem:too-many-requests', detail: expect.stringContaining('USER_FRAMES_PER_S'), retryAfterMs: 1000 },
    ])
    expect([...first.answers(), ...other.answers()]).toEqual([])
    clock.nowMs = 1000
    second.socket.send(frame('5'))
    expect(second.answers()).toHaveLength(1)
  })

  it('run one after the other, up to a bound', async () => {
    const running: (() => void)[] = []
    const order: string[] = []
    const command: Command = (_, { id }) =>
      new Promise((resolve) => {
        order.push(id)
        running.push(() => resolve(ok(null)))
      })
    const { client } = startRig({ command })
    const { socket, answers } = client()
    for (let id = 0; id <= maxInFlight; id += 1) socket.send(frame(String(id)))
    expect(answers()).toEqual([expect.objectContaining({ id: String(maxInFlight), type: 'urn:carillon:problem:overloaded' })])
    for (let id = 0; id < maxInFlight; id += 1) {
      await vi.waitFor(() => expect(order).toHaveLength(id + 1))
      running[id]?.()
    }
    expect(order).toEqual(Array.from({ length: maxInFlight }, (_, id) => String(id)))
    // All have ended, so there is room again.
    await vi.waitFor(() => {
      socket.send(frame('again'))
      expect(order).toContain('again')
    })
  })

  it('that are events are acknowledged when the log has them, and none waits for another', async () => {
    const outcomes: ((outcome: Awaited<ReturnType<Send>>) => void)[] = []
    const sent: unknown[] = []
    const { client } = startRig({
      send: ({ userId }, { id, event }) => {
        sent.push({ userId, id, type: event.attributes['type'] })
        return new Promise((resolve) => outcomes.push(resolve))
      },
    })
    const { socket, answers } = client()
    for (const id of ['1', '2', '3']) socket.send(frame(id, 'chat.message'))
    expect(sent).toEqual(['1', '2', '3'].map((id) => ({ userId: 'ann', id, type: 'chat.message' })))
    expect(answers()).toEqual([])
    outcomes[2]?.(ok(undefined))
    await vi.waitFor(() => expect(socket.ids.at(-1)).toBe('!ack'))
    outcomes[1]?.(failed({ type: 'not-acknowledged', detail: 'The test says so.', retryAfterMs: 7 }))
    await vi.waitFor(() => expect(answers()).toHaveLength(2))
    expect(answers()).toEqual([
      { id: '3' },
      { id: '2', type: 'urn:carillon:problem:not-acknowledged', detail: 'The test says so.', retryAfterMs: 7 },
    ])
  })

  it('that are events are bounded while they wait, and do not wait for a command', async () => {
    const finish: (() => void)[] = []
    const { client } = startRig({
      command: () => new Promise(() => {}),
      send: () => new Promise((resolve) => finish.push(() => resolve(ok(undefined)))),
    })
    const { socket, answers } = client()
    socket.send(frame('command'))
    for (let id = 1; id <= maxInFlight; id += 1) socket.send(frame(String(id), 'chat.message'))
    expect(answers()).toEqual([expect.objectContaining({ id: String(maxInFlight), type: 'urn:carillon:problem:overloaded' })])
    expect(finish).toHaveLength(maxInFlight - 1)
    finish[0]?.()
    await vi.waitFor(() => expect(answers()).toHaveLength(2))
    socket.send(frame('again', 'chat.message'))
    expect(finish).toHaveLength(maxInFlight)
  })

  it('that are events get an answer and a log line if the gateway fails on them', async () => {
    const { client, lines } = startRig({ send: () => Promise.reject(new Error('a bug')) })
    const { socket, answers } = client()
    socket.send(frame('1', 'chat.message'))
    await vi.waitFor(() =>
      expect(answers()).toEqual([expect.objectContaining({ id: '1', type: 'urn:carillon:problem:internal-error', retryAfterMs: 1000 })]),
    )
    expect(lines).toContainEqual(expect.objectContaining({ message: 'frame failed' }))
  })

  it('stop with the session: a frame that waits is not carried out', async () => {
    let finish = (): void => {}
    const seen: string[] = []
    const command: Command = (_, { id }) => {
      seen.push(id)
      return new Promise((resolve) => (finish = () => resolve(ok(null))))
    }
    const { client } = startRig({ command })
    const { socket, session } = client()
    socket.send(frame('1'))
    socket.send(frame('2'))
    await vi.waitFor(() => expect(seen).toEqual(['1']))
    session.close('draining')
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual(['1'])
  })

  it('get an answer and a log line if a command throws', async () => {
    const { client, lines } = startRig({ command: () => Promise.reject(new Error('a bug')) })
    const { socket, answers } = client()
    socket.send(frame('1'))
    await vi.waitFor(() =>
      expect(answers()).toEqual([expect.objectContaining({ id: '1', type: 'urn:carillon:problem:internal-error', retryAfterMs: 1000 })]),
    )
    expect(lines).toContainEqual(expect.objectContaining({ message: 'frame failed' }))
  })

  it('close a client that does not read the answers', () => {
    const { client } = startRig()
    const { socket } = client()
    socket.isCongested = true
    for (let sent = 0; sent < maxUnreadAnswers + 1; sent += 1) socket.send('no JSON')
    expect(socket.closedWith).toBeNull()
    socket.send('no JSON')
    expect(socket.closedWith?.code).toBe('tooSlow')
  })

  it('close a client that does not read the answers to its tokens', () => {
    const { rig, client } = startRig()
    const { socket, session } = client()
    socket.isCongested = true
    for (let sent = 0; sent < maxUnreadAnswers + 1; sent += 1)
      rig.channel.renew(session, session.principal, { id: 'frame', expiresInMs: null })
    expect(socket.closedWith).toBeNull()
    rig.channel.renew(session, session.principal, { id: 'frame', expiresInMs: null })
    expect(socket.closedWith?.code).toBe('tooSlow')
  })

  it('do not close a client that reads the answers late', () => {
    const { client } = startRig()
    const { socket } = client()
    for (let round = 0; round < 3; round += 1) {
      socket.isCongested = true
      for (let sent = 0; sent < maxUnreadAnswers; sent += 1) socket.send('no JSON')
      socket.drain()
    }
    expect(socket.closedWith).toBeNull()
  })

  it('over HTTP are bounded for each user, and need no session where they are events', async () => {
    const finish: (() => void)[] = []
    const { inbound, refused } = startRig({ send: () => new Promise((resolve) => finish.push(() => resolve(ok(undefined)))) })
    const post = (id: string, userId: string) =>
      inbound.post({ principal: rigPrincipal({ userId }), session: null, text: Buffer.from(JSON.stringify(frame(id, 'chat.message'))) })
    const waiting = Array.from({ length: maxInFlight }, (_, id) => post(String(id), 'ann'))
    expect(await post('one more', 'ann')).toMatchObject({ event: { data: { id: 'one more', type: 'urn:carillon:problem:overloaded' } } })
    const other = post('of another', 'bob')
    for (const each of finish) each()
    expect(await other).toEqual({ kind: 'event', event: { type: 'dev.carillon.ack', data: { id: 'of another' } } })
    await Promise.all(waiting)
    const again = post('again', 'ann')
    finish.at(-1)?.()
    expect([await again, refused('overloaded')]).toMatchObject([{ event: { type: 'dev.carillon.ack' } }, 1])
  })

  it('over HTTP share the order, the room and the rate of those on the connection', async () => {
    const finish: (() => void)[] = []
    const order: string[] = []
    const command: Command = (_, { id }) =>
      new Promise((resolve) => {
        order.push(id)
        finish.push(() => resolve(ok(Buffer.from(id))))
      })
    const { inbound, client } = startRig({ command, burst: maxInFlight + 1 })
    const { socket, session } = client()
    const post = (id: string) => inbound.post({ principal: session.principal, session, text: Buffer.from(JSON.stringify(frame(id))) })
    socket.send(frame('0'))
    const second = post('1')
    for (let id = 2; id < maxInFlight; id += 1) socket.send(frame(String(id)))
    expect(await post('one more')).toMatchObject({ event: { data: { type: 'urn:carillon:problem:overloaded' } } })
    expect(await post('too many')).toMatchObject({ event: { data: { type: 'urn:carillon:problem:too-many-requests' } } })
    await vi.waitFor(() => expect(order).toEqual(['0']))
    finish[0]?.()
    await vi.waitFor(() => expect(order).toEqual(['0', '1']))
    finish[1]?.()
    expect(await second).toEqual({ kind: 'confirmed', json: Buffer.from('1') })
  })

  it('over HTTP have no answer if they are commands without a session, or one that ends before their turn', async () => {
    const finish: (() => void)[] = []
    const command: Command = () => new Promise((resolve) => finish.push(() => resolve(ok(null))))
    const { inbound, client } = startRig({ command })
    const { socket, session } = client()
    const text = Buffer.from(JSON.stringify(frame('1')))
    expect(await inbound.post({ principal: session.principal, session: null, text })).toBeNull()
    socket.send(frame('0'))
    const waiting = inbound.post({ principal: session.principal, session, text })
    await vi.waitFor(() => expect(finish).toHaveLength(1))
    session.close('draining')
    finish[0]?.()
    expect([await waiting, finish.length]).toEqual([null, 1])
  })
})
