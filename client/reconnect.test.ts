import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHarness, type Harness, pass } from './testing/harness.ts'
import { anEvent, control } from './testing/web-socket-double.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  harness.stop()
})

describe('reconnecting', () => {
  it('resumes from the newest cursor', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit()
    harness.doubles.last().say(anEvent('1', 'c1'))
    harness.doubles.last().end(1006)
    expect(connection.state).toEqual({ kind: 'waiting', code: 1006, reason: '', retryInMs: 500 })
    await pass(500)
    expect(harness.doubles.last().cursor).toBe('c1')
    connection.close()
  })

  it.each([4000, 4001, 4003, 4009, 4099])('does not happen after %i', async (code) => {
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(code, 'Go away.')
    await pass(100_000)
    expect(harness.doubles.sockets).toHaveLength(1)
    expect(connection.state).toEqual({ kind: 'closed', code, reason: 'Go away.' })
  })

  it('waits longer with each failure, up to the limit', async () => {
    const connection = await harness.start({ transport: 'websocket', maxBackoffMs: 3000 })
    const pauses: number[] = []
    for (let attempt = 0; attempt < 5; attempt += 1) {
      harness.doubles.last().fail()
      const { state } = connection
      const pause = state.kind === 'waiting' ? state.retryInMs : Number.NaN
      pauses.push(pause)
      await pass(pause)
    }
    expect(pauses).toEqual([500, 1000, 1500, 1500, 1500])
    connection.close()
  })

  it('keeps backing off while the gateway admits it and closes at once', async () => {
    const connection = await harness.start()
    const pauses: unknown[] = []
    for (const pause of [500, 1000, 2000]) {
      harness.doubles.last().open()
      harness.doubles.last().end(4106)
      pauses.push(harness.states.at(-1))
      await pass(pause)
    }
    expect(pauses).toMatchObject([{ retryInMs: 500 }, { retryInMs: 1000 }, { retryInMs: 2000 }])
    connection.close()
  })

  it('restarts the back-off after a connection that lasted', async () => {
    const connection = await harness.start()
    for (const pause of [500, 1000]) {
      harness.doubles.last().fail()
      await pass(pause)
    }
    harness.doubles.last().admit()
    await pass(5001)
    harness.doubles.last().end(1006)
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', retryInMs: 500 })
    connection.close()
  })

  it('adds the pause of the gateway', async () => {
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(4100, 'Full. reconnect-after=5000')
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 4100, retryInMs: 5500 })
    connection.close()
  })

  it('happens at once after a drain, with the cursor, after the pause of the gateway', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit('c3')
    harness.doubles.last().end(4200, 'This gateway is stopping. reconnect-after=120')
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', retryInMs: 120 })
    await pass(120)
    expect(harness.doubles.last().cursor).toBe('c3')
    connection.close()
  })

  it('does not loop when the gateway repeats to come back now', async () => {
    const connection = await harness.start()
    for (let turn = 0; turn < 3; turn += 1) {
      harness.doubles.last().admit()
      harness.doubles.last().end(4204)
      await pass(turn === 0 ? 0 : 1000 * turn)
    }
    expect(harness.doubles.sockets).toHaveLength(4)
    expect(harness.states.filter(({ kind }) => kind === 'waiting')).toMatchObject([
      { retryInMs: 0 },
      { retryInMs: 1000 },
      { retryInMs: 2000 },
    ])
    connection.close()
  })

  it('drops a refused cursor, begins at the latest, and reports the gap once delivery continues', async () => {
    const connection = await harness.start({ cursor: 'garbage' })
    harness.doubles.last().open()
    harness.doubles.last().end(4005)
    await pass(0)
    expect(harness.doubles.last().cursor).toBe('latest')
    expect(harness.gaps).toEqual([])
    harness.doubles.last().admit('c1')
    expect(harness.gaps).toEqual(['bad-cursor'])
    harness.doubles.last().say(anEvent('2'))
    expect(harness.gaps).toEqual(['bad-cursor'])
    connection.close()
  })

  it('does not happen when the gateway refuses a cursor that was not sent', async () => {
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(4005, 'No.')
    expect(connection.state).toEqual({ kind: 'closed', code: 4005, reason: 'No.' })
  })
})

describe('renewing the token', () => {
  it('opens a second connection with a fresh token and drops the first when the second speaks', async () => {
    let count = 0
    const connection = await harness.start({ token: () => `t${(count += 1)}` })
    const first = harness.doubles.last()
    first.admit('c1')
    await pass(6000)
    first.say(control('token-expiring', { expiresInMs: 30_000 }))
    await pass(0)
    const second = harness.doubles.last()
    expect(second.protocols).toEqual(['cloudevents.json', 'bearer.t2'])
    expect(second.cursor).toBe('c1')
    first.say(anEvent('2'))
    second.open()
    expect(first.isClosed).toBe(false)
    second.say(anEvent('2'))
    expect(first.isClosed).toBe(true)
    first.say(anEvent('lost'))
    first.end(1000)
    second.say(anEvent('3'))
    expect(harness.received).toEqual(['2', '3'])
    expect(harness.states.map(({ kind }) => kind)).toEqual(['connecting', 'open', 'open'])
    connection.close()
    expect(second.isClosed).toBe(true)
  })

  it('does not loop with a token that is always about to expire', async () => {
    const connection = await harness.start({ token: () => 'short' })
    harness.doubles.last().admit()
    harness.doubles.last().say(control('token-expiring', { expiresInMs: 10 }))
    await pass(10)
    expect(harness.doubles.sockets).toHaveLength(1)
    connection.close()
  })

  it('leaves a cookie to the page', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit()
    await pass(6000)
    harness.doubles.last().say(control('token-expiring', { expiresInMs: 10 }))
    await pass(10)
    expect(harness.doubles.sockets).toHaveLength(1)
    connection.close()
  })

  it('stays on the first connection when the second is refused', async () => {
    const connection = await harness.start({ token: () => 't' })
    const first = harness.doubles.last()
    first.admit()
    await pass(6000)
    first.say(control('token-expiring', { expiresInMs: 30_000 }))
    await pass(0)
    harness.doubles.last().open()
    harness.doubles.last().end(4101)
    first.say(anEvent('1'))
    expect(harness.received).toEqual(['1'])
    expect(connection.state.kind).toBe('open')
    first.end(4103)
    await pass(500)
    expect(harness.doubles.sockets).toHaveLength(3)
    connection.close()
  })

  it('drops the second connection when the first ends before it speaks', async () => {
    const connection = await harness.start({ token: () => 't' })
    const first = harness.doubles.last()
    first.admit()
    await pass(6000)
    first.say(control('token-expiring', { expiresInMs: 30_000 }))
    await pass(0)
    first.end(4103)
    expect(harness.doubles.last().isClosed).toBe(true)
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 4103 })
    connection.close()
  })
})
