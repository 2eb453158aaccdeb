import { failed, type Result } from '../../program/result.ts'
import { createLeaderElection, type LeaderElection, type TermEnd } from '../runtime/leader-election.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../runtime/kubernetes-api.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

/** A step of a test with processes that elect a leader. Times are in milliseconds. */
export type ElectionStep = {
  readonly afterMs: number
  /** Number of the process. `leader` is the last writer. */ readonly process: number | 'leader'
} & (
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'kill' | 'stop' }
  /** The wall clock jumps. */
  | { readonly kind: 'jump'; readonly ms: number }
  /** Delay of its responses from now on. `there` is the part of the delay before the server gets the request. */
  | { readonly kind: 'delay'; readonly ms: number; readonly there: number }
  /** Number of its next requests that fail, before or after the server stores them. */
  | { readonly kind: 'fail'; readonly times: number; readonly isCarriedOut: boolean }
)

interface Event {
  readonly atMs: number
  /**
   * In [0, 1): decides the order of events that are due at the same time. A process that wakes may see responses before its timers, or
   * after.
   */
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
 * Processes that elect a leader, on a simulated clock that jumps from event to event. A paused process runs neither timers nor responses.
 * When it wakes, all of them are due at once. Each leader writes periodically, as an operator does: it checks that it is the leader, and
 * then writes.
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

  /** Sends a request. It reaches the server even if its process is paused or killed. The response waits for the process. */
  function call<T>(process: Process, work: () => Promise<Result<T, ApiError>>): Promise<Result<T, ApiError>> {
    const failure = process.failures.times > 0 ? process.failures : null
    if (failure !== null) failure.times -= 1
    const unavailable = failed<ApiError>({ kind: 'unavailable', code: 0, message: 'socket hang up' })
    const { delayMs, there } = process
    return new Promise((resolve) => {
      at(nowMs + delayMs * there, null, () => {
        const answer = failure?.isCarriedOut === false ? Promise.resolve(unavailable) : work()
        void answer.then((made) => at(nowMs + delayMs * (1 - there), process, () => resolve(failure === null ? made : unavailable))) // the double never rejects
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
      // The end takes a moment.
      return new Promise((resolve) => signal.addEventListener('abort', () => void at(nowMs + 300, process, resolve)))
    }
    const another = (end: TermEnd): void => (end === 'lost' ? campaign(process) : undefined)
    void process.election.run({ onStarted, onLost: () => {} }).then(another) // neither its work nor the double rejects
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
        at(nowMs, process, () => void process.election.stop({ deadlineMs: 5_000 })) // when it is awake
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
    /** Removes all faults. */
    async calm(ms: number): Promise<void> {
      for (const process of processes) {
        process.pausedUntilMs = 0
        process.delayMs = 5
        process.failures = { times: 0, isCarriedOut: false }
      }
      await runUntil(nowMs + ms)
    },
    leaders: () => processes.filter(({ election }) => election.isLeader()).length,
    /** The sequence of writers: each term must appear once. */
    terms: () => writes.map(({ by }) => by).filter((by, index, all) => index === 0 || by !== all[index - 1]),
  }
}

/** Runs all promises that are ready. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
