import { expect, it } from 'vitest'
import type { PlannedEvent } from '../proof/plan.ts'
import { clientsLacking } from './audience-of-users.ts'

const ada = { id: 'ada', username: 'ada', organization: 'acme', roles: [] }
const event = (id: string, user: string): PlannedEvent => ({ id, key: null, number: 0, audience: { users: [user] } })

it('clientsLacking counts only the given events: a client may have received others before', () => {
  const client = { user: ada, received: [{ id: 'before, 1' }, { id: 'before, 2' }] }
  const lacks = clientsLacking([client], [event('now, 1', 'ada'), event('now, 2', 'grace')])
  expect(lacks()).toEqual([client])
  client.received.push({ id: 'now, 1' })
  expect(lacks()).toEqual([])
})

it('clientsLacking ignores a client that expects no event', () => {
  expect(clientsLacking([{ user: ada, received: [] }], [event('now, 1', 'grace')])()).toEqual([])
})
