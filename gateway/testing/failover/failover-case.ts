import { setTimeout as delay } from 'node:timers/promises'
import { withDeadline } from '../../../program/waiting.ts'
import type { ClusterAdmin } from './cluster-admin.ts'
import { type Emitted, type Emitter, startEmitter } from './emitters.ts'
import type { Pod } from './pod.ts'
import { startPoison } from './poison.ts'
import { type Readiness, watchReadiness } from './readiness.ts'
import { isSmooth, checkCase, type Verdict } from './verdict.ts'
import { startWatcher, type Watched, type Watcher } from './watchers.ts'

/** Surroundings of a case. */
export interface Stage {
  readonly admin: ClusterAdmin
  readonly topic: string
  readonly partitions: number
  /** A listener of the brokers that no case breaks. */
  readonly internal: readonly string[]
  /** Gateways that get traffic and have browsers. */
  readonly pods: readonly Pod[]
}

export interface CaseRun {
  /** Partitions that the broker leads when the case begins. */
  readonly leaders: readonly number[]
  /** Marks the moment of the fault. Called once. */
  broke(): void
  readonly watchers: readonly Watcher[]
  /** Aborted when the case took too long: an act of several steps begins no further one. */
  readonly signal: AbortSignal
  /**
   * Resolves when for one and a half seconds each event was answered and delivered at once, and all pods are ready. Gives up silently: the
   * verdict shows the faults.
   */
  untilSmooth(timeoutMs: number): Promise<void>
}

export interface CaseOptions {
  /** The broker that is taken away. */
  readonly away?: number
  /** Events a second, to each pod. @default 50 */
  readonly rate?: number
}

export interface CaseResult {
  readonly verdict: Verdict
  readonly emitted: readonly Emitted[]
  readonly watched: readonly Watched[]
}

const poisonRate = 5
const calmMs = 700
const smoothForMs = 1_500
const actPatienceMs = 200_000
const deliveryPatienceMs = 60_000

/** Runs traffic and browsers during `act`, then checks the events of each browser. */
export async function runCase(stage: Stage, { away, rate = 50 }: CaseOptions, act: (run: CaseRun) => Promise<void>): Promise<CaseResult> {
  const leaders = await stage.admin.leaders(stage.topic)
  const watchers = browsersOf(stage.pods)
  const readiness = watchReadiness(stage.pods)
  await Promise.all(watchers.map(({ opened }) => opened))
  const poison = await startPoison({ brokers: stage.internal, topic: stage.topic, partitions: stage.partitions, rate: poisonRate })
  const emitter = startEmitter({
    pods: stage.pods,
    rate,
    partitions: stage.partitions,
    prefix: `${stage.topic}-${Math.round(performance.now())}`,
  })
  let faultMs = performance.now()
  try {
    await delay(calmMs)
    const isSmoothNow = (): boolean => isSmoothSince(performance.now() - smoothForMs, { emitter, watchers, readiness })
    // A pod or a broker that never comes back must not keep the traffic running.
    const late = new AbortController()
    const acting = act({
      leaders,
      watchers,
      signal: late.signal,
      broke: () => (faultMs = performance.now()),
      untilSmooth: (timeoutMs) => until(isSmoothNow, timeoutMs),
    })
    await withDeadline(acting, actPatienceMs, () => {
      late.abort()
      throw new Error(`the case did not end within ${actPatienceMs / 1_000} s`)
    })
    await emitter.stop()
    await until(() => hasAll(emitter.emitted, watchers), deliveryPatienceMs)
    // An unexpected event has a moment to come, too.
    await delay(300)
  } finally {
    readiness.stop()
    await Promise.all([emitter.stop(), poison.stop()])
    for (const watcher of watchers) watcher.stop()
  }
  const watched = watchers.map(({ seen }) => seen)
  const verdict = checkCase({
    emitted: emitter.emitted,
    watched,
    faultMs,
    away: leaders.flatMap((leader, partition) => (leader === away ? [partition] : [])),
    unreadyMs: readiness.unreadyMs(),
    unreadyBecause: readiness.because(),
  })
  return { verdict, emitted: emitter.emitted, watched }
}

/** Connects a plain client to each pod, and three that go from pod to pod with their cursor. */
function browsersOf(pods: readonly Pod[]): readonly Watcher[] {
  const turned = (by: number): readonly Pod[] => pods.map((_, index) => pods[(index + by) % pods.length]).filter((pod) => pod !== undefined)
  return [
    ...pods.map((pod) => startWatcher({ name: `plain-${pod.name}`, pods: [pod], reconnectEveryMs: null })),
    ...[700, 1_100, 1_900].map((reconnectEveryMs, index) =>
      startWatcher({ name: `resuming-${reconnectEveryMs}`, pods: turned(index), reconnectEveryMs }),
    ),
  ]
}

interface Traffic {
  readonly emitter: Emitter
  readonly watchers: readonly Watcher[]
  readonly readiness: Readiness
}

function isSmoothSince(sinceMs: number, { emitter, watchers, readiness }: Traffic): boolean {
  const staying = watchers.filter(({ seen }) => seen.name.startsWith('plain'))
  const recent = emitter.emitted.filter(({ answeredMs }) => answeredMs > sinceMs && answeredMs < performance.now() - 200)
  const ids = new Set(recent.map(({ id }) => id))
  const at = new Map<string, number[]>()
  for (const { seen } of staying)
    for (const { id, atMs } of seen.events.slice(-2_000)) if (ids.has(id)) at.set(id, [...(at.get(id) ?? []), atMs])
  const isPrompt = (emitter.oldestUnansweredMs() ?? Infinity) > performance.now() - 1_000
  return readiness.areReady() && isPrompt && recent.length > 20 && recent.every((event) => isSmooth(event, at, staying.length))
}

function hasAll(emitted: readonly Emitted[], watchers: readonly Watcher[]): boolean {
  const accepted = emitted.filter(({ status }) => status === 202)
  return watchers.every(({ seen }) => {
    const got = new Set(seen.events.map(({ id }) => id))
    return accepted.every(({ id }) => got.has(id))
  })
}

async function until(isTrue: () => boolean, timeoutMs: number): Promise<void> {
  for (const deadlineMs = performance.now() + timeoutMs; performance.now() < deadlineMs && !isTrue();) await delay(100)
}
