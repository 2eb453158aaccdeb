import { expect, it } from 'vitest'
import type { Emitted } from './emitters.ts'
import { checkCase, renderVerdict } from './verdict.ts'
import type { Watched } from './watchers.ts'

const anEmit = (id: string, more: Partial<Emitted> = {}): Emitted => ({
  id,
  partition: 0,
  pod: 'A',
  sentMs: 1_000,
  answeredMs: 1_010,
  status: 202,
  detail: '',
  ...more,
})
const aWatched = (ids: readonly string[], more: Partial<Watched> = {}): Watched => ({
  name: 'plain',
  events: ids.map((id) => ({ id, atMs: 1_100, pod: 'A' })),
  gaps: [],
  refusals: [],
  closes: [],
  ...more,
})
const verdictOf = (emitted: readonly Emitted[], watched: readonly Watched[]) =>
  checkCase({ emitted, watched, faultMs: 500, away: [0], unreadyMs: 0, unreadyBecause: [] })

it('is without fault when each client got each accepted event once and in time', () => {
  expect(verdictOf([anEmit('a'), anEmit('b')], [aWatched(['a', 'b']), aWatched(['b', 'a'])])).toMatchObject({
    accepted: 2,
    lost: 0,
    duplicates: 0,
    foreign: 0,
    recoverMs: 0,
    samples: [],
  })
})

it('counts events that one client did not get, got twice, or got from no emitter', () => {
  const verdict = verdictOf([anEmit('a'), anEmit('b')], [aWatched(['a', 'b']), aWatched(['a', 'a', 'poison'])])
  expect(verdict).toMatchObject({ lost: 1, duplicates: 1, foreign: 1 })
  expect(verdict.samples[0]).toContain('lost 1')
})

it('requires no refused event of a client, and counts the absent leader apart from all others', () => {
  const refused = { status: 503, detail: 'no leader' }
  expect(verdictOf([anEmit('a', refused), anEmit('b', { ...refused, partition: 1 })], [aWatched(['a'])])).toMatchObject({
    lost: 0,
    refusedAway: 1,
    refusedElsewhere: 1,
  })
})

it('recovers with the last event that was refused or late', () => {
  const emits = [anEmit('early', { sentMs: 400, status: 503 }), anEmit('late', { sentMs: 2_000 }), anEmit('good', { sentMs: 6_000 })]
  const events = [
    { id: 'late', atMs: 4_500, pod: 'A' },
    { id: 'good', atMs: 6_020, pod: 'A' },
  ]
  expect(verdictOf(emits, [aWatched([], { events })]).recoverMs).toBe(1_500)
})

it('counts refusals of browsers, closes and gaps, and is one row of a table', () => {
  const seen = aWatched(['a'], {
    refusals: [{ why: 'A: status 503', atMs: 1 }],
    gaps: [{ reason: 'epoch', atMs: 1, pod: 'A' }],
    closes: [{ code: 4200, reason: '', atMs: 1 }],
  })
  const verdict = verdictOf([anEmit('a')], [seen])
  expect(verdict).toMatchObject({ browsersRefused: 1, gaps: 1, closes: 1 })
  expect(renderVerdict('leader killed', verdict)).toBe('| leader killed | 1 | 1 | 0 | 0 | 0 | 0 | 1 | 1 | 0.0 | 0.0 |')
})
