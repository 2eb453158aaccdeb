import { createServer } from 'node:http'
import { internalPages, type InternalRefusal } from '../../program/internal-pages.ts'
import { listeningServer, type ListeningServer } from '../../program/listening-server.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { MetricsPage } from '../../program/metrics/prometheus.ts'
import type { Health } from './health.ts'

export interface InternalServerParts {
  readonly health: Health
  readonly page: MetricsPage
  readonly logger: Logger
}

const statuses: Readonly<Record<InternalRefusal, number>> = { 'not-found': 404, 'method-not-allowed': 405, 'internal-error': 500 }

/** Probes and metrics: `/livez`, `/readyz`, `/metrics`. */
export function createInternalServer(parts: InternalServerParts): ListeningServer {
  const pages = internalPages({
    ...parts,
    readiness: () => ({ conditions: parts.health.conditions() }),
    refuse: (refusal, detail) => ({
      status: statuses[refusal],
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: JSON.stringify({ error: detail }),
    }),
  })
  return listeningServer(createServer(pages), { host: 'INTERNAL_HOST', port: 'INTERNAL_PORT' })
}
