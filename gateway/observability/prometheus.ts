import * as prometheus from '../../program/metrics/prometheus.ts'
import { metrics } from './metrics.ts'

export type PrometheusMetrics = prometheus.PrometheusMetrics<typeof metrics>

/** Returns a registry with every metric of the gateway, those of the Node process, and `carillon_build_info`. */
export const createPrometheusMetrics = (options: { readonly version?: string } = {}): PrometheusMetrics =>
  prometheus.createPrometheusMetrics(metrics, { ...options, buildInfo: 'carillon_build_info', given: {}, leftOut: costlyMetrics })

/**
 * Metrics of prom-client that visit every socket of the process when they are collected. With 12,000 sockets a scrape blocked the event loop for 28 to
 * 70 ms. `carillon_sessions` replaces them.
 */
const costlyMetrics = [
  'process_open_fds',
  ...['nodejs_active_handles', 'nodejs_active_requests', 'nodejs_active_resources'].flatMap((name) => [name, `${name}_total`]),
]
