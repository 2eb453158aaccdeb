import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { bytesOf, copyForms, copyOf, type DeadLetter } from './dead-letter-copy.ts'

const letter = (over: Partial<LogRecord> = {}): DeadLetter => ({
  kind: 'record',
  record: {
    partition: 3,
    offset: 7,
    timestampMs: 1_000,
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: { a: Buffer.from('1') },
    ...over,
  },
  failure: { reason: 'not-json', detail: 'It is not JSON.' },
})
const headersOf = (one: DeadLetter, form: (typeof copyForms)[number] = 'full') =>
  Object.fromEntries(copyOf(one, form, 't').headers.map(([name, value]) => [name, value === null ? null : String(value)]))

describe('the copy of a dead letter', () => {
  it('holds the unchanged record, and behind it its position and the reason', () => {
    expect(copyOf(letter(), 'full', 't')).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: [
        ['a', Buffer.from('1')],
        ['carillon_dlq_reason', 'not-json'],
        ['carillon_dlq_detail', 'It is not JSON.'],
        ['carillon_dlq_topic', 't'],
        ['carillon_dlq_partition', '3'],
        ['carillon_dlq_offset', '7'],
        ['carillon_dlq_time', '1970-01-01T00:00:01.000Z'],
      ],
    })
  })

  it('has the headers in the order of the record when the source keeps it', () => {
    const raw = [
      ['b', null],
      ['a', Buffer.from('1')],
      ['b', Buffer.from('2')],
    ] as const
    expect(copyOf(letter({ rawHeaders: () => raw }), 'full', 't').headers.slice(0, 3)).toEqual(raw)
  })

  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    [8.64e15, '+275760-09-13T00:00:00.000Z'],
    [8.64e15 + 1, '8640000000000001'],
    [1_700_000_000_000_000_000, '1700000000000000000'],
    [-9_223_372_036_854_775_808, '-9223372036854776000'],
    [Number.NaN, 'NaN'],
  ])('writes the time %d as a date, or as a number when no date can hold it', (timestampMs, expected) => {
    expect(headersOf(letter({ timestampMs })).carillon_dlq_time).toBe(expected)
  })

  it('holds less in each form, and names what is left out', () => {
    expect(copyOf(letter(), 'without-value', 't')).toMatchObject({ key: Buffer.from('k'), value: null })
    expect(headersOf(letter(), 'without-value')).toMatchObject({ a: '1', carillon_dlq_value: 'omitted' })
    expect(copyOf(letter(), 'place-only', 't')).toMatchObject({ key: null, value: null })
    expect(headersOf(letter(), 'place-only')).toMatchObject({ carillon_dlq_omitted: 'key,headers,value', carillon_dlq_offset: '7' })
    expect(headersOf(letter(), 'place-only')).not.toHaveProperty('a')
  })

  it('is small in its last form, for any record', () => {
    const large = letter({ key: Buffer.alloc(1e6), value: Buffer.alloc(1e6), headers: { x: Buffer.alloc(1e6) } })
    expect(copyForms.map((form) => bytesOf(copyOf(large, form, 't')) > 1e6)).toEqual([true, true, false])
    expect(bytesOf(copyOf(large, 'place-only', 't'.repeat(249)))).toBeLessThan(2_000)
  })

  it('of a range names its offsets, and the number of records of each reason', () => {
    const range: DeadLetter = {
      kind: 'range',
      reason: 'summary',
      detail: 'd',
      partition: 1,
      fromOffset: 5,
      toOffset: 9,
      counts: { empty: 3, 'not-json': 1 },
    }
    expect(copyOf(range, 'full', 't')).toMatchObject({ key: null, value: null })
    expect(headersOf(range)).toEqual({
      carillon_dlq_reason: 'summary',
      carillon_dlq_detail: 'd',
      carillon_dlq_topic: 't',
      carillon_dlq_partition: '1',
      carillon_dlq_offset: '5',
      carillon_dlq_to_offset: '9',
      carillon_dlq_count: '4',
      carillon_dlq_reasons: '{"empty":3,"not-json":1}',
    })
    expect(headersOf({ ...range, reason: 'unreadable', counts: {} })).not.toHaveProperty('carillon_dlq_count')
  })
})
