import { createRandom, type PlannedEvent, planEvents, type User } from '../proof/plan.ts'
import type { Crowd } from './audience-of-users.ts'

/** Emission that runs while something happens to gateways, brokers or the control plane. */
export interface Emitting {
  /** Ends after the batch that has begun, and after two batches at least. */
  stop(): void
  readonly emitted: Promise<{ readonly events: readonly PlannedEvent[]; readonly abandoned: readonly string[] }>
}

const batchSize = 60
const batchMs = 3000

/**
 *
 * @param plan.name makes ids unique among emissions; @param plan.seed makes events unique
 */
export function emitUntilStopped(
  crowd: Crowd,
  users: readonly User[],
  { name, seed }: { readonly name: string; readonly seed: number },
): Emitting {
  const stopping = new AbortController()
  const emit = async (): Promise<Awaited<Emitting['emitted']>> => {
    const events: PlannedEvent[] = []
    const abandoned: string[] = []
    for (let batch = 0; !stopping.signal.aborted || batch < 2; batch += 1) {
      const planned = planEvents(batchSize, users, createRandom(seed * 1000 + batch)).map((event) => ({
        ...event,
        id: `${name}, ${batch}, ${event.id}`,
        number: event.number + batch * batchSize,
      }))
      events.push(...planned)
      abandoned.push(...(await crowd.emit(planned, batchMs)).abandoned)
    }
    return { events, abandoned }
  }
  return {
    stop: () => stopping.abort(),
    emitted: emit(),
  }
}
