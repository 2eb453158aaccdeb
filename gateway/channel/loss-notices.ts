/**
 * Decides when clients get a gap for lost records. A client with a gap fetches the current state, which costs its service more than an event. So
 * losses that come together get one gap. Losses in series, such as those of a producer whose batches cannot be read, get one now and then.
 */
export interface LossNotices {
  /** Notes a loss, and starts the wait for its notice. */
  lost(): void
}

export const defaultNoticeEveryMs = 5_000

/** Makes loss notices. The timer does not keep the process alive. */
export function createLossNotices({ settleMs = 100, everyMs = defaultNoticeEveryMs, clock, announce }: LossNoticesOptions): LossNotices {
  let noticedAtMs = -Infinity
  let timer: NodeJS.Timeout | null = null
  const notice = (): void => {
    timer = null
    noticedAtMs = clock()
    announce()
  }
  return {
    lost() {
      timer ??= setTimeout(notice, Math.max(settleMs, noticedAtMs + everyMs - clock())).unref()
    },
  }
}

export interface LossNoticesOptions {
  /** Time that the first loss waits for others, in milliseconds, because retention overtakes many partitions at once. @default 100 */
  readonly settleMs?: number
  /** Least time between two notices, in milliseconds. @default 5000 */
  readonly everyMs?: number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  readonly announce: () => void
}
