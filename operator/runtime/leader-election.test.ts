import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import type { Clock } from '../../program/clock.ts'
import type { KubernetesApi } from './kubernetes-api.ts'
import { createLeaderElection } from './leader-election.ts'
import { leaseType } from './lease.ts'

const lease = { namespace: 'carillon', name: 'carillon-operator' }
const second = 1_000

function rig(
  api: Pick<KubernetesApi, 'get' | 'create' | 'update'>,
  identity: string,
  clock: Clock = { now: () => Date.now(), wallNow: () => Date.now() },
) {
  const { metrics, value } = createRecordingMetrics()
  const log = createRecordingLogger()
  const election = createLeaderElection({ api, options: { lease, identity }, metrics, logger: log.logger, clock, random: () => 0 })
  const started: AbortSignal[] = []
  const lost: string[] = []
  let end = (): void => {}
  const run = (howToEnd: 'on abort' | 'by hand' = 'on abort') =>
    election.run({
      onStarted: (signal) =>
        new Promise((resolve) => {
          started.push(signal)
          end = resolve
          if (howToEnd === 'on abort') signal.addEventListener('abort', () => resolve())
        }),
      onLost: (reason) => lost.push(reason),
    })
  return { election, run, started, lost, endWork: () => end(), lines: log.lines, value: () => value('leader') }
}

const specOf = (server: MemoryKubernetes): unknown => server.objects(leaseType)[0]?.['spec']
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }))
afterEach(() => void vi.useRealTimers())

describe('leader election', () => {
  it('leads at once when the Lease is free, and renews it', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    expect([a.election.isLeader(), a.started.length, a.value()]).toEqual([true, 1, 1])
    expect(specOf(server)).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    })
    await pass(5 * 60 * second)
    expect(specOf(server)).toMatchObject({ acquireTime: '2026-01-01T00:00:00.000000Z', renewTime: '2026-01-01T00:05:00.000000Z' })
    expect([a.election.isLeader(), a.lost, a.lines.map(({ message }) => message)]).toEqual([true, [], ['became leader']])
  })

  it('makes other processes wait until the Lease of a killed leader has expired', async () => {
    const server = createMemoryKubernetes()
    const [a, b] = [rig(server.as('a'), 'a'), rig(server.as('b'), 'b')]
    const answers = { dead: false }
    const dying: typeof server = {
      ...server,
      update: (type, object) => (answers.dead ? new Promise(() => {}) : server.update(type, object)),
    }
    const killed = rig(dying, 'killed')
    void killed.run()
    await pass(1)
    void a.run()
    void b.run()
    await pass(60 * second)
    expect([a, b].map(({ started }) => started.length)).toEqual([0, 0])
    answers.dead = true
    await pass(13 * second)
    expect([a, b].some(({ election }) => election.isLeader())).toBe(false)
    await pass(6 * second)
    expect([a, b].filter(({ election }) => election.isLeader()).length).toBe(1)
    expect(specOf(server)).toMatchObject({ leaseTransitions: 1 })
  })

  it('survives an outage that ends one period before the renew deadline', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    server.vanish()
    await pass(8 * second - 2)
    server.comeBack()
    await pass(60 * second)
    expect([a.election.isLeader(), a.lost]).toEqual([true, []])
    expect(a.lines.filter(({ level }) => level === 'warn').length).toBe(1)
  })

  it('ends the term when renewing has failed for the renew deadline, and not later', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    const ended = a.run()
    await pass(2 * second + 1) // one renewal
    server.vanish()
    await pass(10 * second - 2)
    expect([a.election.isLeader(), a.started[0]?.aborted]).toEqual([true, false])
    await pass(1)
    expect([a.started[0]?.aborted, a.started[0]?.reason, a.value()]).toEqual([true, 'lost', 0])
    expect(a.lost).toEqual(['the Lease could not be renewed within 10000 ms'])
    expect(await ended).toBe('lost')
  })

  it('can lead another term afterwards', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    server.vanish()
    await pass(12 * second)
    server.comeBack()
    void a.run()
    await pass(3 * second)
    expect([a.election.isLeader(), a.started.length, a.started[1]?.aborted]).toEqual([true, 2, false])
  })

  it('is not the leader when it wakes after a pause, even before any timer has run', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    vi.setSystemTime(Date.now() + 60 * second) // time passes, timers do not run
    expect(a.election.isLeader()).toBe(false)
    expect([a.started[0]?.aborted, a.lost.length]).toEqual([true, 1])
  })

  it('does not become the leader again when a renewal is answered after the deadline', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(2 * second - 1)
    server.setLatency(3)
    await pass(2) // the renewal is under way
    vi.setSystemTime(Date.now() + 60 * second)
    await pass(10)
    expect([a.election.isLeader(), a.started[0]?.aborted, a.lost.length]).toEqual([false, true, 1])
  })

  it('ends the term by the wall clock when the monotonic clock stood still', async () => {
    const server = createMemoryKubernetes()
    const start = Date.now()
    const a = rig(server, 'a', { now: () => start, wallNow: () => Date.now() })
    void a.run()
    await pass(1)
    vi.setSystemTime(start + 60 * second)
    expect(a.election.isLeader()).toBe(false)
  })

  it('survives a wall clock that is put back, and its renewals still differ', async () => {
    const server = createMemoryKubernetes()
    const start = Date.now()
    let wallMs = start
    const a = rig(server, 'a', { now: () => Date.now(), wallNow: () => wallMs })
    const b = rig(server.as('b'), 'b')
    void a.run()
    await pass(1)
    void b.run()
    wallMs = start - 3_600 * second
    await pass(60 * second)
    expect([a.election.isLeader(), b.election.isLeader()]).toEqual([true, false])
  })

  it('ends the term when another process holds the Lease, or it is free or gone', async () => {
    for (const change of ['taken', 'freed', 'deleted'] as const) {
      const server = createMemoryKubernetes()
      const a = rig(server, 'a')
      void a.run()
      await pass(1)
      const person = server.as('kubectl')
      if (change === 'deleted') await person.delete(leaseType, lease, {})
      else await person.mergePatch(leaseType, lease, { spec: { holderIdentity: change === 'taken' ? 'b' : '' } })
      await pass(2 * second + 10)
      expect(a.lost).toEqual([{ taken: 'b holds the Lease', freed: 'the Lease was released', deleted: 'the Lease was deleted' }[change]])
    }
  })

  it('stays the leader when the Lease was changed but its holder was not', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    await server.as('kubectl').mergePatch(leaseType, lease, { metadata: { labels: { team: 'bells' } } })
    await pass(60 * second)
    expect([a.election.isLeader(), a.lost]).toEqual([true, []])
    expect(server.objects(leaseType)[0]?.metadata.labels).toEqual({ team: 'bells' })
  })

  it('stays the leader after a renewal that was stored but whose response was lost', async () => {
    const server = createMemoryKubernetes()
    const lossy: typeof server = {
      ...server,
      update: async (type, object) => {
        const answer = await server.update(type, object)
        return Date.now() % 4_000 < 2_000 ? { ok: false, error: { kind: 'unavailable', code: 0, message: 'socket hang up' } } : answer
      },
    }
    const a = rig(lossy, 'a')
    void a.run()
    await pass(120 * second)
    expect([a.election.isLeader(), a.lost]).toEqual([true, []])
  })

  it('renews in time although one call hangs', async () => {
    const server = createMemoryKubernetes()
    let hangs = 1
    const a = rig({ ...server, update: (type, object) => (hangs-- > 0 ? new Promise(() => {}) : server.update(type, object)) }, 'a')
    void a.run()
    await pass(60 * second)
    expect([a.election.isLeader(), a.lost]).toEqual([true, []])
  })

  it('waits for the full duration when the Lease of a holder was deleted', async () => {
    const server = createMemoryKubernetes()
    const [a, b] = [rig({ ...server, update: () => new Promise(() => {}) }, 'a'), rig(server.as('b'), 'b')]
    void a.run()
    await pass(1)
    void b.run()
    await pass(second)
    await server.delete(leaseType, lease, {})
    await pass(8 * second)
    expect([a.election.isLeader(), b.election.isLeader()]).toEqual([true, false])
    await pass(10 * second)
    expect([a.election.isLeader(), b.election.isLeader()]).toEqual([false, true])
  })

  it('throws when its times do not fit together', () => {
    const server = createMemoryKubernetes()
    const { metrics } = createRecordingMetrics()
    const parts = {
      api: server,
      metrics,
      logger: createRecordingLogger().logger,
      clock: { now: Date.now, wallNow: Date.now },
      random: () => 0,
    }
    expect(() => createLeaderElection({ ...parts, options: { lease, identity: 'a', durationMs: 10_000 } })).toThrow(
      'a lease needs duration > renew deadline',
    )
  })
})

describe('the stop of a leader', () => {
  it('ends the work, keeps the Lease until it has ended, then releases it: another process leads within one period', async () => {
    const server = createMemoryKubernetes()
    const [a, b] = [rig(server.as('a'), 'a'), rig(server.as('b'), 'b')]
    const ended = a.run('by hand')
    await pass(1)
    void b.run()
    const stopped = a.election.stop({ deadlineMs: 60 * second })
    await pass(30 * second)
    expect([a.started[0]?.reason, a.election.isLeader(), b.election.isLeader()]).toEqual(['stopped', true, false])
    a.endWork()
    await stopped
    expect([await ended, a.election.isLeader(), specOf(server)]).toMatchObject(['stopped', false, { holderIdentity: '' }])
    await pass(2 * second)
    expect(b.election.isLeader()).toBe(true)
    expect(a.lost).toEqual([])
  })

  it('lets the Lease expire when the work does not end', async () => {
    const server = createMemoryKubernetes()
    const [a, b] = [rig(server.as('a'), 'a'), rig(server.as('b'), 'b')]
    void a.run('by hand')
    await pass(1)
    void b.run()
    const stopped = a.election.stop({ deadlineMs: 5 * second })
    await pass(5 * second)
    await stopped
    expect([a.election.isLeader(), specOf(server)]).toMatchObject([false, { holderIdentity: 'a' }])
    await pass(12 * second)
    expect(b.election.isLeader()).toBe(false)
    await pass(6 * second)
    expect(b.election.isLeader()).toBe(true)
  })

  it('ends the wait for the Lease', async () => {
    const server = createMemoryKubernetes()
    const [a, b] = [rig(server.as('a'), 'a'), rig(server.as('b'), 'b')]
    void a.run()
    await pass(1)
    const ended = b.run()
    await pass(second)
    await b.election.stop({ deadlineMs: second })
    await b.election.stop({ deadlineMs: second })
    expect([await ended, b.started]).toEqual(['stopped', []])
  })

  it('releases a Lease that was taken at the moment of the stop, without starting the work', async () => {
    const server = createMemoryKubernetes()
    server.setLatency(100)
    const a = rig(server, 'a')
    const ended = a.run()
    await pass(150) // the create is under way
    void a.election.stop({ deadlineMs: second })
    await pass(second)
    expect([await ended, a.started, specOf(server)]).toMatchObject(['stopped', [], { holderIdentity: '' }])
  })

  it('releases a Lease that was labelled since the last renewal', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    void a.run()
    await pass(1)
    await server.mergePatch(leaseType, lease, { metadata: { labels: { team: 'bells' } } })
    await a.election.stop({ deadlineMs: second })
    expect(specOf(server)).toMatchObject({ holderIdentity: '' })
  })

  it('releases the Lease when the work ends by itself, or throws', async () => {
    const server = createMemoryKubernetes()
    const a = rig(server, 'a')
    expect(await a.election.run({ onStarted: async () => {}, onLost: () => {} })).toBe('stopped')
    expect(specOf(server)).toMatchObject({ holderIdentity: '' })
    const broken = rig(server, 'b').election.run({ onStarted: () => Promise.reject(new Error('a bug')), onLost: () => {} })
    await expect(broken).rejects.toThrow('a bug')
    expect(specOf(server)).toMatchObject({ holderIdentity: '' })
  })
})
