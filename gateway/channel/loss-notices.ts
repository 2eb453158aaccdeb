/**
 * Decides when clients are told of lost records. A client that is told fetches the current state, which costs its service more than an event.
 * So losses that come together are told of together, and losses in series (a producer whose batches cannot be read) once in a while.
 */
export interface LossNotices {
  /** Records were lost: a notice becomes due. */
  lost(): void
}

export const defaultNoticeEveryMs = 5_000

/** The timer does not hold the process. */
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
  /** How long the first loss waits for others, in milliseconds: retention overtakes many partitions at once. */
  readonly settleMs?: number
  /** The least time between two notices, in milliseconds. */
  readonly everyMs?: number
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
  readonly announce: () => void
}
