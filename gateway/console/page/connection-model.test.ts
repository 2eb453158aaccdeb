import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../../../client/index.ts'
import { type ConnectionAction, type ConnectionModel, median, newConnection, readNumber, reduceConnection } from './connection-model.ts'
import { cookieIdentity } from './identities.ts'

const fresh = newConnection({ id: 1, identity: cookieIdentity, transport: 'auto', cursor: null, filters: null })
const after = (...actions: readonly ConnectionAction[]): ConnectionModel => actions.reduce(reduceConnection, fresh)
const controlEvent = (type: string, data: unknown, cursor?: string): CloudEvent => ({
  specversion: '1.0',
  id: '1',
  source: 's',
  type: `dev.carillon.${type}`,
  data,
  ...(cursor === undefined ? {} : { cursor }),
})
const resumed: ConnectionAction = { kind: 'control', event: controlEvent('resumed', { replayed: 3 }, 'c3') }
const open: ConnectionAction = { kind: 'state', state: { kind: 'open', transport: 'websocket' }, nowMs: 0 }

describe('reduceConnection', () => {
  it('counts what was replayed, and measures only what was not', () => {
    const model = after(open, { kind: 'event', cursor: 'c1', latencyMs: 90_000 }, resumed, { kind: 'event', cursor: 'c4', latencyMs: 5 })
    expect(model).toMatchObject({ received: 2, replayed: 3, cursor: 'c4', latenciesMs: [5], isCatchingUp: false })
  })

  it('catches up again after each new connection', () => {
    expect(
      after(open, resumed, { kind: 'state', state: { kind: 'connecting', transport: 'websocket' }, nowMs: 0 }, open).isCatchingUp,
    ).toBe(true)
  })

  it('does not catch up when one connection replaces another without a break', () => {
    expect(after(open, resumed, open).isCatchingUp).toBe(false)
  })

  it('knows when the next attempt is due, and forgets it', () => {
    const waiting = after({ kind: 'state', state: { kind: 'waiting', code: 1006, reason: '', retryInMs: 500 }, nowMs: 1000 })
    expect(waiting.retryAtMs).toBe(1500)
    expect(reduceConnection(waiting, open).retryAtMs).toBeNull()
  })

  it('counts gaps, and has caught up with one', () => {
    expect(after(open, { kind: 'gap', cursor: 'c9' })).toMatchObject({ gaps: 1, cursor: 'c9', isCatchingUp: false })
  })

  it('follows the cursor of control events that have one', () => {
    expect(
      after(
        resumed,
        { kind: 'control', event: controlEvent('bookmark', undefined, 'c5') },
        { kind: 'control', event: controlEvent('draining', { reconnectAfterMs: 1 }) },
      ).cursor,
    ).toBe('c5')
  })

  it('keeps a bounded number of latencies', () => {
    const model = after(resumed, ...Array.from({ length: 150 }, (_, latencyMs) => ({ kind: 'event', cursor: 'c', latencyMs }) as const), {
      kind: 'event',
      cursor: 'c',
      latencyMs: null,
    })
    expect(model.latenciesMs).toHaveLength(100)
    expect(model.latenciesMs.at(-1)).toBe(149)
    expect(model.received).toBe(151)
  })
})

describe('median', () => {
  it('is the middle one, or the lower of two', () => {
    expect([median([]), median([7]), median([9, 1, 5]), median([4, 1])]).toEqual([null, 7, 5, 1])
  })
})

describe('readNumber', () => {
  it('reads a number and nothing else', () => {
    expect([readNumber({ n: 0 }, 'n'), readNumber({ n: '1' }, 'n'), readNumber(null, 'n'), readNumber(undefined, 'n')]).toEqual([
      0,
      null,
      null,
      null,
    ])
  })
})
