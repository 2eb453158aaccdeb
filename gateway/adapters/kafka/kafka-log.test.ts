import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../event/log-record.ts'
import { createRecordCheck } from './kafka-log.ts'

const check = createRecordCheck({ maxEventBytes: 1_000, maxAudienceNames: 10 })

const aRecord = (value: string | null, headers: Readonly<Record<string, string>> = {}): LogRecord => ({
  partition: 0,
  offset: 0,
  timestampMs: 0,
  key: null,
  value: value === null ? null : Buffer.from(value),
  headers: Object.fromEntries(Object.entries(headers).map(([name, content]) => [name, Buffer.from(content)])),
})

const binary = {
  ce_specversion: '1.0',
  ce_id: '1',
  ce_source: '/s',
  ce_type: 't',
  ce_audience: '{"broadcast":true}',
  'content-type': 'application/json',
}

describe('the check for dead letters', () => {
  it('accepts records that can be delivered, and records without an audience', () => {
    expect(check(aRecord('{}', binary))).toBeNull()
    expect(check(aRecord('{}', { ...binary, ce_audience: '{}' }))).toBeNull()
  })

  it.each([
    ['a tombstone', aRecord(null), 'empty'],
    ['a value that is not JSON', aRecord('{'), 'not-json'],
    ['a foreign specversion', aRecord('{}', { ...binary, ce_specversion: '0.3' }), 'specversion'],
  ])('finds %s', (_what, record, reason) => {
    expect(check(record)?.reason).toBe(reason)
  })

  it('finds faults that delivery finds only when a session is to receive the event', () => {
    expect(check(aRecord('{"a":', binary))?.reason).toBe('bad-data')
  })

  it('repeats no content', () => {
    expect(JSON.stringify(check(aRecord('{"secret-of-a-user":', binary)))).not.toContain('secret-of-a-user')
  })
})
