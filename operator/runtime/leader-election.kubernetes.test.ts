import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { apiOf } from '../adapters/kubernetes/testing/api-of.ts'
import type { ClosableKubernetesApi } from '../adapters/kubernetes/kubernetes-api.ts'
import { useControlPlane } from '../../testing/use.ts'
import { configMapType, valueOf } from '../testing/kubernetes-api-contract.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { systemClock } from '../../program/clock.ts'
import { eventType, type Regarding } from './event-object.ts'
import { createEventRecorder } from './event-recorder.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { leaseType } from './lease.ts'

const cluster = useControlPlane()
let api: ClosableKubernetesApi

beforeAll(async () => {
  api = apiOf(cluster.kubeconfigFile)
})

afterAll(async () => {
  api.close()
})

/** Follows the ConfigMap. `terms`: the writers in the order of the server, one entry per change of the writer. */
function followWork(resourceVersion: string) {
  const following = new AbortController()
  const terms: string[] = []
  let writes = 0
  const done = (async () => {
    for await (const event of api.watch(configMapType, {
      namespace: 'default',
      resourceVersion,
      timeoutSeconds: 300,
      signal: following.signal,
    })) {
      const by = event.type === 'MODIFIED' ? writerOf(event.object) : undefined
      writes += 1
      if (by !== undefined && by !== terms.at(-1)) terms.push(by)
    }
  })()
  return {
    terms,
    writes: () => writes,
    stop: async () => {
      following.abort()
      await done
    },
  }
}

const writerOf = (object: KubernetesObject): string | undefined => (object['data'] as Readonly<Record<string, string>> | undefined)?.['by'] // written by the processes

describe('leader election among processes on a real API server', () => {
  it('never lets two processes work, though leaders are paused, killed, or terminated', async () => {
    const work = valueOf(
      await api.create(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'work' } }),
    )
    const following = followWork(work.metadata.resourceVersion ?? '')
    const start = (name: string): ChildProcess =>
      spawn(process.execPath, ['operator/testing/election-process.ts', cluster.kubeconfigFile, name], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
    const processes = new Map(['a', 'b', 'c'].map((name) => [name, start(name)]))
    const untilTerm = (count: number): Promise<void> =>
      vi.waitFor(() => expect(following.terms.length).toBeGreaterThanOrEqual(count), { timeout: 30_000, interval: 50 })
    const leader = (): ChildProcess | undefined => processes.get(following.terms.at(-1)?.slice(0, 1) ?? '')
    try {
      await untilTerm(1)
      const stopped = leader()
      stopped?.kill('SIGSTOP')
      await untilTerm(2)
      stopped?.kill('SIGCONT')
      const before = following.writes()
      // The old leader is awake while the new leader writes a hundred times.
      await vi.waitFor(() => expect(following.writes()).toBeGreaterThan(before + 100), { timeout: 60_000, interval: 50 })
      expect(following.terms.length).toBe(2)
      leader()?.kill('SIGKILL')
      await untilTerm(3)
      const terminated = leader()
      const terminatedAtMs = Date.now()
      terminated?.kill('SIGTERM')
      await untilTerm(4)
      // It released the Lease, so no process waited for the expiry.
      expect(Date.now() - terminatedAtMs).toBeLessThan(2_500)
      expect(following.terms).toEqual([...new Set(following.terms)])
      expect(valueOf(await api.get(leaseType, { namespace: 'default', name: 'election' }))['spec']).toMatchObject({
        leaseDurationSeconds: 3,
        leaseTransitions: expect.any(Number),
      })
    } finally {
      await following.stop()
      await Promise.all([...processes.values()].map(end))
    }
  })
})

/** Kills the process. Works also when it is paused or has ended already. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

describe('events on a real API server', () => {
  it('are accepted as they are written, series too', async () => {
    const { metrics, value } = createRecordingMetrics()
    const log = createRecordingLogger()
    const recorder = createEventRecorder({
      api,
      identity: 'operator-0_1',
      metrics,
      logger: log.logger,
      clock: systemClock,
      limits: { seriesPeriodMs: 0 },
    })
    const map = valueOf(
      await api.create(configMapType, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'orders' } }),
    )
    const regarding: Regarding = { ...map, apiVersion: 'v1', kind: 'ConfigMap' }
    const event = { type: 'Warning', reason: 'TopicNotOurs', action: 'Reconcile', note: 'ä'.repeat(2_000) } as const
    recorder.record(regarding, event)
    const events = async (): Promise<readonly KubernetesObject[]> =>
      valueOf(await api.list(eventType, { namespace: 'default' })).items.filter(({ metadata }) => metadata.name.startsWith('orders.'))
    await vi.waitFor(async () => expect((await events()).length).toBe(1))
    recorder.record(regarding, event)
    await recorder.stop({ deadlineMs: 5_000 })
    expect(log.lines).toEqual([])
    expect(value('eventsDropped')).toBe(0)
    expect(await events()).toMatchObject([
      { reason: 'TopicNotOurs', regarding: { kind: 'ConfigMap', name: 'orders', uid: map.metadata.uid }, series: { count: 2 } },
    ])
  })
})
