import { describe, expect, it } from 'vitest'
import { gapReasons } from '../../session/control-events.ts'
import { describeState, explainGap, explainState, formatCount, formatLatency, formatTime, latencyOf } from './format.ts'

describe('formatLatency', () => {
  it('is as exact as is of use', () => {
    expect([null, -3, 0.345, 9.96, 12.4, 999, 1234, 59_999, 600_000].map(formatLatency)).toEqual([
      '–',
      '< 0 ms',
      '0.3 ms',
      '10.0 ms',
      '12 ms',
      '999 ms',
      '1.2 s',
      '60.0 s',
      '10 min',
    ])
  })
})

describe('formatTime', () => {
  it('has fixed width', () => {
    expect(formatTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime())).toBe('03:04:05.006')
  })
})

describe('formatCount', () => {
  it('agrees in number', () => {
    expect([0, 1, 2, 1234].map((count) => formatCount(count, 'event'))).toEqual(['0 events', '1 event', '2 events', '1,234 events'])
  })
})

describe('describeState', () => {
  const at = (state: Parameters<typeof describeState>[0]['state'], retryAtMs: number | null = null): string =>
    describeState({ state, retryAtMs }, 1000)

  it('says each state in a word or two', () => {
    expect(at({ kind: 'connecting', transport: 'sse' })).toBe('Connecting')
    expect(at({ kind: 'open', transport: 'sse' })).toBe('Open · SSE')
    expect(at({ kind: 'open', transport: 'websocket' })).toBe('Open · WebSocket')
    expect(at({ kind: 'closed', code: 1000, reason: '' })).toBe('Stopped')
    expect(at({ kind: 'closed', code: 4001, reason: '' })).toBe('Refused')
  })

  it('counts down', () => {
    const waiting = { kind: 'waiting', code: 1006, reason: '', retryInMs: 2500 } as const
    expect([at(waiting, 3500), at(waiting, 1001), at(waiting, 900)]).toEqual(['Back in 3 s', 'Back in 1 s', 'Back in 0 s'])
  })
})

describe('explainState', () => {
  it('gives the code and the reason, without the hint that is for the client', () => {
    expect(explainState({ state: { kind: 'closed', code: 4001, reason: 'No token.' } })).toBe('4001: No token.')
    expect(explainState({ state: { kind: 'waiting', code: 4200, reason: 'Stopping. reconnect-after=10', retryInMs: 10 } })).toBe(
      '4200: Stopping.',
    )
    expect(explainState({ state: { kind: 'waiting', code: 1006, reason: '', retryInMs: 10 } })).toBe('Code 1006.')
    expect(explainState({ state: { kind: 'closed', code: 1000, reason: 'x' } })).toBe('')
    expect(explainState({ state: { kind: 'open', transport: 'sse' } })).toBe('')
  })
})

describe('explainGap', () => {
  it("has a sentence for every reason of the gateway, and for the client's own", () => {
    expect([...gapReasons, 'bad-cursor'].filter((reason) => explainGap(reason).startsWith('Reason: '))).toEqual([])
    expect(explainGap('news')).toBe('Reason: news.')
  })
})

describe('latencyOf', () => {
  it("begins when this page emitted, else at the event's own time", () => {
    const time = '1970-01-01T00:00:01Z'
    expect(latencyOf({ time }, 900, 1100)).toBe(200)
    expect(latencyOf({ time }, undefined, 1100)).toBe(100)
    expect(latencyOf({}, undefined, 1100)).toBeNull()
    expect(latencyOf({ time: 'soon' }, undefined, 1100)).toBeNull()
  })
})
