import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

test('a name has no nearest name among very different ones', () => {
  expect(nearestName('WHATEVER', ['KAFKA_BROKERS', 'PORT'])).toBeNull()
})

test.each([
  ['DRAIN', 'DRAIN_MS'],
  ['DRAIN_SECONDS', 'DRAIN_MS'],
  ['--drain-s', 'DRAIN_MS'],
  ['EMIT_RATE', 'EMIT_RATE_PER_S'],
  ['REPLAY_MAX_MB', 'REPLAY_MAX_BYTES'],
])('the name %s is near one that has another unit', (given, meant) => {
  expect(nearestName(given, ['PORT', 'DRAIN_DELAY_MS', 'DRAIN_MS', 'EMIT_RATE_PER_S', 'REPLAY_MAX_BYTES'])).toBe(meant)
})

test('a unit in the given name alone does not make it near a name without one', () => {
  expect(nearestName('PORT_MS', ['PORT'])).toBeNull()
})
