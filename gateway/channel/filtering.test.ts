import { describe, expect, it } from 'vitest'
import { decodeCursor } from '../replay/cursor.ts'
import { parseFilters } from '../filter/dialects.ts'
import type { Filter } from '../filter/filter.ts'
import type { Principal } from '../audience/principal.ts'
import type { Audience } from '../audience/audience.ts'
import type { Resume } from '../session/handshake.ts'
import { type ChannelRig, createChannelRig, RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'

const filterOf = (filters: unknown): Filter | null => {
  const parsed = parseFilters(JSON.stringify(filters), { maxBytes: 10_000 })
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

function connect(
  { channel }: ChannelRig,
  filters: unknown,
  { resume = { kind: 'latest' }, principal = {} }: { readonly resume?: Resume; readonly principal?: Partial<Principal> } = {},
) {
  const socket = new RecordingSocket()
  return { socket, session: channel.join(socket, { principal: rigPrincipal(principal), resume, filter: filterOf(filters) }) }
}

const onlyB = [{ exact: { id: 'b' } }]

describe('a session with filters', () => {
  it('gets the events for it that its filters hold for, live and when it resumes', async () => {
    const rig = createChannelRig()
    const live = connect(rig, onlyB)
    const start = live.socket.resume
    for (const id of ['a', 'b', 'c', 'b2']) await rig.publish({ id })
    const returning = connect(rig, onlyB, { resume: start })
    await rig.channel.settled()
    expect([live.socket.ids, returning.socket.ids]).toEqual([
      ['!resumed', 'b'],
      ['b', '!resumed'],
    ])
    expect(returning.socket.received.at(-1)?.data).toEqual({
      replayed: 1,
      session: expect.any(String),
      features: ['filters', 'subscribe', 'token', 'short-cursors'],
    })
  })

  it('gets no event of another user, whatever its filters are (G11)', async () => {
    const rig = createChannelRig()
    const everything = [{ not: { exact: { id: 'no such event' } } }]
    const { socket } = connect(rig, everything, { principal: { userId: 'bob', organizationId: 'red', roles: [] } })
    const audiences: readonly Partial<Audience>[] = [
      { users: ['ann'] },
      { organizations: ['blue'] },
      { organizations: ['red'], roles: ['admin'] },
    ]
    for (const [index, audience] of audiences.entries()) await rig.publish({ id: `foreign-${index}`, audience })
    await rig.publish({ id: 'own', audience: { users: ['bob'] } })
    expect(socket.ids).toEqual(['!resumed', 'own'])
  })

  it('gets cursors that are beyond the events that its filters held back', async () => {
    const rig = createChannelRig()
    const { session, socket } = connect(rig, onlyB)
    await rig.publish({ id: 'a', offset: 0 })
    await rig.publish({ id: 'c', offset: 1 })
    session.bookmark()
    const cursor = decodeCursor(String(socket.received.at(-1)?.cursor))
    expect([socket.ids, cursor.ok && cursor.value.offsets, session.isCatchingUp]).toEqual([['!resumed', '!bookmark'], [2, 0], false])
  })

  it('shares one check of an event with all sessions that have the same filters, however they write them', async () => {
    const rig = createChannelRig()
    for (let count = 0; count < 10; count += 1) connect(rig, onlyB)
    for (let count = 0; count < 10; count += 1) connect(rig, [{ any: [{ exact: { id: 'b' } }] }])
    for (let count = 0; count < 10; count += 1) connect(rig, [{ exact: { id: 'a' } }])
    connect(rig, [])
    for (const id of ['a', 'b', 'c']) await rig.publish({ id })
    expect([rig.metrics.value('filterChecks'), rig.metrics.value('filters'), rig.metrics.value('deliveries')]).toEqual([6, 2, 10 + 20 + 3])
  })

  it('causes no check of events for others', async () => {
    const rig = createChannelRig()
    connect(rig, onlyB, { principal: { userId: 'bob' } })
    await rig.publish({ id: 'b', audience: { users: ['ann'] } })
    expect([rig.metrics.value('filterChecks'), rig.metrics.value('eventsEncoded')]).toEqual([0, 0])
  })

  it('shows failures of expressions in a metric, and gets no event for which one fails', async () => {
    const rig = createChannelRig()
    const { socket } = connect(rig, [{ sql: "id = 'b' OR missing = 1" }])
    for (const id of ['a', 'b']) await rig.publish({ id })
    expect([socket.ids, rig.metrics.value('filterErrors', { error: 'missingAttribute' })]).toEqual([['!resumed', 'b'], 1])
  })

  it('does not get an event that cannot be encoded, and goes on', async () => {
    const rig = createChannelRig()
    const { socket } = connect(rig, [{ not: { exact: { id: 'x' } } }])
    await rig.publish({ id: 'a', isBroken: true })
    await rig.publish({ id: 'b' })
    expect(socket.ids).toEqual(['!resumed', 'b'])
  })

  it('ends a turn when its filters have done as much as one turn may, and goes on at the next one', async () => {
    const rig = createChannelRig({ replayMaxBytes: 10_000_000, socketBufferBytes: 1_000_000 })
    const start = connect(rig, onlyB).socket.resume
    for (let count = 0; count < 30; count += 1) await rig.publish({ id: `a${count}`, padding: 30_000 })
    await rig.publish({ id: 'b' })
    const expensive = connect(rig, [{ sql: `id = 'b' OR padding LIKE '%${'x'.repeat(50)}y'` }], { resume: start })
    const before = expensive.session.takeTurn()
    expect([before, expensive.session.isCatchingUp]).toEqual([0, true])
    await expect.poll(() => expensive.session.isCatchingUp).toBe(false)
    expect(expensive.socket.ids).toEqual(['b', '!resumed'])
  })

  it('leaves its place for another filter when it goes', async () => {
    const rig = createChannelRig({ maxDistinctFilters: 1 })
    const first = connect(rig, onlyB)
    const same = connect(rig, onlyB)
    const refused = connect(rig, [{ exact: { id: 'c' } }])
    expect([refused.session.closedWith, rig.channel.filters.size]).toEqual(['tooManyFilters', 1])
    first.socket.leave()
    same.socket.leave()
    expect([connect(rig, [{ exact: { id: 'c' } }]).session.closedWith, rig.channel.filters.size]).toEqual([null, 1])
  })
})

describe('a session that resumes', () => {
  it('is found by its id for as long as it lasts, also with other rights, and a plain one has none', () => {
    const rig = createChannelRig()
    const [client, plain] = [connect(rig, []), connect(rig, [], { resume: { kind: 'plain' } })]
    const id = client.session.id ?? ''
    rig.channel.renew(client.session, rigPrincipal({ organizationId: 'red' }), { id: 'frame', expiresInMs: null })
    expect([rig.channel.hub.find(id), plain.session.id, rig.channel.hub.find('')]).toEqual([client.session, null, null])
    client.socket.leave()
    expect(rig.channel.hub.find(id)).toBeNull()
  })
})

describe('a session that subscribes to other filters', () => {
  const subscribe = ({ channel }: ChannelRig, { session }: ReturnType<typeof connect>, filters: unknown) =>
    channel.subscribe(session, filterOf(filters), 'frame')
  const onlyC = [{ exact: { id: 'c' } }]

  it('gets events by the new ones from the cursor of the answer on, and none from before it', async () => {
    const rig = createChannelRig()
    const client = connect(rig, onlyB)
    for (const id of ['a', 'b', 'c']) await rig.publish({ id })
    const answer = subscribe(rig, client, onlyC)
    for (const id of ['a', 'b', 'c']) await rig.publish({ id })
    expect(client.socket.ids).toEqual(['!resumed', 'b', '!subscribed', 'c'])
    const subscribed = client.socket.received[2]
    expect([subscribed?.data, decodeCursor(String(subscribed?.cursor))]).toEqual([
      { id: 'frame' },
      { ok: true, value: expect.objectContaining({ offsets: [3, 0] }) },
    ])
    expect(answer).toEqual({ ok: true, value: Buffer.from(JSON.stringify(subscribed)) })
  })

  /** The cursor of the head would claim the entries that the session has yet to read. */
  it('gets events by the earlier ones up to its own place, where it is behind the head', async () => {
    const rig = createChannelRig()
    const client = connect(rig, onlyB)
    client.socket.isCongested = true
    for (const id of ['b', 'b', 'c']) await rig.publish({ id, padding: 100 })
    subscribe(rig, client, onlyC)
    client.socket.drain()
    await rig.channel.settled()
    expect([client.socket.ids, decodeCursor(String(client.socket.received[2]?.cursor))]).toEqual([
      ['!resumed', 'b', '!subscribed', 'c'],
      { ok: true, value: expect.objectContaining({ offsets: [1, 0] }) },
    ])
  })

  it('gets all events for it after an empty array, and leaves its place to others', async () => {
    const rig = createChannelRig({ maxDistinctFilters: 1 })
    const client = connect(rig, onlyB)
    subscribe(rig, client, [])
    await rig.publish({ id: 'a' })
    expect([client.socket.ids, rig.channel.filters.size]).toEqual([['!resumed', '!subscribed', 'a'], 0])
  })

  it('keeps the earlier ones if there is no room for the new ones', async () => {
    const rig = createChannelRig({ maxDistinctFilters: 1 })
    const [client, other] = [connect(rig, onlyB), connect(rig, onlyB)]
    expect([subscribe(rig, client, onlyC), subscribe(rig, client, onlyB).ok]).toEqual([{ ok: false, error: 'tooManyFilters' }, true])
    for (const id of ['b', 'c']) await rig.publish({ id })
    expect(client.socket.ids).toEqual(['!resumed', '!subscribed', 'b'])
    // The last session with a filter may give its place to another one.
    other.socket.leave()
    expect([subscribe(rig, client, onlyC).ok, rig.channel.filters.size]).toEqual([true, 1])
  })

  it('has as many distinct ones as the limit of its user, and another user has room', () => {
    const rig = createChannelRig({ maxDistinctFiltersPerUser: 1 })
    const [first, second, other] = [connect(rig, onlyB), connect(rig, onlyB), connect(rig, [], { principal: { userId: 'bob' } })]
    expect([subscribe(rig, first, onlyC), subscribe(rig, other, onlyC).ok]).toEqual([{ ok: false, error: 'tooManyFiltersOfUser' }, true])
    expect(connect(rig, onlyC).session.closedWith).toBe('tooManyFilters')
    second.socket.leave()
    expect([subscribe(rig, first, onlyC).ok, rig.channel.filters.users]).toEqual([true, 2])
  })

  it('leaves nothing behind, also if it ends while it is answered', () => {
    const rig = createChannelRig()
    const client = connect(rig, onlyB)
    client.socket.isCongested = true
    for (let sent = 0; client.session.closedWith === null && sent < 1_000; sent += 1) subscribe(rig, client, [{ exact: { id: `${sent}` } }])
    expect([client.session.closedWith, rig.channel.filters.size, rig.channel.filters.users]).toEqual(['tooSlow', 0, 0])
    expect([subscribe(rig, client, onlyC), rig.channel.filters.size]).toEqual([{ ok: true, value: null }, 0])
  })

  it('is narrowed also if it is plain, and gets no answer', async () => {
    const rig = createChannelRig()
    const plain = connect(rig, [], { resume: { kind: 'plain' } })
    expect(subscribe(rig, plain, onlyB)).toEqual({ ok: true, value: null })
    for (const id of ['a', 'b']) await rig.publish({ id })
    expect(plain.socket.ids).toEqual(['b'])
  })
})
