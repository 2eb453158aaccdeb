import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.ts'

test('a name has no nearest name among very different ones', () => {
  expect(nearestName('WHATEVER', ['KAFKA_BROKERS', 'PORT'])).toBeNull()
})
