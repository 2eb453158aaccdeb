import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { anyHost, anyPath } from '../../testing/route-arbitraries.ts'
import { collide } from '../../testing/route-oracle.ts'
import type { RouteRecord } from '../world.ts'
import { createRouteClaims, type RouteClaims } from './claims.ts'
import { placesOfRecord } from './record.ts'

interface Asked {
  readonly name: string
  /** @default one that follows from the name */
  readonly uid?: string
  readonly namespace?: string
  readonly created?: string
  readonly route?: { readonly host: string; readonly socket?: string; readonly api?: string } | null
  /** By its status. */
  readonly has?: RouteRecord
  /** Status that the operator of an earlier release wrote. */
  readonly said?: { readonly url?: string; readonly apiUrl: string; readonly host?: string }
}

const late = '2026-02-01T00:00:00Z'

/** Only what claims are made of. */
function channel({ name, uid, namespace = 'team', created = '2026-01-01T00:00:00Z', route = null, has, said }: Asked): RealtimeChannel {
  const { host, ...paths } = route ?? {}
  const spec = { route: route === null ? { type: 'None', paths: {} } : { type: 'Ingress', host, paths } }
  const status = has === undefined && said === undefined ? {} : { status: { ...said, ...(has === undefined ? {} : { route: has }) } }
  return {
    metadata: { namespace, name, uid: uid ?? `uid-${namespace}-${name}`, creationTimestamp: created },
    spec,
    ...status,
  } as unknown as RealtimeChannel // The rest is not looked at.
}

const ref = (name: string, namespace = 'team') => ({ namespace, name })
const host = 'console.bank.example'

function claimsOf(...channels: readonly Asked[]): RouteClaims {
  const claims = createRouteClaims()
  for (const each of channels) claims.upsert(channel(each))
  return claims
}

describe('claims of routes', () => {
  it.each([
    ['the same path', { host, socket: '/wss/chrome' }, `${host}/wss/chrome`],
    ['a path below one of another, where the longest prefix would win', { host, socket: '/wss/chrome/v1/ws' }, `${host}/wss/chrome/v1/ws`],
    ['a path above one of another', { host, socket: '/wss' }, `${host}/wss`],
    ['the path of the API as the path of the socket', { host, socket: '/api/chrome' }, `${host}/api/chrome`],
    ['a path that differs by case alone', { host, socket: '/WSS/Chrome' }, `${host}/WSS/Chrome`],
    ['the path on a wildcard above the host', { host: '*.bank.example', socket: '/wss/chrome' }, '*.bank.example/wss/chrome'],
  ])('refuse to the younger channel %s', (_what, route, path) => {
    const claims = claimsOf(
      { name: 'chrome', namespace: 'payments', route: { host } },
      { name: 'thief', namespace: 'evil', created: late, route },
    )
    expect(claims.rivalOf(ref('thief', 'evil'))).toMatchObject({ channel: ref('chrome', 'payments'), path })
    expect(claims.rivalOf(ref('chrome', 'payments'))).toBeNull()
  })

  it('let channels share a host, also with paths that share a prefix inside a segment', () => {
    const claims = claimsOf(
      { name: 'news', route: { host } },
      { name: 'newspaper', created: late, route: { host } },
      { name: 'other', created: late, route: { host: 'bank.example', socket: '/wss/news', api: '/api/news' } },
    )
    expect(['news', 'newspaper', 'other'].map((name) => claims.rivalOf(ref(name)))).toEqual([null, null, null])
  })

  it('let the paths of one channel lie within each other', () => {
    expect(claimsOf({ name: 'a', route: { host, socket: '/rt', api: '/rt/api' } }).rivalOf(ref('a'))).toBeNull()
  })

  it('leave a path to the channel that has it, when an older channel asks for it later', () => {
    const has = { host, socket: '/wss/chrome', api: '/api/chrome' }
    const claims = claimsOf({ name: 'early', namespace: 'evil' }, { name: 'chrome', created: late, route: { host }, has })
    claims.upsert(channel({ name: 'early', namespace: 'evil', route: { host, socket: '/wss/chrome/v1/ws' } }))
    expect(claims.rivalOf(ref('early', 'evil'))).toEqual({
      channel: ref('chrome'),
      path: `${host}/wss/chrome/v1/ws`,
      taken: `${host}/wss/chrome`,
    })
    expect(claims.rivalOf(ref('chrome'))).toBeNull()
  })

  it('give a path to the older channel while neither has it, as after a restore without status', () => {
    const claims = claimsOf({ name: 'young', created: late, route: { host, socket: '/s' } }, { name: 'old', route: { host, socket: '/s' } })
    expect([claims.rivalOf(ref('young'))?.channel, claims.rivalOf(ref('old'))]).toEqual([ref('old'), null])
  })

  it('keep a path that the spec gave up until the status says that it is free', () => {
    const had = { host, socket: '/wss/chrome', api: '/api/chrome' }
    const claims = claimsOf(
      { name: 'chrome', route: { host: 'new.example' }, has: had },
      { name: 'next', created: late, route: { host, socket: '/wss/chrome' } },
    )
    expect(claims.rivalOf(ref('next'))?.channel).toEqual(ref('chrome'))
    expect(claims.upsert(channel({ name: 'chrome', route: { host: 'new.example' }, has: { ...had, host: 'new.example' } }))).toEqual([
      ref('next'),
    ])
    expect(claims.rivalOf(ref('next'))).toBeNull()
  })

  it('leave a refused channel its route, and nothing else that it asks for', () => {
    const has = { host, socket: '/wss/chrome', api: '/api/chrome' }
    const refused = channel({ name: 'chrome', route: { host, socket: '/wss/chrome', api: '/other' }, has })
    const claims = claimsOf(
      { name: 'chrome', route: { host, socket: '/wss/chrome', api: '/other' }, has },
      { name: 'next', created: late, route: { host, socket: '/wss/chrome' } },
      { name: 'third', created: late, route: { host, socket: '/other' } },
    )
    expect(claims.suspend(refused)).toContainEqual(ref('third'))
    expect([claims.rivalOf(ref('next'))?.channel, claims.rivalOf(ref('third')), claims.rivalOf(ref('chrome'))]).toEqual([
      ref('chrome'),
      null,
      null,
    ])
  })

  describe('of a channel of an earlier release, whose status has no route', () => {
    const said = { url: `wss://${host}/wss/chrome/v1/ws`, apiUrl: `https://${host}/api/chrome/v1` }
    const old = { name: 'chrome', route: { host } }
    const young = { name: 'young', created: late, route: { host, socket: '/wss/chrome' } }

    it.each([
      ['is refused as a whole, as before its class is there', (claims: RouteClaims) => claims.suspend(channel({ ...old, said }))],
      ['asks for another host by now', (claims: RouteClaims) => claims.upsert(channel({ ...old, route: { host: 'new.example' }, said }))],
    ])('hold what its addresses say, while it %s', (_what, tell) => {
      const claims = createRouteClaims()
      tell(claims)
      claims.upsert(channel(young))
      expect(claims.take(channel(young)).rival).toEqual({ channel: ref('chrome'), path: `${host}/wss/chrome`, taken: `${host}/wss/chrome` })
    })

    it('hold the older of two that have it', () => {
      const claims = createRouteClaims()
      claims.suspend(channel({ ...old, said }))
      claims.suspend(channel({ ...young, said }))
      expect([claims.take(channel({ ...young, said })).rival?.channel, claims.take(channel({ ...old, said })).rival]).toEqual([
        ref('chrome'),
        null,
      ])
    })

    it.each([
      ['a route that it did not get', { apiUrl: 'http://chrome-gateway.team.svc:8000/api/chrome/v1' }],
      ['addresses that this operator wrote, of a route that it did not get', { ...said, host }],
    ])('do not hold %s', (_what, saidNow) => {
      const claims = createRouteClaims()
      claims.suspend(channel({ ...old, said: saidNow }))
      claims.upsert(channel(young))
      expect(claims.take(channel(young)).rival).toBeNull()
    })
  })

  it('are checked for the planned version of a channel, so that a channel that changes back and forth gets no path of another', () => {
    const has = { host, socket: '/wss/chrome', api: '/api/chrome' }
    const claims = claimsOf({ name: 'early', namespace: 'evil' }, { name: 'chrome', created: late, route: { host }, has })
    // The reconcile has read the channel with this route, and the watch has seen it without since.
    expect(claims.take(channel({ name: 'early', namespace: 'evil', route: { host, socket: '/wss/chrome/v1' } })).rival?.channel).toEqual(
      ref('chrome'),
    )
    expect(claims.take(channel({ name: 'early', namespace: 'evil' }))).toEqual({ rival: null, affected: [] })
  })

  it('belong to a channel from the moment it takes the route, before its status says so, independent of watch events', () => {
    const claims = claimsOf({ name: 'early' }, { name: 'chrome', created: late, route: { host } })
    const asking = { name: 'early', route: { host, socket: '/wss/chrome' } }
    expect(claims.take(channel({ name: 'chrome', created: late, route: { host } })).rival).toBeNull()
    claims.upsert(channel({ name: 'chrome', created: late, route: { host } }))
    claims.upsert(channel(asking))
    expect(claims.take(channel(asking)).rival?.channel).toEqual(ref('chrome'))
    expect(claims.take(channel({ name: 'chrome', created: late, route: { host: 'moved.example' } }))).toEqual({
      rival: null,
      affected: [ref('early')],
    })
    expect(claims.take(channel(asking)).rival).toBeNull()
  })

  it('are not taken by a channel whose deletion the watch has seen, or that was created again', () => {
    const claims = claimsOf({ name: 'gone', route: { host } })
    claims.remove(ref('gone'))
    expect(claims.take(channel({ name: 'gone', route: { host } }))).toEqual({ rival: null, affected: [] })
    claims.upsert(channel({ name: 'next', created: late, route: { host, socket: '/wss/gone' } }))
    expect([claims.isKnown(channel({ name: 'gone' })), claims.rivalOf(ref('next'))]).toEqual([false, null])
  })

  it('are not kept for a channel that was created again without an event of its deletion', () => {
    const first = { name: 'chrome', created: late, route: { host } }
    const claims = claimsOf(first)
    claims.take(channel(first))
    claims.upsert(channel({ name: 'older', route: { host, socket: '/wss/chrome' } }))
    expect(claims.rivalIf(channel(first))).toBeNull()
    claims.upsert(channel({ ...first, uid: 'another' }))
    expect(claims.rivalIf(channel(first))?.channel).toEqual(ref('older'))
  })

  it('return the waiting channels when a claim ends, and none that rank before it', () => {
    const claims = claimsOf(...['a', 'b', 'c'].map((name) => ({ name, route: { host } })))
    expect(claims.upsert(channel({ name: 'wide', created: late, route: { host, socket: '/wss', api: '/api' } }))).toEqual([])
    expect(claims.remove(ref('a'))).toEqual([ref('wide')])
    expect(claims.remove(ref('a'))).toEqual([])
  })

  it('name the channels that ask for a place or for one that it lies in', () => {
    const claims = claimsOf({ name: 'a', route: { host } }, { name: 'b', route: { host: 'other.example', socket: '/wss/a' } })
    expect(claims.askingFor({ host: '*', path: '/wss/a/v1/ws', match: 'Exact' })).toEqual([ref('a'), ref('b')])
    expect(claims.askingFor({ host, path: '/wss', match: 'Prefix' })).toEqual([])
  })
})

const anyRecord = fc.record({ host: anyHost, socket: anyPath, api: anyPath })
const anyAsked: fc.Arbitrary<Asked> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    created: fc.constantFrom('2026-01-01T00:00:00Z', late),
    route: fc.option(anyRecord),
    has: fc.option(anyRecord, { nil: undefined }),
  })
  .map(({ has, ...asked }) => (has === undefined ? asked : { ...asked, has }))
interface Step {
  /** suspend: it is refused as a whole, and asks for nothing. */
  readonly how: 'upsert' | 'suspend' | 'remove'
  readonly asked: Asked
}
const anyStep: fc.Arbitrary<Step> = fc.record({
  how: fc.constantFrom('upsert' as const, 'upsert' as const, 'upsert' as const, 'suspend' as const, 'remove' as const),
  asked: anyAsked,
})

/** By comparing everything with everything: whether another channel ranks before one of this channel's places. */
function isRefused(mine: Asked, all: readonly Asked[]): boolean {
  const recordOf = ({ route }: Asked): RouteRecord | null =>
    route === null || route === undefined ? null : { socket: '', api: '', ...route }
  const placesOf = (record: RouteRecord | null | undefined) => (record === null || record === undefined ? [] : placesOfRecord(record))
  const isOneOf = (place: { readonly host: string; readonly path: string }, record: RouteRecord | undefined): boolean =>
    placesOf(record).some(({ host: at, path }) => at === place.host && path === place.path)
  const rank = (asked: Asked, place: { readonly host: string; readonly path: string }): string =>
    `${isOneOf(place, asked.has) ? 0 : 1} ${asked.created} ${asked.name}`
  const others = all
    .filter(({ name }) => name !== mine.name)
    .flatMap((asked) => [...placesOf(recordOf(asked)), ...placesOf(asked.has)].map((place) => ({ place, rank: rank(asked, place) })))
  return placesOf(recordOf(mine)).some((place) => others.some((other) => collide(other.place, place) && other.rank < rank(mine, place)))
}

describe('claims of random channels', () => {
  it('refuse those that a comparison of all pairs refuses, and return all others that a change affects', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 25 }), (steps) => {
        const claims = createRouteClaims()
        const all = new Map<string, Asked>()
        const refused = (): ReadonlyMap<string, boolean> =>
          new Map([...all.keys()].map((name) => [name, claims.rivalOf(ref(name)) !== null]))
        for (const { how, asked: given } of steps) {
          const before = refused()
          const { name } = given
          const affected = how === 'remove' ? claims.remove(ref(name)) : claims[how](channel(given))
          if (how === 'remove') all.delete(name)
          else all.set(name, how === 'suspend' ? { ...given, route: null } : given)
          const after = refused()
          expect(after).toEqual(new Map([...all].map(([each, asked]) => [each, isRefused(asked, [...all.values()])])))
          const changed = [...after].filter(([each, is]) => each !== name && before.get(each) !== is).map(([each]) => each)
          expect(affected.map((each) => each.name)).toEqual(expect.arrayContaining(changed))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('give each place to at most one channel: of two that collide, one is refused', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyAsked, { selector: ({ name }) => name, maxLength: 6 }), (all) => {
        const claims = claimsOf(...all)
        const served = all.filter(({ name, route }) => route !== null && route !== undefined && claims.rivalOf(ref(name)) === null)
        for (const a of served) {
          for (const b of served) {
            if (a === b) continue
            const pairs = [a, b].map(({ route }) => placesOfRecord({ socket: '', api: '', host, ...route })) as [
              ReturnType<typeof placesOfRecord>,
              ReturnType<typeof placesOfRecord>,
            ] // two of them
            expect(pairs[0].some((mine) => pairs[1].some((theirs) => collide(mine, theirs)))).toBe(false)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
