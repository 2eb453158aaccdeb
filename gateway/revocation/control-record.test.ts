import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeControlRecord, encodeControlRecord } from './control-record.ts'
import { maxNameLength, type Subject, subjectKinds } from './subject.ts'

const aSubject: fc.Arbitrary<Subject> = fc.record({
  kind: fc.constantFrom(...subjectKinds),
  name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: maxNameLength }).map((name) => name.slice(0, maxNameLength).toWellFormed()),
})
const aTime = fc.integer({ min: 0, max: Date.UTC(9999, 0) })
const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))
const decode = (key: string | null, value: string | null) => decodeControlRecord({ key: bytes(key), value: bytes(value) })
const good = '{"version":1,"issuedBefore":"2026-01-31T12:00:00.000Z","until":"2026-03-02T12:00:05.000Z"}'

describe('a record of the control topic', () => {
  it('is read as it was written, with any names and times', () => {
    fc.assert(
      fc.property(aSubject, fc.option(fc.record({ issuedBeforeMs: aTime, untilMs: aTime })), (subject, revocation) => {
        const { key, value } = encodeControlRecord(subject, revocation)
        expect(decodeControlRecord({ key: bytes(key), value })).toEqual({ ok: true, value: { subject, revocation } })
      }),
    )
  })

  it('has the form of docs/protocol.md', () => {
    const record = encodeControlRecord(
      { kind: 'user', name: 'ann' },
      { issuedBeforeMs: Date.UTC(2026, 0, 31, 12), untilMs: Date.UTC(2026, 2, 2, 12, 0, 5) },
    )
    expect([record.key, String(record.value)]).toEqual(['user:ann', good])
  })

  it.each([
    ['without a key', null, good],
    ['of no kind', 'ann', good],
    ['without a name', 'user:', good],
    ['with a name that no claim can have', `user:${'x'.repeat(maxNameLength + 1)}`, good],
    ['with a key that is too long to be read', `user:${'x'.repeat(5_000)}`, good],
    ['that is not JSON', 'user:ann', 'x'],
    ['that is not an object', 'user:ann', '[]'],
    ['without a version', 'user:ann', '{}'],
    ['without an end', 'user:ann', '{"version":1,"issuedBefore":"2026-01-31T12:00:00.000Z"}'],
    ['with a time in seconds', 'user:ann', '{"version":1,"issuedBefore":1769860800,"until":1772452805}'],
    ['with a day that is not in the calendar', 'user:ann', good.replace('01-31', '13-31')],
    ['that is large', 'user:ann', `{"version":1,"padding":"${'x'.repeat(1_024)}"}`],
  ])('%s is malformed', (_, key, value) => {
    expect(decode(key, value)).toEqual({ ok: false, error: 'malformed' })
  })

  it.each([
    ['a later version', 'user:ann', '{"version":2}'],
    ['a kind that a later version may have', 'read-state:ann', '{"version":1}'],
  ])('of %s is unknown', (_, key, value) => {
    expect(decode(key, value)).toEqual({ ok: false, error: 'unknown' })
  })

  it('of any bytes is read or skipped, and nothing is thrown', () => {
    const someBytes = fc.option(fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array)))
    fc.assert(fc.property(someBytes, someBytes, (key, value) => void decodeControlRecord({ key, value })))
  })
})
