import type { MetricsOf, MetricTable } from '../../program/metrics/table.ts'

/**
 * Every metric of the operator: one table. From it come the registry (`prometheus.ts`) and the reference. A metric that controller-runtime or client-go's
 * workqueue has, too, has its name, labels and meaning. So dashboards and alerts for other operators fit.
 *
 * Label values are closed sets and begin at zero. Those that depend on the parts of the operator are given when the registry is made. Only two metrics
 * have namespaces and names as labels: keys in progress, and channels, up to a bound. Their series end with them.
 */
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const
const controller = { given: 'controllers' } as const
const status = { pattern: /^([1-5]\d\d|<error>)$/, words: 'an HTTP status, or `<error>` without an answer' } as const
const method = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const apiErrors = [
  'not-found',
  'no-such-resource',
  'already-exists',
  'conflict',
  'invalid',
  'forbidden',
  'unauthorized',
  'gone',
  'overloaded',
  'unavailable',
] as const
const topicFailures = ['unreachable', 'unauthenticated', 'unauthorized', 'already-exists', 'not-found', 'refused', 'transient'] as const

export const operatorMetrics = {
  reconciles: {
    name: 'controller_runtime_reconcile_total',
    type: 'counter',
    help: 'Reconciles that ended, by result.',
    labels: { controller, result: ['success', 'error', 'requeue', 'requeue_after'] },
  },
  reconcileErrors: {
    name: 'controller_runtime_reconcile_errors_total',
    type: 'counter',
    help: 'Reconciles that failed and are retried.',
    labels: { controller },
  },
  reconcilePanics: {
    name: 'controller_runtime_reconcile_panics_total',
    type: 'counter',
    help: 'Reconciles that threw. Each is a bug.',
    labels: { controller },
  },
  reconcileTimeouts: {
    name: 'controller_runtime_reconcile_timeouts_total',
    type: 'counter',
    help: 'Reconciles that exceeded their deadline.',
    labels: { controller },
  },
  reconcileTime: {
    name: 'controller_runtime_reconcile_time_seconds',
    type: 'histogram',
    help: 'Duration of a reconcile.',
    labels: { controller },
    buckets: seconds,
  },
  maxConcurrentReconciles: {
    name: 'controller_runtime_max_concurrent_reconciles',
    type: 'gauge',
    help: 'Number of workers.',
    labels: { controller },
  },
  activeWorkers: {
    name: 'controller_runtime_active_workers',
    type: 'gauge',
    help: 'Workers that run a reconcile.',
    labels: { controller },
  },
  abandonedReconciles: {
    name: 'carillon_operator_abandoned_reconciles',
    type: 'gauge',
    help: 'Reconciles that continue after their deadline. Their keys stay occupied.',
    labels: { controller },
  },
  reconcileStarted: {
    name: 'carillon_operator_reconcile_started_timestamp_seconds',
    type: 'transient',
    help: 'Start of the reconcile of a key in progress. The series ends with the reconcile.',
    labels: ['controller', 'namespace', 'name'],
  },

  queueDepth: {
    name: 'workqueue_depth',
    type: 'gauge',
    help: 'Keys that are ready and wait for a worker.',
    labels: { name: controller, priority: ['user', 'child', 'resync'] },
  },
  queueAdds: {
    name: 'workqueue_adds_total',
    type: 'counter',
    help: 'Keys that were added and did not wait before.',
    labels: { name: controller },
  },
  queueDuration: {
    name: 'workqueue_queue_duration_seconds',
    type: 'histogram',
    help: 'Time that a key waited for a worker.',
    labels: { name: controller },
    buckets: seconds,
  },
  workDuration: {
    name: 'workqueue_work_duration_seconds',
    type: 'histogram',
    help: 'Time that a worker spent on a key.',
    labels: { name: controller },
    buckets: seconds,
  },
  unfinishedWork: {
    name: 'workqueue_unfinished_work_seconds',
    type: 'gauge',
    help: 'Time spent so far on the keys in progress, summed.',
    labels: { name: controller },
  },
  longestRunning: {
    name: 'workqueue_longest_running_processor_seconds',
    type: 'gauge',
    help: 'Time spent so far on the key that has been in progress for longest.',
    labels: { name: controller },
  },
  queueRetries: {
    name: 'workqueue_retries_total',
    type: 'counter',
    help: 'Keys that were queued again with a back-off.',
    labels: { name: controller },
  },

  leader: {
    name: 'leader_election_master_status',
    type: 'gauge',
    help: '1 while this process is the leader.',
    labels: { name: { given: 'leases' } },
  },
  restRequests: {
    name: 'rest_client_requests_total',
    type: 'counter',
    help: 'Requests to the API server, by status.',
    labels: { code: status, method },
  },
  restDuration: {
    name: 'rest_client_request_duration_seconds',
    type: 'histogram',
    help: 'Time that the API server took to answer.',
    labels: { verb: method },
    buckets: seconds,
  },

  watchLastEventAge: {
    name: 'carillon_operator_watch_last_event_age_seconds',
    type: 'gauge',
    help: 'Time since the last sign of the API server on a watch: an event, a bookmark, a list, a normal end. NaN before the first.',
    labels: { resource: { given: 'resources' } },
  },
  watchRelists: {
    name: 'carillon_operator_watch_relists_total',
    type: 'counter',
    help: 'Times that a watch had to start with a list.',
    labels: { resource: { given: 'resources' } },
  },
  namespacesOutOfReach: {
    name: 'carillon_operator_namespaces_out_of_reach',
    type: 'gauge',
    help: 'Namespaces of NAMESPACES that the operator may not read. Log lines and Events about the Lease name them.',
    labels: {},
  },
  applies: {
    name: 'carillon_operator_applies_total',
    type: 'counter',
    help: 'Server-side applies, by kind of object and outcome.',
    labels: { kind: { given: 'kinds' }, outcome: ['ok', ...apiErrors] },
  },
  kafkaRequests: {
    name: 'carillon_operator_kafka_requests_total',
    type: 'counter',
    help: 'Requests to brokers, each for a whole list of topics, by outcome.',
    labels: { operation: { given: 'kafkaOperations' }, outcome: ['ok', ...topicFailures] },
  },
  channels: {
    name: 'carillon_operator_channels',
    type: 'gauge',
    help: 'Channels, by whether they are Ready.',
    labels: { ready: ['true', 'false'] },
  },
  channelReady: {
    name: 'carillon_operator_channel_ready',
    type: 'transient',
    help: '1 for a channel that is Ready, else 0, with the reason of that condition. At most METRICS_MAX_CHANNELS series, channels that are not Ready first.',
    labels: ['namespace', 'channel', 'reason'],
  },
  eventsDropped: {
    name: 'carillon_operator_events_dropped_total',
    type: 'counter',
    help: 'Kubernetes Events that were not written: too many for one object, too many in all, or refused by the API server.',
    labels: { reason: ['object-limit', 'queue-full', 'failed', 'stopped'] },
  },
} as const satisfies MetricTable

/** Label values that are given when the registry is made. Each list is closed. */
export interface GivenNames {
  /** Names of controllers. Each has a queue of the same name. */
  readonly controllers: readonly string[]
  readonly leases: readonly string[]
  /** Plurals of the watched types. */
  readonly resources: readonly string[]
  /** Kinds of objects that are applied. */
  readonly kinds: readonly string[]
  readonly kafkaOperations: readonly string[]
}

/** A handle per row of the table: what the parts of the operator are given. */
export type OperatorMetrics = MetricsOf<typeof operatorMetrics>
