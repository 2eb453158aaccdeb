import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

test('nothing is near to something else altogether', () => {
  expect(nearestName('WHATEVER', ['KAFKA_BROKERS', 'PORT'])).toBeNull()
})
