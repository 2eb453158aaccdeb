import type { ClusterView } from '../wire/metadata.ts'
import { createPause } from './pause.ts'

export interface RouteRefresh {
  /** Asks soon: the known metadata is incomplete, or proved wrong. */
  want(): void
  /** Notes a publish: the metadata should not be older than 5 s. */
  publishing(): void
  /** Stops permanently. Idempotent. */
  close(): void
}

export interface RouteRefreshParts {
  /** Asks any broker. After a failure, the next call asks another. */
  readonly describe: () => Promise<ClusterView>
  /** Makes the next call ask another broker. */
  readonly turn: () => void
  /** @returns whether that was enough; otherwise the metadata is asked for again, after a pause */
  readonly described: (view: ClusterView) => boolean
  readonly failed: (cause: unknown) => void
}

const publishingAgeMs = 5_000
const idleAgeMs = 30_000
/** Partitions that change their leaders one by one do not cause a request each. */
const leastSpacingMs = 100
/** Number of insufficient answers in a row after which a broker may be behind. */
const asksBeforeTurn = 3

/** Keeps the metadata of the topic fresh from the first publish on: one request at a time, and a pause after answers that do not help. */
export function createRouteRefresh(parts: RouteRefreshParts): RouteRefresh {
  const pause = createPause({ firstMs: 50, maxMs: 1_000, onEnd: ask })
  let timer: NodeJS.Timeout | undefined
  let isAsking = false
  let isWanted = false
  let isClosed = false
  let askedAtMs = Number.NEGATIVE_INFINITY

  function ask(): void {
    if (isAsking || isClosed) return
    clearTimeout(timer)
    isAsking = true
    isWanted = false
    askedAtMs = performance.now()
    void askOnce()
  }

  async function askOnce(): Promise<void> {
    const isEnough = await describe()
    isAsking = false
    if (isClosed) return
    if (isEnough) pause.reset()
    else pauseAndTurn()
    schedule(isWanted ? leastSpacingMs : idleAgeMs)
  }

  async function describe(): Promise<boolean> {
    let view: ClusterView
    try {
      view = await parts.describe()
    } catch (cause) {
      if (!isClosed) parts.failed(cause)
      return false
    }
    return isClosed || parts.described(view)
  }

  function pauseAndTurn(): void {
    pause.begin()
    if (pause.count % asksBeforeTurn === 0) parts.turn()
  }

  function schedule(delayMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (!pause.isOn) ask()
    }, delayMs)
    timer.unref()
  }

  function want(): void {
    isWanted = true
    if (isAsking || pause.isOn || isClosed) return
    const waitMs = askedAtMs + leastSpacingMs - performance.now()
    if (waitMs <= 0) ask()
    else schedule(waitMs)
  }

  return {
    want,
    publishing() {
      if (performance.now() - askedAtMs > publishingAgeMs) want()
    },
    close() {
      isClosed = true
      pause.cut()
      clearTimeout(timer)
    },
  }
}
