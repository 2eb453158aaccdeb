import * as prometheus from '../../program/metrics/prometheus.ts'
import { operatorMetrics, type GivenNames } from './metrics.ts'

export type PrometheusMetrics = prometheus.PrometheusMetrics<typeof operatorMetrics>

/** Returns a registry with every metric of the operator, those of the Node process, and `carillon_operator_build_info`. */
export const createPrometheusMetrics = ({ version, ...given }: GivenNames & { readonly version?: string }): PrometheusMetrics =>
  prometheus.createPrometheusMetrics(operatorMetrics, {
    ...(version === undefined ? {} : { version }),
    buildInfo: 'carillon_operator_build_info',
    given,
  })
