import type { Health } from '../../observability/health.ts'
import type { Logger } from '../../../program/log/logger.ts'
import { internalPages } from '../../../program/internal-pages.ts'
import { listeningServer, type ListeningServer } from '../../../program/listening-server.ts'
import type { MetricsPage } from '../../../program/metrics/prometheus.ts'
import { renderProblem } from '../../request/problem.ts'
import { createBoundedServer } from './bounded-server.ts'
import type { GuardParts } from './connection-guard.ts'

export interface InternalServerParts {
  readonly health: Pick<Health, 'ready' | 'live' | 'conditions' | 'degraded'>
  readonly page: MetricsPage
  readonly metrics: GuardParts['metrics']
  readonly logger: Logger
}

/** Probes and metrics, on a port that is not exposed: `/livez`, `/readyz`, `/metrics`. */
export function createInternalServer(parts: InternalServerParts): ListeningServer {
  const { health } = parts
  const { server, serve } = createBoundedServer(
    { port: 'internal', maxConnections: maxInternalConnections, headroom: maxInternalConnections, headTimeoutMs: internalHeadTimeoutMs },
    { ...parts, clock: () => performance.now() },
  )
  serve(
    internalPages({
      ...parts,
      readiness: () => ({ conditions: health.conditions(), degraded: health.degraded() }),
      refuse: (type, detail) => renderProblem({ type, detail }),
    }),
  )
  return listeningServer(server, { host: 'INTERNAL_HOST', port: 'INTERNAL_PORT' })
}

/** Probes and scrapes of one pod need a few. */
export const maxInternalConnections = 256
export const internalHeadTimeoutMs = 10_000
