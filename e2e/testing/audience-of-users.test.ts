import { expect, it } from 'vitest'
import type { PlannedEvent } from '../proof/plan.ts'
import { whoLacks } from './audience-of-users.ts'

const ada = { id: 'ada', username: 'ada', organization: 'acme', roles: [] }
const event = (id: string, user: string): PlannedEvent => ({ id, key: null, number: 0, audience: { users: [user] } })

it('waits for a client until it has what it is owed now, however much came to it of events before: those who came back last were judged before anything reached them', () => {
  const client = { user: ada, received: [{ id: 'before, 1' }, { id: 'before, 2' }] }
  const lacks = whoLacks([client], [event('now, 1', 'ada'), event('now, 2', 'grace')])
  expect(lacks()).toEqual([client])
  client.received.push({ id: 'now, 1' })
  expect(lacks()).toEqual([])
})

it('waits for nobody to whom nothing is owed', () => {
  expect(whoLacks([{ user: ada, received: [] }], [event('now, 1', 'grace')])()).toEqual([])
})
