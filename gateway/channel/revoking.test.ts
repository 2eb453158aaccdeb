import { describe, expect, it } from 'vitest'
import type { Principal } from '../audience/principal.ts'
import { createChannelRig, RecordingSocket, rigPrincipal } from '../testing/channel-rig.ts'

/** A channel in which the users of a set are revoked. */
function setUp() {
  const revoked = new Set<string>()
  const isRevoked = ({ userId, organizationId, tokenId }: Principal): boolean =>
    [userId, organizationId, tokenId].some((name) => name !== null && revoked.has(name))
  const rig = createChannelRig({ maxConnections: 20_000, maxConnectionsPerUser: 20_000, isRevoked })
  return { rig, revoked, closed: () => new Promise((resolve) => setImmediate(resolve)) }
}

describe('a session whose token is revoked', () => {
  it('gets nothing from then on, before its socket is closed', async () => {
    const { rig, revoked, closed } = setUp()
    const ann = rig.connect({ userId: 'ann' })
    const bob = rig.connect({ userId: 'bob' })
    await rig.publish({ id: 'before' })
    const count = ann.socket.writes.length
    revoked.add('ann')
    rig.channel.revoke([{ kind: 'user', name: 'ann' }])
    expect([ann.socket.closedWith, ann.session.isClosed]).toEqual([null, true])
    const published = rig.publish({ id: 'after' })
    ann.session.bookmark()
    ann.session.notify({ type: 'dev.carillon.draining', data: { reconnectAfterMs: 0 } })
    rig.channel.renew(ann.session, rigPrincipal({ userId: 'ann' }), { id: 'r', expiresInMs: null })
    await published
    await closed()
    expect([ann.socket.writes.length, ann.socket.closedWith?.code]).toEqual([count, 'revoked'])
    expect(bob.socket.received.map(({ id }) => id)).toContain('after')
    expect(rig.metrics.value('sessionsClosed', { code: 'revoked' })).toBe(1)
    expect(rig.channel.hub.size).toBe(1)
  })

  it('gets none of the entries that wait for it', async () => {
    const { rig, revoked } = setUp()
    const { socket } = rig.connect({ userId: 'ann' })
    socket.isCongested = true
    await rig.publish({ id: 'fills the socket' })
    const waiting = rig.publish({ id: 'waits' })
    revoked.add('ann')
    rig.channel.revoke([{ kind: 'user', name: 'ann' }])
    await waiting
    socket.drain()
    await rig.channel.settled()
    expect(socket.received.map(({ id }) => id)).not.toContain('waits')
  })

  it.each([
    ['organization', 'red', { organizationId: 'red' }],
    ['token', 't-1', { tokenId: 't-1' }],
  ] as const)('is found by its %s', async (kind, name, over) => {
    const { rig, revoked, closed } = setUp()
    const { socket } = rig.connect(over)
    const other = rig.connect({ userId: 'bob' })
    revoked.add(name)
    rig.channel.revoke([{ kind, name }])
    await closed()
    expect([socket.closedWith?.code, other.socket.closedWith]).toEqual(['revoked', null])
  })

  it('is not opened when the revocation came after the token was verified, and gets no event', () => {
    const { rig, revoked } = setUp()
    revoked.add('ann')
    const { socket } = rig.connect({ userId: 'ann' })
    expect([socket.closedWith?.code, socket.writes]).toEqual(['revoked', []])
  })

  it('does not get the rights of a new token that is revoked after it was verified', () => {
    const { rig, revoked } = setUp()
    const { session, socket } = rig.connect({ userId: 'ann', tokenId: 't-1' })
    revoked.add('t-2')
    rig.channel.renew(session, rigPrincipal({ userId: 'ann', tokenId: 't-2' }), { id: 'r', expiresInMs: null })
    expect([socket.closedWith?.code, session.principal.tokenId]).toEqual(['revoked', 't-1'])
  })

  it('that its peer ends before its turn to be closed is counted once', async () => {
    const { rig, revoked, closed } = setUp()
    const { socket } = rig.connect({ userId: 'ann' })
    revoked.add('ann')
    rig.channel.revoke([{ kind: 'user', name: 'ann' }])
    socket.leave()
    await closed()
    expect([rig.metrics.value('sessionsClosed'), rig.channel.hub.size]).toEqual([1, 0])
  })

  it('is closed in turns with 10,000 others, and none of them gets an event meanwhile', async () => {
    const { rig, revoked, closed } = setUp()
    const sockets = Array.from({ length: 10_000 }, (_, n) => {
      const socket = new SlowToClose()
      rig.connect({ userId: `u${n}`, organizationId: 'red' }, { kind: 'plain' }, socket)
      return socket
    })
    revoked.add('red')
    rig.channel.revoke([{ kind: 'organization', name: 'red' }])
    await closed()
    const afterOneTurn = sockets.filter(({ closedWith }) => closedWith !== null).length
    expect(afterOneTurn).toBeGreaterThan(0)
    expect(afterOneTurn).toBeLessThan(10_000)
    await rig.publish({ id: 'after' })
    while (rig.channel.hub.size > 0) await closed()
    expect(sockets.filter(({ closedWith, writes }) => closedWith?.code !== 'revoked' || writes.length > 0)).toEqual([])
  })
})

/** Closing takes 10 microseconds of CPU, about as a real socket. */
class SlowToClose extends RecordingSocket {
  override close(code: Parameters<RecordingSocket['close']>[0]): void {
    const endsAtMs = performance.now() + 0.01
    while (performance.now() < endsAtMs);
    super.close(code)
  }
}
