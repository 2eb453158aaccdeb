import { setTimeout as sleep } from 'node:timers/promises'
import { nowMs } from '../../lib/clock.ts'
import { emit } from '../publish/emit.ts'
import { createSpeaker } from '../publish/speaker.ts'
import type { Shared } from './client.ts'
import type { Saturated, Saturation } from './load-calls.ts'

const lastArrivalMs = 20_000

/**
 * Keeps a server busy without overload: an event leaves as soon as fewer than `window` are in flight. The server's queues stay as short as
 * its clients let them be, and it has no reason to cut a client.
 */
export async function saturate(shared: Shared, plan: Saturation): Promise<Saturated> {
  const speaker = createSpeaker(plan.target, Math.min(plan.window, 64))
  const startMs = nowMs()
  const startEvents = shared.events
  let published = 0
  let refused = 0
  const pending = (): number => (published - refused) * plan.receivers - (shared.events - startEvents)
  const publishOne = async (number: number): Promise<void> => {
    if (await emit(speaker, plan, number, nowMs())) return
    refused += 1
    publishMore()
  }
  const publishMore = (): void => {
    while (pending() <= (plan.window - 1) * plan.receivers && nowMs() - startMs < plan.durationMs) {
      const number = plan.firstNumber + published
      published += 1
      void publishOne(number)
    }
  }
  shared.onEvents = publishMore
  publishMore()
  await sleep(plan.durationMs)
  while (pending() > 0 && nowMs() - startMs < plan.durationMs + lastArrivalMs) await sleep(1)
  const tookMs = nowMs() - startMs
  shared.onEvents = () => {}
  speaker.publisher.close()
  return { published, refused, deliveries: shared.events - startEvents, tookMs, isComplete: pending() <= 0 }
}
