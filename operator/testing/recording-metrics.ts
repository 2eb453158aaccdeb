import { recordMetrics, type RecordingMetrics as Recording } from '../../program/metrics/testing/recording-metrics.ts'
import { operatorMetrics, type GivenNames } from '../observability/metrics.ts'

export type RecordingMetrics = Recording<typeof operatorMetrics>

/** Label values as the operator gives them to its registry. */
export const testNames: GivenNames = {
  controllers: ['realtimechannel'],
  leases: ['carillon-operator'],
  resources: ['realtimechannels', 'deployments'],
  kinds: ['Deployment', 'Service'],
  kafkaOperations: ['metadata', 'create-topics'],
}

/** The recording double of the operator's metrics: their values can be read back at once. */
export const createRecordingMetrics = (given: GivenNames = testNames): RecordingMetrics => recordMetrics(operatorMetrics, given)
