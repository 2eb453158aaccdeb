import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds of the machine's monotonic clock: the same in all of its processes (on Linux). */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

/**
 * Resolves at that moment of `nowMs`, or about a millisecond later. Timers can fire early, and an event that leaves before its time looks
 * as if it took none.
 */
export async function until(atMs: number): Promise<void> {
  for (let earlyMs = atMs - nowMs(); earlyMs > 0; earlyMs = atMs - nowMs()) await sleep(Math.ceil(earlyMs))
}
