import { partitionFor } from '../../emit/partition-for.ts'
import type { Pod } from './pod.ts'

/** Outcome of one event that was emitted. Times are of performance.now(). */
export interface Emitted {
  readonly id: string
  readonly partition: number
  readonly pod: string
  readonly sentMs: number
  readonly answeredMs: number
  /** 0: no answer within 40 s. */
  readonly status: number
  readonly detail: string
}

export interface Emitter {
  readonly emitted: readonly Emitted[]
  /** Time of the oldest event without an answer; null: all have one. */
  oldestUnansweredMs(): number | null
  /** Stops sending, and resolves when all events have been answered. */
  stop(): Promise<void>
}

export interface EmitterOptions {
  readonly pods: readonly Pod[]
  /** Events a second, to each pod. */
  readonly rate: number
  readonly partitions: number
  /** First characters of this emitter's ids. */
  readonly prefix: string
}

/** More would show nothing new: a pod that answers none is asked no further. */
const maxUnanswered = 2_500
const maxRoundsAtOnce = 5

/** Emits to each pod at an even rate, for any answers: each event once, to partitions in turn, as a broadcast. */
export function startEmitter({ pods, rate, partitions, prefix }: EmitterOptions): Emitter {
  const keys = keysOfPartitions(partitions)
  const emitted: Emitted[] = []
  const underWay = new Map<Promise<void>, number>()
  let count = 0
  const emitOne = async (pod: Pod, event: Pick<Emitted, 'id' | 'partition' | 'pod' | 'sentMs'>, key: string): Promise<void> => {
    const answer = await post(pod, event.id, key)
    emitted.push({ ...event, ...answer, answeredMs: performance.now() })
  }
  const emitNext = (pod: Pod): void => {
    if (underWay.size >= maxUnanswered) return
    const partition = count % partitions
    const event = { id: `${prefix}-${count}`, partition, pod: pod.name, sentMs: performance.now() }
    count += 1
    const emitting = emitOne(pod, event, keys[partition] ?? '').finally(() => underWay.delete(emitting))
    underWay.set(emitting, event.sentMs)
  }
  const startedMs = performance.now()
  let rounds = 0
  // A busy machine's timers come late: due events are made up for, a few at a time.
  const emitDue = (): void => {
    const due = Math.floor(((performance.now() - startedMs) * rate) / 1_000)
    for (const until = Math.min(due, rounds + maxRoundsAtOnce); rounds < until; rounds += 1) pods.forEach(emitNext)
  }
  const timer = setInterval(emitDue, 1_000 / rate)
  return {
    emitted,
    // A Map keeps the order in which its entries were made.
    oldestUnansweredMs: () => underWay.values().next().value ?? null,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(underWay.keys())
    },
  }
}

async function post(pod: Pod, id: string, key: string): Promise<{ readonly status: number; readonly detail: string }> {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': '/failover',
    'ce-type': 't',
    'ce-partitionkey': key,
    'ce-audience': '{"broadcast":true}',
    'content-type': 'application/json',
  }
  try {
    const response = await fetch(`${pod.url}/api/chrome-service/v1/events`, {
      method: 'POST',
      headers,
      body: '{}',
      signal: AbortSignal.timeout(40_000),
    })
    return { status: response.status, detail: await response.text() }
  } catch (cause) {
    // No answer, or a pod that went away: the event may be in the log or not.
    return { status: 0, detail: String(cause) }
  }
}

/** Returns a key for each partition. */
export function keysOfPartitions(partitions: number): readonly string[] {
  const keys = new Map<number, string>()
  for (let candidate = 0; keys.size < partitions; candidate += 1)
    keys.set(partitionFor({ key: `key-${candidate}`, identity: '' }, partitions), `key-${candidate}`)
  return Array.from({ length: partitions }, (_, partition) => keys.get(partition) ?? '')
}
