import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import { closeReason, maxCloseReasonBytes } from './close-reason.ts'

// The keys of the table are its codes.
const codes = Object.keys(closeCodes) as CloseCode[]

describe('the reason of a close', () => {
  test('fits in a close frame for every code, with any hint and without', () => {
    const hint = fc.record(
      { reconnectAfterMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: -10, max: 1e9 }) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.constantFrom(...codes), hint, (code, given) => {
        expect(Buffer.byteLength(closeReason(code, given))).toBeLessThanOrEqual(maxCloseReasonBytes)
      }),
    )
  })

  test('is the sentence of the table', () => {
    expect(closeReason('draining')).toBe(closeCodes.draining.text)
  })

  test('ends with the time to wait, in whole milliseconds', () => {
    expect(closeReason('draining', { reconnectAfterMs: 1234.4 })).toBe(`${closeCodes.draining.text} reconnect-after=1234`)
  })

  test('never has a negative time', () => {
    expect(closeReason('draining', { reconnectAfterMs: -5 })).toMatch(/ reconnect-after=0$/)
  })

  test('has a cut sentence, visibly, when the hint needs the room', () => {
    const reason = closeReason('unauthenticated', { reconnectAfterMs: 123_456_789 })
    expect(reason).toMatch(/… reconnect-after=123456789$/)
    expect(closeCodes.unauthenticated.text.startsWith(reason.split('…')[0] ?? '-')).toBe(true)
  })
})
