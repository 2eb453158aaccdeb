import type { ObjectRef } from '../../api/kubernetes.ts'

export interface ResyncParts {
  /** All keys. Read once per round. */
  readonly keys: () => Iterable<ObjectRef>
  readonly add: (ref: ObjectRef) => void
  readonly periodMs: number
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Adds every key once per period, because a topic that was altered sends no event.
 *
 * All keys at once would be a burst of thousands of reconciles, and of requests to Kafka, every ten minutes. So a round spreads the keys
 * evenly over the period, in small steps of random length. A key that appears during a round waits for the next one: it was just
 * reconciled. The clock decides how far a round should be, not the number of steps, so a process that was held up catches up.
 * @returns a function that stops the resync
 */
export function startResync({ keys, add, periodMs, now, random }: ResyncParts): () => void {
  const stepMs = Math.max(minStepMs, periodMs / stepsPerPeriod)
  let round = startRound(keys, now())
  let timer: NodeJS.Timeout

  function step(): void {
    const share = Math.min(1, (now() - round.startedAtMs) / periodMs)
    const until = Math.floor(share * round.keys.length)
    for (const ref of round.keys.slice(round.added, until)) add(ref)
    round.added = until
    if (share === 1) round = startRound(keys, now())
    schedule()
  }
  function schedule(): void {
    timer = setTimeout(step, stepMs * (0.5 + random()))
  }
  schedule()
  return () => clearTimeout(timer)
}

interface Round {
  readonly keys: readonly ObjectRef[]
  readonly startedAtMs: number
  added: number
}

const startRound = (keys: () => Iterable<ObjectRef>, startedAtMs: number): Round => ({ keys: [...keys()], startedAtMs, added: 0 })

const stepsPerPeriod = 600
const minStepMs = 50
