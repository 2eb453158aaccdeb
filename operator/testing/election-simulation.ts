import { failed, type Result } from '../../program/result.ts'
import { createLeaderElection, type LeaderElection, type TermEnd } from '../runtime/leader-election.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../runtime/kubernetes-api.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/** What a test does to processes that elect a leader. Times are in milliseconds. */
export type ElectionStep = {
  readonly afterMs: number
  /** Its number; `leader` is whoever wrote last. */ readonly process: number | 'leader'
} & (
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'kill' | 'stop' }
  /** Its wall clock jumps. */
  | { readonly kind: 'jump'; readonly ms: number }
  /** Its requests are answered so late, from now on, of which this part is on the way there. */
  | { readonly kind: 'delay'; readonly ms: number; readonly there: number }
  /** So many of its next requests fail: before they are carried out, or after. */
  | { readonly kind: 'fail'; readonly times: number; readonly isCarriedOut: boolean }
)

interface Event {
  readonly atMs: number
  /** In [0, 1): who of several that are due at once comes first. A process that wakes may see answers before its timers, or after. */
  readonly rank: number
  readonly process: Process | null
  readonly run: () => void
}

interface Process {
  readonly identity: string
  readonly election: LeaderElection
  pausedUntilMs: number
  isDead: boolean
  wallOffsetMs: number
  delayMs: number
  there: number
  failures: { times: number; isCarriedOut: boolean }
  terms: number
}

/**
 * Processes that elect a leader, on a clock of their own that leaps from event to event. A process that is paused runs nothing, neither timers nor
 * answers; when it wakes, all of that is due at once. Each one that leads writes every now and then, as an operator does: it asks whether it is the
 * leader, and then writes.
 */
export function createElectionSimulation(count: number, random: () => number) {
  const server = createMemoryKubernetes({ now: () => nowMs })
  const queue: Event[] = []
  const writes: { readonly atMs: number; readonly by: string }[] = []
  let nowMs = 1_000_000
  let born = 0
  const processes: Process[] = []

  function at(atMs: number, process: Process | null, run: () => void): () => void {
    const event: Event = { atMs, rank: random(), process, run }
    queue.push(event)
    return () => {
      const index = queue.indexOf(event)
      if (index >= 0) queue.splice(index, 1)
    }
  }

  async function runUntil(endMs: number): Promise<void> {
    for (;;) {
      const event = queue.reduce<Event | null>(
        (first, each) => (first === null || due(each) < due(first) || (due(each) === due(first) && each.rank < first.rank) ? each : first),
        null,
      )
      if (event === null || due(event) > endMs) break
      queue.splice(queue.indexOf(event), 1)
      nowMs = Math.max(nowMs, due(event))
      if (event.process?.isDead !== true) event.run()
      await settle()
    }
    nowMs = endMs
  }

  /** A request that was sent is carried out though its process is paused or killed meanwhile; the answer waits for it. */
  function call<T>(process: Process, work: () => Promise<Result<T, ApiError>>): Promise<Result<T, ApiError>> {
    const failure = process.failures.times > 0 ? process.failures : null
    if (failure !== null) failure.times -= 1
    const unavailable = failed<ApiError>({ kind: 'unavailable', code: 0, message: 'socket hang up' })
    const { delayMs, there } = process
    return new Promise((resolve) => {
      at(nowMs + delayMs * there, null, () => {
        const answer = failure?.isCarriedOut === false ? Promise.resolve(unavailable) : work()
        void answer.then((made) => at(nowMs + delayMs * (1 - there), process, () => resolve(failure === null ? made : unavailable))) // the twin never rejects
      })
    })
  }

  function bear(): Process {
    born += 1
    const identity = `p${born}`
    const api: Pick<KubernetesApi, 'get' | 'create' | 'update'> = {
      get: (type, ref) => call(process, () => server.get(type, ref)),
      create: (type, object: KubernetesObject) => call(process, () => server.create(type, object)),
      update: (type, object: KubernetesObject) => call(process, () => server.update(type, object)),
    }
    const election = createLeaderElection({
      api,
      options: { lease: { namespace: 'carillon', name: 'carillon-operator' }, identity },
      metrics: createRecordingMetrics().metrics,
      logger: createRecordingLogger().logger,
      clock: { now: () => nowMs, wallNow: () => nowMs + process.wallOffsetMs },
      random,
      timers: { after: (ms, run) => at(nowMs + ms, process, run) },
    })
    const process: Process = {
      identity,
      election,
      pausedUntilMs: 0,
      isDead: false,
      wallOffsetMs: 0,
      delayMs: 5,
      there: 0.5,
      failures: { times: 0, isCarriedOut: false },
      terms: 0,
    }
    campaign(process)
    write(process)
    return process
  }

  function campaign(process: Process): void {
    const onStarted = (signal: AbortSignal): Promise<void> => {
      process.terms += 1
      // It takes a moment to end.
      return new Promise((resolve) => signal.addEventListener('abort', () => void at(nowMs + 300, process, resolve)))
    }
    const another = (end: TermEnd): void => (end === 'lost' ? campaign(process) : undefined)
    void process.election.run({ onStarted, onLost: () => {} }).then(another) // neither its work nor the twin rejects
  }

  function write(process: Process): void {
    at(nowMs + 50 + Math.floor(random() * 200), process, () => {
      if (process.election.isLeader()) writes.push({ atMs: nowMs, by: `${process.identity} term ${process.terms}` })
      write(process)
    })
  }

  function apply(step: ElectionStep): void {
    const process =
      step.process === 'leader'
        ? processes.find(({ identity }) => writes.at(-1)?.by.startsWith(`${identity} `) === true)
        : processes[step.process % processes.length]
    if (process === undefined) return
    const replace = (): void => {
      processes[processes.indexOf(process)] = bear()
    }
    switch (step.kind) {
      case 'pause':
        process.pausedUntilMs = Math.max(process.pausedUntilMs, nowMs + step.ms)
        return
      case 'kill':
        process.isDead = true
        return replace()
      case 'stop':
        at(nowMs, process, () => void process.election.stop({ deadlineMs: 5_000 })) // once it is awake
        return replace()
      case 'jump':
        process.wallOffsetMs += step.ms
        return
      case 'delay':
        process.delayMs = step.ms
        process.there = step.there
        return
      case 'fail':
        process.failures = { times: step.times, isCarriedOut: step.isCarriedOut }
        return
      default:
        step satisfies never
    }
  }

  const due = ({ atMs, process }: Event): number => Math.max(atMs, process?.pausedUntilMs ?? 0)
  for (let n = 0; n < count; n += 1) processes.push(bear())

  return {
    async play(steps: readonly ElectionStep[]): Promise<void> {
      for (const step of steps) {
        await runUntil(nowMs + step.afterMs)
        apply(step)
      }
    },
    /** All is well again. */
    async calm(ms: number): Promise<void> {
      for (const process of processes) {
        process.pausedUntilMs = 0
        process.delayMs = 5
        process.failures = { times: 0, isCarriedOut: false }
      }
      await runUntil(nowMs + ms)
    },
    leaders: () => processes.filter(({ election }) => election.isLeader()).length,
    /** Whose writes followed each other: each term must be there once. */
    terms: () => writes.map(({ by }) => by).filter((by, index, all) => index === 0 || by !== all[index - 1]),
  }
}

/** Lets all promises run that wait for nothing. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
