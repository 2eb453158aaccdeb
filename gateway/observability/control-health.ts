import type { Logger } from '../../program/log/logger.ts'
import type { SourceHealth } from '../replay/record-source.ts'
import { maxNamed } from './check-reading.ts'
import type { Degradation, Health } from './health.ts'
import type { Metrics } from './metrics.ts'

/**
 * Reports the state of reading the control topic to readiness, metrics and log lines (ADR 0029). A pod is not ready until it has read all
 * revocations. After that, a pod that cannot read them stays ready for a while, and says so.
 */
export interface ControlHealth {
  caughtUp(): void
  health(state: SourceHealth): void
  overflowed(): void
  /** Returns what `/readyz` says of a pod that is ready although it may not know the latest revocations. */
  degraded(): readonly Degradation[]
  /** Ends the timer. Idempotent. */
  stop(): void
}

export interface ControlHealthParts {
  readonly health: Pick<Health, 'set'>
  readonly metrics: Pick<Metrics, 'revocationsHealthy'>
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Time for which a pod that cannot read the topic stays ready, in milliseconds; 0: for ever. */
  readonly unreadyAfterMs: number
  /** Monotonic clock. Milliseconds. */
  readonly clock: () => number
}

export function createControlHealth({ health, metrics, logger, unreadyAfterMs, clock }: ControlHealthParts): ControlHealth {
  let hasCaughtUp = false
  let hasOverflowed = false
  let troubles: readonly Degradation[] = []
  let sinceMs: number | null = null
  let timer: NodeJS.Timeout | undefined

  /** Returns the reason why the pod must not take clients; null: it may. Plans the next check. */
  function check(): string | null {
    if (hasOverflowed) return tooMany
    const [trouble] = troubles
    if (!hasCaughtUp) return trouble === undefined ? notRead : `${notRead} (${trouble.kind}: ${trouble.detail})`
    if (trouble === undefined || sinceMs === null || unreadyAfterMs === 0) return null
    const leftMs = sinceMs + unreadyAfterMs - clock()
    if (leftMs <= 0) return `${trouble.kind}: ${trouble.detail}`
    timer = setTimeout(report, Math.ceil(leftMs)).unref()
    return null
  }

  function report(): void {
    clearTimeout(timer)
    metrics.revocationsHealthy.set(hasCaughtUp && !hasOverflowed && troubles.length === 0 ? 1 : 0)
    health.set('revocations', check())
  }

  return {
    caughtUp() {
      hasCaughtUp = true
      report()
    },
    health({ problem, behind }) {
      const hadTrouble = troubles.length > 0
      troubles = [
        ...(problem === null ? [] : [{ partition: null, kind: `revocations-${problem.kind}`, detail: problem.detail }]),
        ...behind.slice(0, maxNamed).map(({ partition, kind, detail }) => ({ partition, kind: `revocations-${kind}`, detail })),
      ]
      sinceMs = troubles.length === 0 ? null : (sinceMs ?? clock())
      if (hasCaughtUp && !hadTrouble && troubles.length > 0) logger.warn({ ...troubles[0] }, 'revocations cannot be read')
      if (hasCaughtUp && hadTrouble && troubles.length === 0) logger.info({}, 'revocations are read again')
      report()
    },
    overflowed() {
      if (!hasOverflowed) logger.error({}, 'more revocations than twice MAX_REVOCATIONS; raise it and restart the pod')
      hasOverflowed = true
      report()
    },
    degraded: () => (hasCaughtUp ? troubles : []),
    stop: () => clearTimeout(timer),
  }
}

const notRead = 'the revocations have not been read yet'
const tooMany = 'the control topic has more revocations than twice MAX_REVOCATIONS. Raise it, and restart the pod.'
