import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Frames } from '../replay/frames.ts'
import { ReplayLog } from '../replay/replay-log.ts'
import { ok } from '../../program/result.ts'
import { createBookmarks, createControlJson } from '../session/control-events.ts'
import { Reader } from '../session/reader.ts'
import { Session } from '../session/session.ts'
import { anAudience } from '../testing/builders.ts'
import { RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'
import { FanOut } from './fan-out.ts'
import { manyWrites, maxRestMs, restlessRounds } from './pace.ts'

const none = (): void => {}

/** A fan-out whose later turns come when the test says so, and plain sessions that read one log. */
function rig({ sliceMs = 4, maxEntriesPerTurn = 1000, leastMany = manyWrites } = {}) {
  const log = new ReplayLog('topic', { windowMs: 60_000, maxBytes: 10_000_000 })
  log.reset({ epoch: 'first', startOffsets: [0], endOffsets: [0] })
  const frames = new Frames(
    log,
    (content) => ok(Buffer.from(JSON.stringify(content.kind === 'parsed' ? content.event : {}).slice(0, -1))),
    {
      encoded: none,
      broken: none,
    },
  )
  const control = createControlJson('rig', 'pod', 25_000)
  const shared = {
    log,
    reader: new Reader({ log, frames, filters: { steps: 0 } }, { maxBytesPerTurn: 1_000_000, maxEntriesPerTurn }),
    control,
    bookmark: createBookmarks(log, control),
    features: [],
    observer: { lost: none, replayed: none, closed: none },
  }
  let users = 0
  const later: { readonly run: () => void; readonly afterMs: number }[] = []
  /** Milliseconds until each slice, from when it was planned. */
  const delays: number[] = []
  const delivered: (readonly [number, number])[] = []
  const fanOut = new FanOut({
    sliceMs,
    manyWrites: leastMany,
    observer: { delivered: (events, writes) => delivered.push([events, writes]) },
    later: (run, afterMs) => (later.push({ run, afterMs }), delays.push(afterMs)),
  })
  const connect = (socket: RecordingSocket = new RecordingSocket()) => {
    const session = new Session({
      socket,
      principal: rigPrincipal({ userId: `user-${(users += 1)}` }),
      id: null,
      filter: null,
      ticket: null,
      cursors: 'full',
      shared,
    })
    socket.attach({
      alive: none,
      received: none,
      closed: () => session.ended(),
      drained: () => (session.drained(), fanOut.enqueue(session)),
    })
    return { session, socket }
  }
  /** An event for these sessions. */
  const publish = (id: string, sessions: readonly { readonly session: Session }[]): void => {
    const entry = log.append({
      partition: 0,
      offset: log.positions[0] ?? 0,
      audience: anAudience({ users: sessions.map(({ session }) => session.principal.userId) }),
      timestampMs: 0,
      appendedAtMs: 0,
      traceparent: null,
      content: { kind: 'parsed', event: { id }, bytes: 100 },
      contentBytes: 100,
    })
    for (const { session } of sessions) {
      session.offer(entry)
      fanOut.enqueue(session)
    }
  }
  /** One later turn of the event loop. @returns whether there was anything to do */
  const turn = (): boolean => {
    const runs = later.splice(0)
    for (const { run, afterMs } of runs) {
      vi.advanceTimersByTime(afterMs)
      run()
    }
    return runs.length > 0
  }
  return { fanOut, connect, publish, turn, later, delays, delivered }
}

/** A socket each write of which takes a millisecond of the processor, or as much as it says. */
class CostlySocket extends RecordingSocket {
  readonly #writeMs: number

  constructor(writeMs = 1) {
    super()
    this.#writeMs = writeMs
  }

  override write(frames: Buffer): boolean {
    vi.advanceTimersByTime(this.#writeMs)
    return super.write(frames)
  }
}

const many = (count: number, make: () => { readonly session: Session; readonly socket: RecordingSocket }) =>
  Array.from({ length: count }, make)
const isSettled = async (waiting: Promise<void> | void): Promise<boolean> => {
  let settled = false
  void Promise.resolve(waiting).then(() => (settled = true))
  for (let microtask = 0; microtask < 3; microtask += 1) await Promise.resolve()
  return settled
}

/** Each write takes 0.05 ms: a round of as many sessions takes 5 ms. */
const restingRig = (given: Parameters<typeof rig>[0] = {}) => {
  const made = rig({ sliceMs: 1000, ...given })
  const connectAll = (count: number) => many(count, () => made.connect(new CostlySocket(0.05)))
  return { ...made, connectAll, sessions: connectAll(manyWrites) }
}
type RestingRig = ReturnType<typeof restingRig>

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('a slice', () => {
  it('ends at its budget, and the rest goes on in later turns', () => {
    const { connect, publish, turn, delivered, fanOut } = rig({ sliceMs: 4 })
    const sessions = many(10, () => connect(new CostlySocket()))
    publish('one', sessions)
    const served = (): number => sessions.filter(({ socket }) => socket.ids.length > 0).length
    const after = [0, 1, 2].map(() => (turn(), [served(), fanOut.length]))
    expect([after, turn()]).toEqual([
      [
        [4, 6],
        [8, 2],
        [10, 0],
      ],
      false,
    ])
    expect(delivered).toEqual([
      [4, 4],
      [4, 4],
      [2, 2],
    ])
  })

  it('serves one session even when that alone takes longer than the budget', () => {
    const { connect, publish, turn } = rig({ sliceMs: 0 })
    const sessions = many(3, () => connect(new CostlySocket()))
    publish('one', sessions)
    const served = [0, 1, 2].map(() => (turn(), sessions.filter(({ socket }) => socket.ids.length > 0).length))
    expect([served, turn()]).toEqual([[1, 2, 3], false])
  })

  it('is planned once, however many sessions wait, and not at all for those that want nothing', () => {
    const { connect, publish, later, fanOut } = rig()
    fanOut.enqueue(connect().session)
    expect(later.length).toBe(0)
    publish('one', many(50, connect))
    expect(later.length).toBe(1)
  })
})

describe('a turn', () => {
  it('is one per session, with all that has come by then, in one write', () => {
    const { connect, publish, turn, delivered } = rig()
    const sessions = many(2, connect)
    for (const id of ['one', 'two', 'three']) publish(id, sessions)
    turn()
    expect([sessions.map(({ socket }) => socket.ids), sessions.map(({ socket }) => socket.writes.length), delivered]).toEqual([
      [
        ['one', 'two', 'three'],
        ['one', 'two', 'three'],
      ],
      [1, 1],
      [[6, 2]],
    ])
  })

  it('that does not read all puts the session behind those that wait', () => {
    const { connect, publish, turn } = rig({ sliceMs: 0, maxEntriesPerTurn: 1 })
    const [first, second] = [connect(), connect()]
    for (const id of ['one', 'two']) publish(id, [first, second])
    const counts = [0, 1, 2, 3].map(() => (turn(), [first.socket.ids.length, second.socket.ids.length]))
    expect([counts, first.socket.ids, second.socket.ids]).toEqual([
      [
        [1, 0],
        [1, 1],
        [2, 1],
        [2, 2],
      ],
      ['one', 'two'],
      ['one', 'two'],
    ])
  })

  it('is not had by a session that closed while it waited', () => {
    const { connect, publish, turn, delivered } = rig()
    const { session, socket } = connect()
    publish('one', [{ session }])
    socket.leave()
    turn()
    expect([socket.ids, delivered]).toEqual([[], []])
  })

  it('is not had by a congested session until its socket drains', () => {
    const { connect, publish, turn } = rig()
    const slow = connect()
    slow.socket.isCongested = true
    publish('one', [slow])
    turn()
    publish('two', [slow])
    expect([turn(), slow.socket.ids]).toEqual([false, ['one']])
    slow.socket.drain()
    expect([turn(), slow.socket.ids]).toEqual([true, ['one', 'two']])
  })
})

describe('a rest', () => {
  it('comes after a long round, is as long as that, and what comes meanwhile leaves in one write', () => {
    const { sessions, publish, turn, delays } = restingRig()
    publish('one', sessions)
    turn()
    publish('two', sessions)
    vi.advanceTimersByTime(1)
    publish('three', sessions)
    turn()
    expect(delays.map(Math.round)).toEqual([0, 5])
    expect(new Set(sessions.map(({ socket }) => socket.writes.length))).toEqual(new Set([2]))
  })

  it('lasts for 8 ms at most, however long the round was', () => {
    const { connectAll, publish, turn, delays } = restingRig()
    const sessions = connectAll(500)
    publish('one', sessions)
    turn()
    publish('two', sessions)
    expect(delays).toEqual([0, maxRestMs])
  })

  it('delays only what comes before its end', () => {
    const { sessions, publish, turn, delays } = restingRig()
    publish('one', sessions)
    turn()
    vi.advanceTimersByTime(6)
    publish('two', sessions)
    expect(delays).toEqual([0, 0])
  })

  it('does not come after a round of which there is nothing to save', () => {
    const { connect, connectAll, sessions, publish, turn, delays } = restingRig({ maxEntriesPerTurn: 8 })
    publish(
      'to few',
      many(10, () => connect(new CostlySocket(1))),
    )
    turn()
    for (let id = 0; id < 8; id += 1) publish(`in a full write ${id}`, sessions)
    turn()
    for (let id = 0; id < 16; id += 1) publish(`with more to read ${id}`, sessions)
    while (turn());
    publish('last', connectAll(1))
    expect(delays.every((afterMs) => afterMs === 0)).toBe(true)
  })

  it('to which nothing came is not repeated for some rounds', () => {
    const { sessions, publish, turn, delays } = restingRig()
    const publishAlone = (id: number): void => {
      publish(String(id), sessions)
      turn()
    }
    for (let id = 0; id < restlessRounds + 4; id += 1) publishAlone(id)
    expect(delays.flatMap((afterMs, index) => (afterMs > 0 ? [index] : []))).toEqual([1, restlessRounds + 2])
  })

  it('keeps nobody waiting who appends, so that more can come', () => {
    const { sessions, publish, turn, fanOut } = restingRig()
    publish('one', sessions)
    expect(fanOut.settled()).toBeInstanceOf(Promise)
    turn()
    publish('two', sessions)
    expect(fanOut.settled()).toBeUndefined()
    vi.advanceTimersByTime(6)
    expect(fanOut.settled()).toBeInstanceOf(Promise)
  })
})

describe('gathering', () => {
  /** Publishes a burst whose first event comes alone. */
  const publishBurst = ({ publish, turn, sessions }: RestingRig, name: string): void => {
    publish(`${name} 1`, sessions)
    turn()
    publish(`${name} 2`, sessions)
    publish(`${name} 3`, sessions)
    while (turn());
  }

  it('begins when a rest was of use: the first of a burst waits a millisecond for the others', () => {
    const rested = restingRig()
    publishBurst(rested, 'first')
    vi.advanceTimersByTime(100)
    publishBurst(rested, 'second')
    expect(rested.delays.map(Math.round)).toEqual([0, 5, 0, 1])
    expect(new Set(rested.sessions.map(({ socket }) => socket.writes.length))).toEqual(new Set([3]))
  })

  it('is judged by whole rounds, of however many slices', () => {
    const { publish, turn, sessions, delays } = restingRig({ sliceMs: 1 })
    for (const ids of [['first'], ['second', 'third']]) {
      for (const id of ids) publish(id, sessions)
      while (turn());
    }
    vi.advanceTimersByTime(100)
    publish('fourth', sessions)
    while (turn());
    expect(delays.map(Math.round).filter((afterMs) => afterMs > 0)).toEqual([5, 1])
  })

  it('ends with an event that waited in vain', () => {
    const rested = restingRig()
    const { publish, turn, sessions } = rested
    publishBurst(rested, 'first')
    for (const id of ['alone', 'alone again']) {
      vi.advanceTimersByTime(100)
      publish(id, sessions)
      while (turn());
    }
    expect(rested.delays.map(Math.round)).toEqual([0, 5, 0, 1, 0])
  })

  it('is not for events to few, and keeps nobody waiting who appends', () => {
    const rested = restingRig()
    const { publish, turn, sessions, fanOut } = rested
    publishBurst(rested, 'first')
    vi.advanceTimersByTime(100)
    publish('to few', sessions.slice(0, 3))
    while (turn());
    publish('to all', sessions)
    turn()
    expect(fanOut.settled()).toBeUndefined()
    expect(rested.delays.map(Math.round)).toEqual([0, 5, 0, 0, 1])
  })

  it('lets those go on that wait already', async () => {
    const rested = restingRig()
    publishBurst(rested, 'first')
    vi.advanceTimersByTime(100)
    rested.publish('second', rested.sessions)
    const waiting = rested.fanOut.settled()
    expect(await isSettled(waiting)).toBe(false)
    rested.turn()
    expect(await isSettled(waiting)).toBe(true)
  })
})

describe('waiting until all is settled', () => {
  it('settles at once when no session waits for a turn', () => {
    const { fanOut, connect } = rig()
    connect()
    expect(fanOut.settled()).toBeUndefined()
  })

  it('waits for those that are queued by now, and not for those that come later', async () => {
    const { fanOut, connect, publish, turn } = rig({ sliceMs: 0 })
    publish('one', many(2, connect))
    const first = fanOut.settled()
    publish('two', many(2, connect))
    const both = fanOut.settled()
    const seen = []
    for (let slice = 0; slice < 4; slice += 1) {
      turn()
      seen.push([await isSettled(first), await isSettled(both), fanOut.length])
    }
    expect(seen).toEqual([
      [false, false, 3],
      [true, false, 2],
      [true, false, 1],
      [true, true, 0],
    ])
  })

  it('does not wait for the second turn of a session that has much to read', async () => {
    const { fanOut, connect, publish, turn } = rig({ sliceMs: 0, maxEntriesPerTurn: 1 })
    const session = connect()
    for (const id of ['one', 'two', 'three']) publish(id, [session])
    const settled = fanOut.settled()
    turn()
    expect([await isSettled(settled), fanOut.length]).toEqual([true, 1])
  })

  it('does not wait for a socket: a session that closes, or is congested, counts as served', async () => {
    const { fanOut, connect, publish, turn } = rig()
    const [gone, slow] = [connect(), connect()]
    slow.socket.isCongested = true
    publish('one', [gone, slow])
    gone.socket.leave()
    const settled = fanOut.settled()
    turn()
    expect(await isSettled(settled)).toBe(true)
    publish('two', [slow])
    expect(fanOut.settled()).toBeUndefined()
  })
})

describe('under any schedule', () => {
  it('each session gets all its events, in order, and the queue ends empty', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('publish' as const), to: fc.uniqueArray(fc.nat({ max: 7 })) }),
      fc.record({ kind: fc.constantFrom('congest' as const, 'drain' as const), to: fc.tuple(fc.nat({ max: 7 })) }),
      fc.record({ kind: fc.constant('turn' as const), to: fc.constant([] as number[]) }),
    )
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom(0, 2, 4),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(2, 100),
        (steps, sliceMs, maxEntriesPerTurn, leastMany) => {
          const { fanOut, connect, publish, turn } = rig({ sliceMs, maxEntriesPerTurn, leastMany })
          const all = many(8, () => connect(new CostlySocket()))
          steps.forEach(({ kind, to }, index) => {
            const chosen = to.flatMap((n) => all[n] ?? [])
            if (kind === 'publish') publish(String(index), chosen)
            if (kind === 'congest') for (const { socket } of chosen) socket.isCongested = true
            if (kind === 'drain') for (const { socket } of chosen) socket.drain()
            if (kind === 'turn') turn()
          })
          for (const { socket } of all) socket.drain()
          while (turn());
          const owed = (n: number): readonly string[] =>
            steps.flatMap(({ kind, to }, index) => (kind === 'publish' && to.some((one) => one === n) ? [String(index)] : []))
          expect(all.map(({ socket }) => socket.ids)).toEqual(all.map((_, n) => owed(n)))
          expect([fanOut.length, fanOut.settled()]).toEqual([0, undefined])
        },
      ),
    )
  })
})
