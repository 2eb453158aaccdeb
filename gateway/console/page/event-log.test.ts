import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../../../client/index.ts'
import { emptyLog, type EventLog, filterRows, type LogAction, maxCharacters, maxRows, reduceLog, toNdjson } from './event-log.ts'

const eventOf = (id: string, more: Partial<CloudEvent> = {}): CloudEvent => ({
  specversion: '1.0',
  id,
  source: 'urn:s',
  type: 't',
  ...more,
})
const arrival = (event: CloudEvent, connectionId = 1, kind: 'event' | 'control' | 'gap' = 'event'): LogAction => ({
  kind: 'arrived',
  arrivals: [{ row: { kind, event, receivedAtMs: 0 }, delivery: { connectionId, latencyMs: 1, isReplay: false } }],
})
/** Arrivals of one frame. */
const together = (...actions: readonly LogAction[]): LogAction => ({
  kind: 'arrived',
  arrivals: actions.flatMap((action) => (action.kind === 'arrived' ? action.arrivals : [])),
})
const after = (...actions: readonly LogAction[]): EventLog => actions.reduce(reduceLog, emptyLog)
const ids = (rows: EventLog['rows']): readonly string[] => rows.map(({ event }) => event.id)

describe('reduceLog', () => {
  it('shows an event once, with every connection that got it', () => {
    const log = after(arrival(eventOf('a'), 1), arrival(eventOf('b'), 1), arrival(eventOf('a'), 2))
    expect(ids(log.rows)).toEqual(['a', 'b'])
    expect(log.rows[0]?.deliveries.map(({ connectionId }) => connectionId)).toEqual([1, 2])
    expect(log.rows.map(({ seq }) => seq)).toEqual([1, 2])
  })

  it('tells sources apart, and never merges control events', () => {
    const log = after(
      arrival(eventOf('a')),
      arrival(eventOf('a', { source: 'urn:other' })),
      arrival(eventOf('x'), 1, 'control'),
      arrival(eventOf('x'), 2, 'control'),
    )
    expect(log.rows).toHaveLength(4)
  })

  it('shows an event once although its copies arrive in one frame, or thousands of events later', () => {
    const between = Array.from({ length: 3_000 }, (_, n) => arrival(eventOf(`e${n}`)))
    const log = after(together(arrival(eventOf('a'), 1), arrival(eventOf('a'), 2), ...between), arrival(eventOf('a'), 3))
    expect(log.rows).toHaveLength(3_001)
    expect(log.rows[0]?.deliveries.map(({ connectionId }) => connectionId)).toEqual([1, 2, 3])
  })

  it('keeps the newest rows only, also during a pause, and counts what it dropped', () => {
    const many = together(...Array.from({ length: maxRows + 5 }, (_, n) => arrival(eventOf(`e${n}`))))
    const full = after(many)
    expect([full.rows.length, ids(full.rows).at(0), full.dropped]).toEqual([maxRows, 'e5', 5])
    expect(after(many, arrival(eventOf('last')), { kind: 'clear' }).dropped).toBe(0)
    const paused = after({ kind: 'pause' }, many)
    expect([paused.rows.length, paused.held.length, paused.dropped]).toEqual([0, maxRows, 5])
  })

  it('keeps no more characters than its bound, but always the newest row', () => {
    const large = (id: string): CloudEvent => eventOf(id, { data: 'x'.repeat(maxCharacters / 4) })
    const log = after(...['a', 'b', 'c', 'd', 'e'].map((id) => arrival(large(id))))
    expect([ids(log.rows), log.dropped]).toEqual([['c', 'd', 'e'], 2])
    const huge = after(arrival(eventOf('small')), arrival(eventOf('huge', { data: 'x'.repeat(maxCharacters) })))
    expect(ids(huge.rows)).toEqual(['huge'])
  })

  it('changes nothing that is shown during a pause, and has missed nothing after it', () => {
    const paused = after(arrival(eventOf('a')), { kind: 'pause' }, arrival(eventOf('b')), arrival(eventOf('b'), 2))
    expect(ids(paused.rows)).toEqual(['a'])
    expect(paused.held).toHaveLength(1)
    const on = reduceLog(paused, { kind: 'go-on' })
    expect(ids(on.rows)).toEqual(['a', 'b'])
    expect(on.rows[1]?.deliveries).toHaveLength(2)
    expect([on.isPaused, on.held.length]).toEqual([false, 0])
  })

  it('forgets everything when it is cleared, and stays paused', () => {
    expect(after(arrival(eventOf('a')), { kind: 'pause' }, arrival(eventOf('b')), { kind: 'clear' })).toMatchObject({
      rows: [],
      held: [],
      isPaused: true,
    })
  })
})

describe('filterRows', () => {
  const { rows } = after(
    arrival(eventOf('1', { type: 'drawer.opened', data: { title: 'Größe' } }), 1),
    arrival(eventOf('2', { type: 'drawer.closed' }), 2),
    arrival(eventOf('3', { type: 'dev.carillon.resumed' }), 1, 'control'),
    arrival(eventOf('4', { type: 'dev.carillon.gap' }), 2, 'gap'),
  )
  const everything = { text: '', connectionId: null, showsControl: true }
  const idsOf = (filter: Partial<typeof everything> | { connectionId: number }): readonly string[] =>
    ids(filterRows(rows, { ...everything, ...filter }))

  it('lets everything through when it says nothing', () => {
    expect(idsOf({})).toEqual(['1', '2', '3', '4'])
  })

  it('finds all of its words anywhere in the event, in any case', () => {
    expect(idsOf({ text: 'DRAWER größe' })).toEqual(['1'])
    expect(idsOf({ text: '  ' })).toHaveLength(4)
    expect(idsOf({ text: 'nowhere' })).toEqual([])
  })

  it('shows what one connection received', () => {
    expect(idsOf({ connectionId: 2 })).toEqual(['2', '4'])
  })

  it('hides control events when asked to, but never a gap', () => {
    expect(idsOf({ showsControl: false })).toEqual(['1', '2', '4'])
  })
})

describe('toNdjson', () => {
  it('writes each event as it arrived, one a line, oldest first', () => {
    const { rows } = after(arrival(eventOf('1', { data: 'two\nlines' })), arrival(eventOf('2')))
    expect(
      toNdjson(rows)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual([eventOf('1', { data: 'two\nlines' }), eventOf('2')])
    expect(toNdjson(rows)).toMatch(/}\n$/)
  })
})
