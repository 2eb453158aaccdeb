import { expect, test } from 'vitest'
import { audienceOf } from './run-capacity.ts'

const users = Array.from({ length: 40 }, (_, index) => `user-${index}`)
const pace = { eventsPerSecond: 1_000, matching: 0.01 }

test('one in a hundred events is for a connected user, on each pod in turn', () => {
  const audience = audienceOf(users, { pods: 2, perPod: 5, most: 20, pace })
  expect(audience).toHaveLength(1_000)
  // The second pod has the identities from the twentieth on.
  expect(audience.filter((user) => user.startsWith('user-')).slice(0, 4)).toEqual(['user-0', 'user-20', 'user-1', 'user-21'])
  expect(audience.filter((user) => user.startsWith('user-'))).toHaveLength(10)
})

test('all events are for connected users where the pace says so', () => {
  expect(audienceOf(users, { pods: 1, perPod: 3, most: 40, pace: { ...pace, matching: 1 } })).toEqual(['user-0', 'user-1', 'user-2'])
})
