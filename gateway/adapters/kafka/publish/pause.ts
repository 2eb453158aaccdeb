import { backOffMs } from '../../../../program/back-off.ts'

/** A pause between attempts: longer each time, with jitter, so that pods do not return together. */
export interface Pause {
  readonly isOn: boolean
  /** Number of pauses since the last reset. */
  readonly count: number
  begin(): void
  /** Ends the pause, without a call of `onEnd`. The next one is as long as it would have been. */
  cut(): void
  /** Ends the pause, without a call of `onEnd`. The next one is the first again. */
  reset(): void
}

export function createPause({
  firstMs,
  maxMs,
  onEnd,
}: {
  readonly firstMs: number
  readonly maxMs: number
  readonly onEnd: () => void
}): Pause {
  let timer: NodeJS.Timeout | null = null
  let count = 0

  function cut(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  function end(): void {
    timer = null
    onEnd()
  }

  return {
    get isOn() {
      return timer !== null
    },
    get count() {
      return count
    },
    begin() {
      cut()
      timer = setTimeout(end, backOffMs(++count, { firstMs, maxMs }, Math.random()))
    },
    cut,
    reset() {
      cut()
      count = 0
    },
  }
}
