import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AudienceIndex } from './audience-index.ts'
import { Deque, partitionPoint } from './deque.ts'
import { DuplicateFilter } from './duplicate-filter.ts'

describe('a deque', () => {
  it('is an array from which the front can be taken', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(), { freq: 2 }), { maxLength: 400, size: 'max' }), (steps) => {
        const deque = new Deque<number>()
        const model: number[] = []
        for (const step of steps) {
          const taken = step === null ? [deque.shift(), model.shift()] : [deque.push(step), model.push(step) && undefined]
          expect(taken[0]).toBe(taken[1])
          expect([deque.length, deque.first(), deque.last(), deque.at(1), deque.at(-1)]).toEqual([
            model.length,
            model[0],
            model.at(-1),
            model[1],
            undefined,
          ])
        }
      }),
    )
  })

  it('finds where a sorted run begins', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), fc.nat({ max: 60 }), (numbers, wanted) => {
        const deque = new Deque<number>()
        const sorted = numbers.sort((a, b) => a - b)
        for (const number of sorted) deque.push(number)
        expect(partitionPoint(deque, (number) => number < wanted)).toBe(sorted.filter((number) => number < wanted).length)
      }),
    )
  })
})

describe('the audience index', () => {
  const keys = fc.uniqueArray(fc.constantFrom('*', 'u:a', 'u:b', 'n:a', 'o:x', 'o:y'), { maxLength: 4 })

  it('visits what a scan of all entries would, each once and in order, however much was dropped', () => {
    fc.assert(
      fc.property(fc.array(keys, { maxLength: 80 }), fc.nat({ max: 80 }), keys, fc.nat({ max: 90 }), (entries, dropped, wanted, from) => {
        const index = new AudienceIndex()
        entries.forEach((entryKeys, seq) => index.add(seq, entryKeys))
        for (const entryKeys of entries.slice(0, dropped)) expect(index.drop()).toBe(entryKeys.length)
        const visited: number[] = []
        index.visit(wanted, from, (seq) => visited.push(seq) > 0)
        const scanned = entries.flatMap((entryKeys, seq) =>
          seq >= dropped && seq >= from && entryKeys.some((key) => wanted.includes(key)) ? [seq] : [],
        )
        expect(visited).toEqual(scanned)
      }),
    )
  })

  it('knows from where on all entries are for everyone', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(['*'], ['u:a'], ['u:a', 'o:x'])), fc.nat({ max: 40 }), (entries, from) => {
        const index = new AudienceIndex()
        entries.forEach((entryKeys, seq) => index.add(seq, entryKeys))
        expect(index.isForEveryone(from)).toBe(entries.slice(from).every(([key]) => key === '*'))
      }),
    )
  })

  it('holds no key without entries', () => {
    const index = new AudienceIndex()
    for (let seq = 0; seq < 1000; seq += 1) index.add(seq, [`u:${seq}`, 'o:x'])
    for (let seq = 0; seq < 1000; seq += 1) index.drop()
    expect(index.keyCount).toBe(0)
  })

  it('stops when the visitor has enough', () => {
    const index = new AudienceIndex()
    for (let seq = 0; seq < 10; seq += 1) index.add(seq, ['*'])
    const visited: number[] = []
    index.visit(['*'], 3, (seq) => visited.push(seq) < 2)
    expect(visited).toEqual([3, 4])
  })
})

describe('the duplicate filter', () => {
  const filter = (): DuplicateFilter => new DuplicateFilter({ windowMs: 1000, maxIds: 100 })

  it('tells the second of two events with one source and id', () => {
    const duplicates = filter()
    expect([
      duplicates.isDuplicate('s', '1', 0, 0),
      duplicates.isDuplicate('s', '1', 500, 500),
      duplicates.isDuplicate('s', '2', 500, 500),
      duplicates.isDuplicate('t', '1', 500, 500),
    ]).toEqual([false, true, false, false])
  })

  it('tells duplicates of more sources than have a table of their own, as it does of few', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ source: fc.nat({ max: 150 }), id: fc.nat({ max: 2 }), atMs: fc.nat({ max: 900 }) }), {
          maxLength: 600,
          size: 'max',
        }),
        (events) => {
          const duplicates = new DuplicateFilter({ windowMs: 1000, maxIds: 100_000 })
          const seen = new Set<string>()
          for (const { source, id, atMs } of events) {
            expect(duplicates.isDuplicate(`s${source}`, `${id}`, 5_000 + atMs, 6_000)).toBe(seen.has(`${source} ${id}`))
            expect(duplicates.size).toBe(seen.add(`${source} ${id}`).size)
          }
        },
      ),
    )
  })

  it('lets an event pass again after the window, counted from the last duplicate', () => {
    const duplicates = filter()
    expect([0, 900, 1800, 2801].map((at) => duplicates.isDuplicate('s', '1', at, at))).toEqual([false, true, true, false])
  })

  it('does not mistake one pair of source and id for another that reads the same when joined', () => {
    const duplicates = filter()
    expect([duplicates.isDuplicate('ab', 'c', 0, 0), duplicates.isDuplicate('a', 'bc', 0, 0)]).toEqual([false, false])
  })

  it('remembers no more than it may', () => {
    const duplicates = filter()
    for (let id = 0; id < 10_000; id += 1) duplicates.isDuplicate('s', String(id), id, 0)
    expect(duplicates.size).toBeLessThanOrEqual(100)
  })

  it('can be turned off', () => {
    const duplicates = new DuplicateFilter({ windowMs: 0, maxIds: 100 })
    expect([duplicates.isDuplicate('s', '1', 0, 0), duplicates.isDuplicate('s', '1', 0, 0), duplicates.size]).toEqual([false, false, 0])
  })

  it('gives every pod the same answers, whenever it began to read, if that was a window before', () => {
    const record = fc.record({ id: fc.constantFrom('a', 'b', 'c'), gapMs: fc.nat({ max: 900 }) })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), fc.nat({ max: 20_000 }), (records, keepFromMs) => {
        let atMs = 0
        const timed = records.map(({ id, gapMs }) => ({ id, atMs: (atMs += gapMs) }))
        // One pod reads as the records are written, the other reads all of them in one moment.
        const answers = (sinceMs: number, nowMs: (atMs: number) => number): boolean[] => {
          const duplicates = filter()
          return timed
            .filter((one) => one.atMs >= sinceMs)
            .map((one) => ({ ...one, is: duplicates.isDuplicate('s', one.id, one.atMs, nowMs(one.atMs)) }))
            .filter((one) => one.atMs >= keepFromMs)
            .map(({ is }) => is)
        }
        expect(answers(keepFromMs - 1000, () => atMs)).toEqual(answers(0, (writtenMs) => writtenMs))
      }),
    )
  })

  /** A producer whose clock was ahead ended a generation with each record: after two, every id was forgotten, and duplicates of all others passed. */
  it('remembers the ids of one source for any clock of another', () => {
    const minute = 60_000
    const duplicates = new DuplicateFilter({ windowMs: 5 * minute, maxIds: 200_000 })
    const t = Date.UTC(2026, 0, 31)
    const seen = (source: string, id: string, afterMs: number, recordMs: number): boolean =>
      duplicates.isDuplicate(source, id, t + recordMs, t + afterMs)
    expect([seen('good', '1', 0, 0), seen('good', '1', 1_000, 1_000)]).toEqual([false, true])
    expect([seen('ahead', '1', 1_200, 6 * minute), seen('ahead', '2', 1_400, 12 * minute)]).toEqual([false, false])
    expect(seen('good', '1', 2_000, 2_000)).toBe(true)
  })

  it('finds each duplicate within the window of a source with a good clock, for any timestamps of others', () => {
    const step = fc.record({
      gapMs: fc.nat({ max: 400 }),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      strangersMs: fc.array(fc.integer({ min: -10_000_000, max: 10_000_000 }), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const duplicates = new DuplicateFilter({ windowMs: 1000, maxIds: 10_000 })
        const lastMs = new Map<string, number>()
        let nowMs = 0
        steps.forEach(({ gapMs, id, strangersMs }, index) => {
          nowMs += gapMs
          const beforeMs = lastMs.get(id)
          expect(duplicates.isDuplicate('good', id, nowMs, nowMs)).toBe(beforeMs !== undefined && nowMs - beforeMs <= 1000)
          lastMs.set(id, nowMs)
          strangersMs.forEach((offMs, n) => duplicates.isDuplicate('stranger', `${index}-${n}`, nowMs + offMs, nowMs))
        })
      }),
    )
  })

  it("finds duplicates among records that were written during a pause of the pod, though a stranger's clock is ahead", () => {
    const duplicates = filter()
    duplicates.isDuplicate('good', '1', 0, 0)
    duplicates.isDuplicate('good', 'filler', 950, 950)
    // The pod stopped for a minute, and then reads the records of that minute in a moment.
    for (const n of [1, 2, 3]) duplicates.isDuplicate('ahead', String(n), 50_000 + n * 5_000, 60_950 + n)
    expect(duplicates.isDuplicate('good', '1', 990, 60_960)).toBe(true)
  })

  it('forgets ids that are two windows old, by both clocks', () => {
    const duplicates = filter()
    for (let atMs = 0; atMs <= 10_000; atMs += 100) duplicates.isDuplicate('s', String(atMs), atMs, atMs)
    expect(duplicates.size).toBeLessThan(30)
  })

  it('remembers no more than it may when no clock moves on', () => {
    const duplicates = filter()
    for (let id = 0; id < 10_000; id += 1) duplicates.isDuplicate('s', String(id), id * 1_000_000, 0)
    expect(duplicates.size).toBeLessThanOrEqual(100)
  })
})
