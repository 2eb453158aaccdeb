import { recordMetrics, type RecordingMetrics as Recording } from '../../program/metrics/testing/recording-metrics.ts'
import { metrics } from '../observability/metrics.ts'

export type RecordingMetrics = Recording<typeof metrics>

/** The recording double of the gateway's metrics: their values can be read back at once. */
export const createRecordingMetrics = (): RecordingMetrics => recordMetrics(metrics, {})
