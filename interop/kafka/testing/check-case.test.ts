import { describe, expect, it } from 'vitest'
import { checkCase, unexpectedIds } from './check-case.ts'
import type { Receiver } from './receiver.ts'

const received = (counts: Readonly<Record<string, number>>, damaged: readonly string[] = []): Receiver => ({
  counts: new Map(Object.entries(counts)),
  damaged: new Set(damaged),
  troubles: [],
  dataOf: () => undefined,
  close: () => {},
})
const faultless = {
  ids: ['a', 'b'],
  isForClient: true,
  report: { name: 'case', sent: 2 },
  socket: received({ a: 1, b: 1 }),
  eventStream: received({ a: 1, b: 1 }),
}

describe('the check of a case', () => {
  it('finds no fault when both clients have each event once', () => {
    expect(checkCase(faultless)).toEqual({ sent: 2, received: 2, duplicates: 0, faults: [] })
  })

  it.each([
    [
      'an event is missing at the WebSocket',
      { socket: received({ a: 1 }) },
      'the WebSocket client received 1 events and should have received 2',
    ],
    ['an event is missing over SSE', { eventStream: received({ a: 1 }) }, 'the SSE client received 1 events and should have received 2'],
    ['an event comes twice', { socket: received({ a: 2, b: 1 }) }, 'the WebSocket client received 1 events twice'],
    ['the data are changed', { socket: received({ a: 1, b: 1 }, ['b']) }, '1 events have other data than were sent'],
    ['the event was for another user', { isForClient: false }, 'the WebSocket client received 2 events and should have received 0'],
    ['the producer failed', { report: { name: 'case', sent: 2, error: 'no' } }, 'the producer failed: no'],
    ['the producer reported nothing', { report: undefined }, 'the producer reported nothing'],
  ])('finds a fault when %s', (_, more, fault) => {
    expect(checkCase({ ...faultless, ...more }).faults).toContain(fault)
  })

  it('names events that no producer sent', () => expect(unexpectedIds(received({ a: 1, x: 1 }), new Set(['a']))).toEqual(['x']))
})
