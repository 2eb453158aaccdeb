import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Filter } from './filters.ts'
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts'
import type { SharingOptions } from './share-types.ts'
import { connect } from './share.ts'
import { SharedConnection } from './share/shared-connection.ts'
import { createSimulatedBrowser, type SimulatedBrowser } from './testing/simulated-browser.ts'
import { control, createWebSocketDoubles } from './testing/web-socket-double.ts'

let gateway: MemoryGateway
let browser: SimulatedBrowser
let connections: { close(): void }[] = []

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  gateway = createMemoryGateway()
  browser = createSimulatedBrowser()
})

afterEach(async () => {
  for (const connection of connections) connection.close()
  connections = []
  await pass(10)
  const timers = vi.getTimerCount()
  vi.useRealTimers()
  vi.restoreAllMocks()
  if (timers > 0) throw new Error(`${timers} timers were left behind.`)
})

function openTab(options: Partial<SharingOptions> = {}) {
  const tab = browser.openTab()
  const seen: string[] = []
  const errors: string[] = []
  const connection = new SharedConnection(
    {
      channel: 'orders',
      ...gateway.options,
      share: true,
      user: 'ann',
      onEvent: ({ type }) => seen.push(type),
      onGap: ({ reason }) => seen.push(`gap ${reason}`),
      onStateChange: () => {},
      onError: (error) => errors.push(String(error)),
      ...options,
    },
    tab.place,
    { maxItems: 100, maxBytes: 1 << 20 },
  )
  connections.push(connection)
  const kill = (): void => {
    tab.kill()
    connection.close()
  }
  return { tab, seen, errors, connection, kill }
}

async function openTabs(count: number, options: Partial<SharingOptions> = {}) {
  const tabs = []
  for (let index = 0; index < count; index += 1) {
    tabs.push(openTab(options))
    await pass(20)
  }
  return tabs
}

const filtersOf = (): unknown => gateway.connections.map(({ url }) => JSON.parse(new URL(url).searchParams.get('filters') ?? '[]'))

describe('eight tabs of one user', () => {
  it('have one connection, and each sees each event once', async () => {
    const tabs = await openTabs(8)
    gateway.emit('a', 1)
    await pass(10)
    expect(gateway.connections).toHaveLength(1)
    expect(tabs.map(({ seen }) => seen)).toEqual(tabs.map(() => ['a']))
    expect(tabs.map(({ connection }) => connection.cursor)).toEqual(tabs.map(() => 'memory-1'))
  })

  it('lose nothing when the tab that leads dies, and another one leads at once', async () => {
    const [leader, ...others] = await openTabs(8)
    gateway.emit('a', 1)
    leader?.kill()
    gateway.emit('b', 1)
    await pass(10)
    gateway.emit('c', 1)
    await pass(10)
    expect(gateway.connections).toHaveLength(1)
    expect(others.map(({ seen }) => seen)).toEqual(others.map(() => ['a', 'b', 'c']))
  })

  it.each(['freeze', 'pagehide'] as const)('go on when the page of the leader gets %s, which returns to what it missed', async (type) => {
    const [leader, ...others] = await openTabs(3)
    leader?.tab.fire(type)
    await pass(10)
    gateway.emit('a', 1)
    await pass(10)
    expect([leader?.seen, others.map(({ seen }) => seen)]).toEqual([[], others.map(() => ['a'])])
    leader?.tab.fire(type === 'freeze' ? 'resume' : 'pageshow')
    await pass(10)
    expect([leader?.seen, gateway.connections.length]).toEqual([['a'], 1])
  })

  it('take over from a leader that stands still without a word, which then follows', async () => {
    const [leader, ...others] = await openTabs(3)
    if (leader) leader.tab.isReachable = false
    await pass(6000)
    gateway.emit('a', 1)
    await pass(10)
    expect(others.map(({ seen }) => seen)).toEqual(others.map(() => ['a']))
    if (leader) leader.tab.isReachable = true
    await pass(6000)
    expect([leader?.seen, gateway.connections.length]).toEqual([['a'], 1])
  })

  it('fetch what they missed from the leader before they go on', async () => {
    const [, follower] = await openTabs(3)
    if (follower) follower.tab.isReachable = false
    gateway.emit('a', 1)
    await pass(10)
    if (follower) follower.tab.isReachable = true
    gateway.emit('b', 1)
    await pass(10)
    expect([follower?.seen, gateway.connections.length]).toEqual([['a', 'b'], 1])
  })

  // A tab that is further than a new leader goes back: what it leads later begins where all others are.
  it('lose nothing when leaders die one after the other, and each had received another part', async () => {
    const [first, behind, ahead, last] = await openTabs(4)
    const late = [behind, last]
    for (const each of late) if (each) each.tab.isReachable = false
    gateway.emit('a', 1)
    await pass(10)
    for (const each of late) if (each) each.tab.isReachable = true
    gateway.refuse(4100)
    first?.kill()
    await pass(10)
    behind?.kill()
    await pass(10)
    gateway.accept()
    await pass(10_000)
    expect([ahead?.seen, last?.seen, gateway.connections.length]).toEqual([['a'], ['a'], 1])
  })

  it('send again what a leader that stood still did not hear', async () => {
    const [leader, follower] = await openTabs(2)
    if (leader) leader.tab.isReachable = false
    const sent = follower?.connection.send('note', 1, { id: '1' })
    await pass(10)
    if (leader) leader.tab.isReachable = true
    await pass(6000)
    await sent
    expect(gateway.sends.map(({ id }) => id)).toEqual(['1'])
  })

  it('send by the one connection, and a send survives the death of the leader', async () => {
    const [leader, follower] = await openTabs(2)
    const first = follower?.connection.send('note', 1, { id: '1' })
    await pass(10)
    await first
    gateway.loseAnswers()
    let isSent = false
    follower?.connection.send('note', 2, { id: '2' }).then(
      () => (isSent = true),
      () => {},
    )
    await pass(10)
    leader?.kill()
    gateway.acceptSends()
    await pass(10)
    expect([isSent, gateway.sends.map(({ id }) => id)]).toEqual([true, ['1', '2']])
  })

  it('hear the refusal of a send in the tab that sent it', async () => {
    const [, follower] = await openTabs(2)
    gateway.refuseSends({ detail: 'No rule accepts it.' })
    const failed = follower?.connection.send('note', 1, { id: '7' }).catch((error: unknown) => error)
    await pass(10)
    expect(await failed).toMatchObject({ name: 'SendError', id: '7', message: 'No rule accepts it.' })
  })

  it('renew the token and connect again on behalf of a tab that does not lead', async () => {
    let count = 0
    const [, follower] = await openTabs(2, { token: () => `t${(count += 1)}` })
    const renewed = follower?.connection.renewToken()
    await pass(10)
    await renewed
    expect(gateway.connections).toMatchObject([{ token: 't2' }])
    follower?.connection.reconnect()
    await pass(10)
    expect(gateway.connections).toMatchObject([{ token: 't3' }])
  })

  it('see a gap each', async () => {
    const tabs = await openTabs(3)
    gateway.gap('too-slow')
    await pass(10)
    expect(tabs.map(({ seen }) => seen)).toEqual(tabs.map(() => ['gap too-slow']))
  })

  it('are closed one after the other, each by its own attempt, when the gateway refuses the user', async () => {
    const tabs = await openTabs(3)
    gateway.refuse(4007, 'Revoked.')
    gateway.close(4007, 'Revoked.')
    await pass(10_000)
    expect(tabs.map(({ connection }) => connection.state)).toEqual(tabs.map(() => ({ kind: 'closed', code: 4007, reason: 'Revoked.' })))
    gateway.accept()
    for (const { connection } of tabs) connection.reconnect()
    await pass(100)
    expect([tabs.map(({ connection }) => connection.state.kind), gateway.connections.length]).toEqual([tabs.map(() => 'open'), 1])
  })
})

describe('filters', () => {
  const only = (type: string): readonly Filter[] => [{ exact: { type } }]
  const emitAll = async (): Promise<void> => {
    for (const type of ['a', 'b', 'c']) gateway.emit(type, 1)
    await pass(10)
  }

  it('are those of all tabs on the connection, and those of its own in each tab', async () => {
    const first = openTab({ filters: only('a') })
    await pass(20)
    expect(filtersOf()).toEqual([only('a')])
    const second = openTab({ filters: only('b') })
    await pass(20)
    await emitAll()
    expect([first.seen, second.seen, gateway.connections.length]).toEqual([['a'], ['b'], 1])
    // The connection brings what a tab wants, and no more.
    expect(first.connection.cursor).toBe('memory-2')
  })

  it('change in one tab without a new connection, and an event that no tab wants any more does not come', async () => {
    const [first, second] = await openTabs(2, { filters: only('a') })
    const done = [first, second].map((each, index) => each?.connection.setFilters(only(index === 0 ? 'b' : 'c')))
    await pass(20)
    await Promise.all(done)
    await emitAll()
    expect([first?.seen, second?.seen]).toEqual([['b'], ['c']])
    second?.connection.close()
    await pass(20)
    await emitAll()
    expect([first?.seen, first?.connection.cursor]).toEqual([['b', 'b'], 'memory-5'])
  })

  it('that the gateway refuses leave those before in place, and the other tabs share on', async () => {
    gateway = createMemoryGateway({ features: ['send'] })
    const [first] = await openTabs(1)
    await expect(first?.connection.setFilters(only('b'))).rejects.toMatchObject({ type: 'urn:carillon:client:not-supported' })
    const [second] = await openTabs(1)
    await emitAll()
    expect([first?.seen, second?.seen, gateway.connections.length]).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], 1])
  })

  it('of a tab that follows, which the gateway refuses, are told to that tab, and those before stay', async () => {
    gateway = createMemoryGateway({ features: ['send'] })
    const [first, second] = await openTabs(2, { filters: only('a') })
    const refused = second?.connection.setFilters(only('b')).catch((error: unknown) => error)
    await pass(20)
    expect(await refused).toMatchObject({ type: 'urn:carillon:client:not-supported' })
    await emitAll()
    expect([first?.seen, second?.seen, gateway.connections.length]).toEqual([['a'], ['a'], 1])
  })

  it('of CloudEvents SQL give a tab a connection of its own, and others bring it back', async () => {
    const [first] = await openTabs(1)
    const alone = openTab({ filters: [{ sql: 'TRUE' }] })
    await pass(20)
    expect(gateway.connections).toHaveLength(2)
    const done = alone.connection.setFilters(only('a'))
    await pass(2000)
    await done
    await emitAll()
    expect([gateway.connections.length, first?.seen, alone.seen]).toEqual([1, ['a', 'b', 'c'], ['a']])
  })
})

describe('users', () => {
  const jwt = (claims: object): string => `h.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.s`

  it('never share with another user, and share with themselves', async () => {
    const [ann] = await openTabs(2)
    const bob = openTab({ user: 'bob' })
    await pass(20)
    expect(gateway.connections).toHaveLength(2)
    gateway.emit('a', 1)
    await pass(10)
    expect([ann?.seen, bob.seen]).toEqual([['a'], ['a']])
  })

  it.each([
    ['the same user, in another token', { sub: 'ann', org: 1, exp: 9, iat: 2, jti: 'b' }, 1],
    ['another user', { sub: 'bob', org: 1, exp: 3 }, 2],
    ['the same user in another organization', { sub: 'ann', org: 2, exp: 3 }, 2],
    ['the same user with another role', { sub: 'ann', org: 1, exp: 3, roles: ['x'] }, 2],
  ])('are known by the claims of their tokens: %s', async (_title, claims, sockets) => {
    vi.useRealTimers()
    const token = jwt({ exp: 3, jti: 'a', sub: 'ann', org: 1 })
    const options = { ...gateway.options, channel: 'orders', share: true }
    for (const each of [token, jwt(claims)]) {
      const { place } = browser.openTab()
      const connection = new SharedConnection({ ...options, token: () => each }, place, { maxItems: 10, maxBytes: 1000 })
      connections.push(connection)
      await connection.opened
    }
    expect(gateway.connections).toHaveLength(sockets)
    vi.useFakeTimers()
  })

  it('do not share when the token says nothing, and hear of it', async () => {
    vi.useRealTimers()
    const errors: string[] = []
    const { place } = browser.openTab()
    const connection = new SharedConnection(
      { channel: 'orders', ...gateway.options, token: () => 'opaque', onError: (error) => errors.push(String(error)) },
      place,
      { maxItems: 10, maxBytes: 1000 },
    )
    connections.push(connection)
    await connection.opened
    expect(errors).toEqual([
      'Error: Carillon: this tab shares no connection, because its token is not a JWT. Give connect() the option user.',
    ])
    vi.useFakeTimers()
  })

  it('with a cookie need a name', () => {
    vi.stubGlobal('navigator', { locks: {} })
    vi.stubGlobal('BroadcastChannel', vi.fn())
    for (const nobody of [{}, { user: '' }, { user: null as never }])
      expect(() => connect({ channel: 'orders', share: true, ...nobody })).toThrow('connect() with `share` needs a `user`')
    vi.unstubAllGlobals()
  })
})

it.each([null, ''])('an outbox keeps nothing for a user whose name is %j', async (user) => {
  const keys: string[] = []
  const storage = { getItem: () => null, setItem: (key: string) => void keys.push(key) }
  const { connection } = openTab({ user: user as never, token: () => null, outbox: { storage } })
  connection.send('chat.message', 1).catch(() => {})
  await pass(20)
  expect(keys).toEqual([])
})

describe('a tab that lies', () => {
  it('is ignored and reported, and nothing throws', async () => {
    const [first, second] = await openTabs(2)
    const lies: readonly unknown[] = [
      null,
      7,
      'hello',
      [],
      {},
      { v: 2, kind: 'ping' },
      { v: 1, kind: 'constructor' },
      { v: 1, kind: 'item', position: { term: 'x', seq: 1 }, item: { kind: 'event', cursor: 'c', event: { type: 7 } } },
      { v: 1, kind: 'item', position: null, item: null },
      { v: 1, kind: 'hello', tab: 'x', position: null, cursor: 7, filters: [], isChange: false },
      { v: 1, kind: 'hello', tab: 'x', position: null, cursor: null, filters: [{ sql: 'TRUE' }], isChange: false },
      { v: 1, kind: 'state', term: 'x', state: { kind: 'happy' } },
      { v: 1, kind: 'ask', tab: 'x', id: 'x', what: 'explode', text: '' },
      { v: 1, kind: 'welcome', to: 'x', position: { term: 'x', seq: 1.5 }, missed: [], cursor: null, filters: [], state: {} },
    ]
    const endless: { not?: unknown } = {}
    endless.not = endless
    const hello = { v: 1, kind: 'hello', tab: 'x', position: null, cursor: null, filters: [endless], isChange: false }
    for (const lie of [...lies, hello]) first?.tab.lie(lie)
    await pass(20)
    gateway.emit('a', 1)
    await pass(10)
    for (const tab of [first, second]) {
      expect(tab?.seen).toEqual(['a'])
      // Bounded: a liar does not flood the page's error handler.
      expect(tab?.errors).toHaveLength(10)
      expect(tab?.errors[0]).toMatch(/^Error: Carillon: another script of this origin sent a message that no tab sends on carillon /)
    }
  })
})

it('the tab that leads shows the ticket of its earlier connection, and one that takes over begins without any', async () => {
  const doubles = createWebSocketDoubles()
  const [leader] = await openTabs(2, { WebSocket: doubles.WebSocket, token: () => 't' })
  const admit = (ticket: string): void => {
    doubles.last().open()
    doubles.last().say(control('resumed', { replayed: 0, ticket }, 'c0'))
  }
  admit('first')
  doubles.last().end(4200)
  await pass(9_000)
  admit('second')
  leader?.kill()
  await pass(9_000)
  const shown = doubles.sockets.map(({ url, protocols }) => [url.searchParams.get('ticket'), protocols.at(-1)])
  expect(shown).toEqual([null, 'first', null].map((ticket) => [ticket, 'bearer.t']))
})

it('a runtime without Web Locks has a connection for each, with its filters', async () => {
  vi.stubGlobal('navigator', {})
  const options = { channel: 'orders', ...gateway.options, share: true, user: 'ann', filters: [{ exact: { type: 'a' } }] }
  connections.push(connect(options), connect(options))
  vi.unstubAllGlobals()
  await pass(10)
  expect(filtersOf()).toEqual([options.filters, options.filters])
})
