import { expect, test } from 'vitest'
import { parseSoak } from './parse-soak.ts'

test('without options a soak is that of the issue', () => {
  expect(parseSoak([])).toEqual({
    ok: true,
    value: { minutes: 30, sockets: 5_000, eventsPerSecond: 200, churnPerSecond: 50, out: 'artifacts/soak.svg' },
  })
})

test('each number can be set', () => {
  expect(parseSoak(['--minutes', '1', '--sockets', '100', '--events', '20', '--churn', '5', '--out', 'a.svg'])).toMatchObject({
    value: { minutes: 1, sockets: 100, eventsPerSecond: 20, churnPerSecond: 5, out: 'a.svg' },
  })
})

test('a number out of bounds and an unknown option are refused', () => {
  expect(parseSoak(['--minutes', '0'])).toEqual({ ok: false, error: '--minutes must be between 0.25 and 1440, and is 0.' })
  expect(parseSoak(['--sockets', 'many'])).toMatchObject({ ok: false, error: expect.stringContaining('--sockets') })
  expect(parseSoak(['--hours', '1'])).toMatchObject({ ok: false })
})

test('a request for help has no plan', () => {
  expect(parseSoak(['--help'])).toEqual({ ok: true, value: null })
})
