import { setTimeout as sleep } from 'node:timers/promises'
import { nowMs, until } from '../../lib/clock.ts'
import { dataOf } from '../load/marks.ts'
import type { Speaker } from './speaker.ts'

/** Events to publish, and their recipients. */
export interface EventShape {
  /** Bytes of the application's data; each server adds its envelope. */
  readonly bytes: number
  /** Users in turn; null: all users. */
  readonly users: readonly string[] | null
}

export const userOf = (users: readonly string[] | null, number: number): string | null =>
  users === null ? null : (users[number % users.length] ?? null)

/** @param atMs when it was due to leave @returns true when the server took it */
export async function emit(
  speaker: Speaker,
  shape: EventShape & { readonly retryForMs?: number },
  number: number,
  atMs: number,
): Promise<boolean> {
  const event = {
    number,
    data: dataOf({ number, atMs }, shape.bytes),
    user: userOf(shape.users, number),
    mayRepeat: (shape.retryForMs ?? 0) > 0,
  }
  const status = await speaker.publisher.publish(speaker.dialect.publish(event, speaker.key))
  return status !== null && status >= 200 && status < 300
}

export interface RatePlan extends EventShape {
  readonly firstNumber: number
  readonly events: number
  readonly perSecond: number
  /** Events that leave together, as a burst: the rate stays the same. @default 1 */
  readonly atOnce?: number
  /** Time for which a refused event is retried, each 50 ms. 0: no retry. */
  readonly retryForMs: number
}

export interface EmitReport {
  /** Numbers of the events that the server took. */
  readonly accepted: readonly number[]
  readonly retries: number
}

/** Publishes events at their times, even when earlier ones are pending, and resolves when each is taken or given up. */
export async function emitAtRate(speaker: Speaker, plan: RatePlan): Promise<EmitReport> {
  const { atOnce = 1 } = plan
  const startMs = nowMs()
  const accepted: number[] = []
  let retries = 0
  const emitOne = async (number: number, atMs: number): Promise<void> => {
    while (!(await emit(speaker, plan, number, atMs))) {
      if (nowMs() - atMs >= plan.retryForMs) return
      retries += 1
      await sleep(50)
    }
    accepted.push(number)
  }
  const running: Promise<void>[] = []
  for (let event = 0; event < plan.events; event += 1) {
    const atMs = startMs + ((event - (event % atOnce)) * 1000) / plan.perSecond
    if (event % atOnce === 0) await until(atMs)
    running.push(emitOne(plan.firstNumber + event, atMs))
  }
  await Promise.all(running)
  return { accepted: accepted.toSorted((a, b) => a - b), retries }
}
