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
          expect([deque.length, deque.first(), deque.last(), deque.at(1), deque.at(-1)]).toEqual([model.length, model[0], model.at(-1), model[1], undefined])
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
        entries.slice(0, dropped).forEach((entryKeys) => index.drop(entryKeys))
        const visited: number[] = []
        index.visit(wanted, from, (seq) => visited.push(seq) > 0)
        const scanned = entries.flatMap((entryKeys, seq) => (seq >= dropped && seq >= from && entryKeys.some((key) => wanted.includes(key)) ? [seq] : []))
        expect(visited).toEqual(scanned)
      }),
    )
  })

  it('keeps nothing of keys whose entries are gone', () => {
    const index = new AudienceIndex()
    for (let seq = 0; seq < 1000; seq += 1) index.add(seq, [`u:${seq}`, 'o:x'])
    for (let seq = 0; seq < 1000; seq += 1) index.drop([`u:${seq}`, 'o:x'])
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
    expect([duplicates.isDuplicate('s', '1', 0), duplicates.isDuplicate('s', '1', 500), duplicates.isDuplicate('s', '2', 500), duplicates.isDuplicate('t', '1', 500)]).toEqual([false, true, false, false])
  })

  it('lets an event pass again after the window, counted from the last twin', () => {
    const duplicates = filter()
    expect([0, 900, 1800, 2801].map((at) => duplicates.isDuplicate('s', '1', at))).toEqual([false, true, true, false])
  })

  it('does not mistake one pair of source and id for another that reads the same when joined', () => {
    const duplicates = filter()
    expect([duplicates.isDuplicate('ab', 'c', 0), duplicates.isDuplicate('a', 'bc', 0)]).toEqual([false, false])
  })

  it('remembers no more than it may', () => {
    const duplicates = filter()
    for (let id = 0; id < 10_000; id += 1) duplicates.isDuplicate('s', String(id), id)
    expect(duplicates.size).toBeLessThanOrEqual(100)
  })

  it('can be turned off', () => {
    const duplicates = new DuplicateFilter({ windowMs: 0, maxIds: 100 })
    expect([duplicates.isDuplicate('s', '1', 0), duplicates.isDuplicate('s', '1', 0), duplicates.size]).toEqual([false, false, 0])
  })

  it('gives every pod the same answers, whenever it began to read, if that was a window before', () => {
    const record = fc.record({ id: fc.constantFrom('a', 'b', 'c'), gapMs: fc.nat({ max: 900 }) })
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), fc.nat({ max: 20_000 }), (records, keepFromMs) => {
        let atMs = 0
        const timed = records.map(({ id, gapMs }) => ({ id, atMs: (atMs += gapMs) }))
        const answers = (sinceMs: number): boolean[] => {
          const duplicates = filter()
          return timed.filter((one) => one.atMs >= sinceMs).map((one) => ({ ...one, is: duplicates.isDuplicate('s', one.id, one.atMs) })).filter((one) => one.atMs >= keepFromMs).map(({ is }) => is)
        }
        expect(answers(keepFromMs - 1000)).toEqual(answers(0))
      }),
    )
  })
})
