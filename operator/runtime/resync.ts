import type { ObjectRef } from '../../api/kubernetes.ts'

export interface ResyncParts {
  /** All keys there are. Asked once per round. */
  readonly keys: () => Iterable<ObjectRef>
  readonly add: (ref: ObjectRef) => void
  readonly periodMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/**
 * Adds every key once per period, because a topic that somebody altered tells nobody.
 *
 * All at once would be a burst of thousands of reconciles, and of requests to Kafka, every ten minutes. So a round goes through the keys
 * evenly over the period, in small steps of random length. A key that appears during a round is in the next one: it was just reconciled. How far
 * a round should be is told by the clock and not by the number of steps, so a process that was held up catches up.
 * @returns what ends it
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
