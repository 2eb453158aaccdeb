/** Dashboards of the chart, by rows. `render-dashboard.ts` renders them for Grafana. */

export interface Dashboard {
  /** Name of the file; also Grafana's own identifier, by which a newer dashboard replaces an older one. */
  readonly name: string
  readonly title: string
  readonly description: string
  /** Choices of a reader, besides the data source. */
  readonly variables: readonly Variable[]
  readonly rows: readonly Row[]
}

export interface Variable {
  readonly name: string
  readonly label: string
  /** Source of its values: Grafana's `label_values(SERIES, LABEL)`. */
  readonly values: string
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Panel {
  readonly title: string
  /** A sentence for a reader who sees this line for the first time. */
  readonly description: string
  /** Unit, by Grafana's name: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/ */
  readonly unit: 'short' | 's' | 'bytes' | 'ops' | 'percentunit'
  /** Shows one number in place of lines. */
  readonly isNumber?: true
  readonly series: readonly (readonly [legend: string, expression: string])[]
}

const ofGateways = 'namespace=~"$namespace", carillon_dev_channel=~"$channel"'
const ofOperators = 'namespace=~"$namespace", job=~"$job"'

/**
 *
 * @param only further conditions, such as `code!="peer"`
 */
const gateways = (metric: string, only?: string): string => `${metric}{${[ofGateways, ...(only === undefined ? [] : [only])].join(', ')}}`
const operators = (metric: string, only?: string): string => `${metric}{${[ofOperators, ...(only === undefined ? [] : [only])].join(', ')}}`
const rate = (series: string): string => `rate(${series}[$__rate_interval])`
const sum = (series: string, by?: string): string => `sum${by === undefined ? '' : ` by (${by})`} (${series})`
const quantile = (share: number, buckets: string, by?: string): string =>
  `histogram_quantile(${share}, ${sum(rate(buckets), by === undefined ? 'le' : `${by}, le`)})`

export const dashboards: readonly Dashboard[] = [
  {
    name: 'gateways',
    title: 'Carillon / Gateways',
    description: 'Connections and events of channels.',
    variables: [
      { name: 'namespace', label: 'Namespace', values: 'label_values(carillon_sessions, namespace)' },
      { name: 'channel', label: 'Channel', values: 'label_values(carillon_sessions{namespace=~"$namespace"}, carillon_dev_channel)' },
    ],
    rows: [
      {
        title: 'At a glance',
        panels: [
          {
            title: 'Connections',
            description: 'Live connections, of all pods.',
            unit: 'short',
            isNumber: true,
            series: [['connections', sum(gateways('carillon_sessions'))]],
          },
          {
            title: 'Deliveries',
            description: 'Events written to connections.',
            unit: 'ops',
            isNumber: true,
            series: [['per second', sum(rate(gateways('carillon_deliveries_total')))]],
          },
          {
            title: 'Slowest of a hundred',
            description: 'From the record to the first socket, for 99 of 100 events.',
            unit: 's',
            isNumber: true,
            series: [['p99', quantile(0.99, gateways('carillon_delivery_latency_seconds_bucket'))]],
          },
          {
            title: 'Pods that do not read all',
            description: 'Their /readyz names the partitions and the reason.',
            unit: 'short',
            isNumber: true,
            series: [['pods', sum(`1 - ${gateways('carillon_log_healthy')}`)]],
          },
        ],
      },
      {
        title: 'Connections',
        panels: [
          {
            title: 'Connections by pod',
            description: 'A draining pod moves its connections to the others.',
            unit: 'short',
            series: [['{{pod}}', sum(gateways('carillon_sessions'), 'pod')]],
          },
          {
            title: 'Admitted',
            description: 'Connections that began, by transport.',
            unit: 'ops',
            series: [['{{transport}}', sum(rate(gateways('carillon_sessions_opened_total')), 'transport')]],
          },
          {
            title: 'Ends by code',
            description: 'A code of docs/protocol.md, or `peer`: the browser left, or the network failed.',
            unit: 'ops',
            series: [['{{code}}', sum(rate(gateways('carillon_sessions_closed_total')), 'code')]],
          },
          {
            title: 'Refused handshakes',
            description: 'Connections that were not admitted, by reason.',
            unit: 'ops',
            series: [['{{reason}}', sum(rate(gateways('carillon_handshakes_refused_total')), 'reason')]],
          },
        ],
      },
      {
        title: 'Delivery',
        panels: [
          {
            title: 'Deliveries',
            description: 'Events written to connections, and the writes that carried them: under load one write takes several events.',
            unit: 'ops',
            series: [
              ['events', sum(rate(gateways('carillon_deliveries_total')))],
              ['writes', sum(rate(gateways('carillon_delivery_writes_total')))],
            ],
          },
          {
            title: 'Latency',
            description: "From the record's timestamp to the first write of the event.",
            unit: 's',
            series: [
              ['p50', quantile(0.5, gateways('carillon_delivery_latency_seconds_bucket'))],
              ['p99', quantile(0.99, gateways('carillon_delivery_latency_seconds_bucket'))],
            ],
          },
          {
            title: 'Behind',
            description: 'Connections that wait for their socket or have more to read from the replay log.',
            unit: 'short',
            series: [['{{pod}}', sum(gateways('carillon_sessions_catching_up'), 'pod')]],
          },
          {
            title: 'Gaps',
            description: 'Sessions that were notified of lost events, by reason.',
            unit: 'ops',
            series: [['{{reason}}', sum(rate(gateways('carillon_gaps_total')), 'reason')]],
          },
        ],
      },
      {
        title: 'Log',
        panels: [
          {
            title: 'Lag',
            description: 'Records between a pod and the ends of its partitions.',
            unit: 'short',
            series: [['{{pod}}', sum(gateways('carillon_log_lag_records'), 'pod')]],
          },
          {
            title: 'Records',
            description: 'Records read, and those of them without a recipient.',
            unit: 'ops',
            series: [
              ['read', sum(rate(gateways('carillon_records_read_total')))],
              ['undecodable, {{reason}}', sum(rate(gateways('carillon_records_undecodable_total')), 'reason')],
              ['without audience', sum(rate(gateways('carillon_records_without_audience_total')))],
              ['duplicate', sum(rate(gateways('carillon_records_duplicate_total')))],
            ],
          },
          {
            title: 'Replay window',
            description: 'Age of the oldest event in the replay log. Less than REPLAY_WINDOW_MS when REPLAY_MAX_BYTES is reached before.',
            unit: 's',
            series: [['{{pod}}', `max by (pod) (${gateways('carillon_replay_age_seconds')})`]],
          },
          {
            title: 'Replay log',
            description: 'Bytes of the events in the replay log.',
            unit: 'bytes',
            series: [['{{pod}}', sum(gateways('carillon_replay_bytes'), 'pod')]],
          },
          {
            title: 'Resumes',
            description: 'Sessions that came with a cursor, and events that were written while they resumed.',
            unit: 'ops',
            series: [
              ['sessions', sum(rate(gateways('carillon_resumes_total')))],
              ['events', sum(rate(gateways('carillon_events_replayed_total')))],
            ],
          },
          {
            title: 'Partitions behind',
            description: 'Partitions that cannot be read now, by state; of the pod that has most.',
            unit: 'short',
            series: [['{{state}}', `max by (state) (${gateways('carillon_log_partitions_behind')})`]],
          },
          {
            title: 'Held back',
            description: 'Records that an open transaction holds back; unreadable batches per second.',
            unit: 'short',
            series: [
              ['uncommitted', `max (${gateways('carillon_log_uncommitted_records')})`],
              ['unreadable', sum(rate(gateways('carillon_records_unreadable_total')))],
            ],
          },
          {
            title: 'Consumers rebuilt',
            description: 'Times that the consumer was rebuilt, by cause.',
            unit: 'ops',
            series: [['{{cause}}', sum(rate(gateways('carillon_source_rebuilds_total')), 'cause')]],
          },
        ],
      },
      {
        title: 'Emit',
        panels: [
          {
            title: 'Emitted',
            description: 'Events that Kafka acknowledged, by API.',
            unit: 'ops',
            series: [['{{api}}', sum(rate(gateways('carillon_emitted_events_total')), 'api')]],
          },
          {
            title: 'Refused',
            description: 'Emit requests that were refused, by HTTP status. 502: Kafka rejects the event. 503: Kafka does not acknowledge.',
            unit: 'ops',
            series: [['{{status}}', sum(rate(gateways('carillon_emit_refused_total')), 'status')]],
          },
          {
            title: 'Time to the acknowledgement',
            description: 'From the request to the acknowledgement of Kafka.',
            unit: 's',
            series: [
              ['p50', quantile(0.5, gateways('carillon_emit_latency_seconds_bucket'))],
              ['p99', quantile(0.99, gateways('carillon_emit_latency_seconds_bucket'))],
            ],
          },
          {
            title: 'Waiting',
            description: 'Events that wait for the acknowledgement.',
            unit: 'short',
            series: [['{{pod}}', sum(gateways('carillon_emit_in_flight_events'), 'pod')]],
          },
        ],
      },
      {
        title: 'Pods',
        panels: [
          {
            title: 'CPU',
            description: 'One pod cannot use more than one core.',
            unit: 'short',
            series: [['{{pod}}', sum(rate(gateways('process_cpu_seconds_total')), 'pod')]],
          },
          {
            title: 'Event loop',
            description: 'Delay of the event loop, for 99 of 100 samples. Above 0.1 s one core is not enough for this pod.',
            unit: 's',
            series: [['{{pod}}', `max by (pod) (${gateways('nodejs_eventloop_lag_p99_seconds')})`]],
          },
          {
            title: 'Memory',
            description: 'Resident memory. The limit is that of the pod.',
            unit: 'bytes',
            series: [['{{pod}}', sum(gateways('process_resident_memory_bytes'), 'pod')]],
          },
          {
            title: 'Key set',
            description: 'Fetches of the key set, by outcome.',
            unit: 'ops',
            series: [['{{outcome}}', sum(rate(gateways('carillon_jwks_fetches_total')), 'outcome')]],
          },
        ],
      },
    ],
  },
  {
    name: 'operator',
    title: 'Carillon / Operator',
    description: 'The operator, its queue, and its requests to Kubernetes and Kafka.',
    variables: [
      { name: 'namespace', label: 'Namespace', values: 'label_values(carillon_operator_channels, namespace)' },
      { name: 'job', label: 'Job', values: 'label_values(carillon_operator_channels{namespace=~"$namespace"}, job)' },
    ],
    rows: [
      {
        title: 'At a glance',
        panels: [
          {
            title: 'Channels',
            description: 'Channels by whether they are Ready, as the leader sees it.',
            unit: 'short',
            isNumber: true,
            series: [['ready: {{ready}}', `max by (ready) (${operators('carillon_operator_channels')})`]],
          },
          {
            title: 'Leaders',
            description: 'One leader. None for more than 15 s: check that its pods run and can write their Lease.',
            unit: 'short',
            isNumber: true,
            series: [['leaders', sum(operators('leader_election_master_status'))]],
          },
          {
            title: 'Reconciles that fail',
            description: 'Share of failed reconciles. The conditions of channels have the reason.',
            unit: 'percentunit',
            isNumber: true,
            series: [
              [
                'share',
                `${sum(rate(operators('controller_runtime_reconcile_errors_total')))} / clamp_min(${sum(rate(operators('controller_runtime_reconcile_total')))}, 1e-9)`,
              ],
            ],
          },
          {
            title: 'Waiting',
            description: 'Keys that are due and wait for a worker.',
            unit: 'short',
            isNumber: true,
            series: [['keys', sum(operators('workqueue_depth'))]],
          },
        ],
      },
      {
        title: 'Reconciles',
        panels: [
          {
            title: 'Results',
            description: 'Reconciles that ended, by result.',
            unit: 'ops',
            series: [['{{result}}', sum(rate(operators('controller_runtime_reconcile_total')), 'result')]],
          },
          {
            title: 'Durations',
            description: 'Duration of a reconcile.',
            unit: 's',
            series: [
              ['p50', quantile(0.5, operators('controller_runtime_reconcile_time_seconds_bucket'))],
              ['p99', quantile(0.99, operators('controller_runtime_reconcile_time_seconds_bucket'))],
            ],
          },
          {
            title: 'Channels',
            description: 'Channels by whether they are Ready.',
            unit: 'short',
            series: [['ready: {{ready}}', `max by (ready) (${operators('carillon_operator_channels')})`]],
          },
          {
            title: 'Leader',
            description: '1 for the pod that leads.',
            unit: 'short',
            series: [['{{pod}}', `max by (pod) (${operators('leader_election_master_status')})`]],
          },
          {
            title: 'Bugs and time-outs',
            description: 'Reconciles that threw, and reconciles that exceeded their time.',
            unit: 'ops',
            series: [
              ['threw', sum(rate(operators('controller_runtime_reconcile_panics_total')))],
              ['late', sum(rate(operators('controller_runtime_reconcile_timeouts_total')))],
            ],
          },
          {
            title: 'Workers',
            description: 'Busy workers, and all workers.',
            unit: 'short',
            series: [
              ['busy', sum(operators('controller_runtime_active_workers'))],
              ['all', `max(${operators('controller_runtime_max_concurrent_reconciles')})`],
            ],
          },
        ],
      },
      {
        title: 'Queue',
        panels: [
          {
            title: 'Depth',
            description: 'Keys that wait for a worker, by the reason for which they were added.',
            unit: 'short',
            series: [['{{priority}}', sum(operators('workqueue_depth'), 'priority')]],
          },
          {
            title: 'Wait',
            description: 'Time that a key waited for a worker.',
            unit: 's',
            series: [
              ['p50', quantile(0.5, operators('workqueue_queue_duration_seconds_bucket'))],
              ['p99', quantile(0.99, operators('workqueue_queue_duration_seconds_bucket'))],
            ],
          },
          {
            title: 'Added and retried',
            description: 'Keys that were added, and keys that returned with a back-off.',
            unit: 'ops',
            series: [
              ['added', sum(rate(operators('workqueue_adds_total')))],
              ['tried again', sum(rate(operators('workqueue_retries_total')))],
            ],
          },
          {
            title: 'Longest at work',
            description: 'Age of the oldest reconcile in progress.',
            unit: 's',
            series: [['{{pod}}', `max by (pod) (${operators('workqueue_longest_running_processor_seconds')})`]],
          },
        ],
      },
      {
        title: 'Kubernetes and Kafka',
        panels: [
          {
            title: 'Requests to the API server',
            description: 'By status.',
            unit: 'ops',
            series: [['{{code}}', sum(rate(operators('rest_client_requests_total')), 'code')]],
          },
          {
            title: 'Answers of the API server',
            description: 'Duration, for 99 of 100.',
            unit: 's',
            series: [['{{verb}}', quantile(0.99, operators('rest_client_request_duration_seconds_bucket'), 'verb')]],
          },
          {
            title: 'Applies',
            description: 'Server-side applies, by outcome.',
            unit: 'ops',
            series: [['{{outcome}}', sum(rate(operators('carillon_operator_applies_total')), 'outcome')]],
          },
          {
            title: 'Requests to brokers',
            description: 'Requests for a whole list of topics each, by outcome.',
            unit: 'ops',
            series: [['{{outcome}}', sum(rate(operators('carillon_operator_kafka_requests_total')), 'outcome')]],
          },
          {
            title: 'Watches',
            description: 'Time since the last message of the API server on a watch.',
            unit: 's',
            series: [['{{resource}}', `max by (resource) (${operators('carillon_operator_watch_last_event_age_seconds')})`]],
          },
          {
            title: 'Events not written',
            description: 'Kubernetes Events that were dropped, by reason.',
            unit: 'ops',
            series: [['{{reason}}', sum(rate(operators('carillon_operator_events_dropped_total')), 'reason')]],
          },
        ],
      },
      {
        title: 'Pods',
        panels: [
          {
            title: 'CPU',
            description: 'Cores in use.',
            unit: 'short',
            series: [['{{pod}}', sum(rate(operators('process_cpu_seconds_total')), 'pod')]],
          },
          {
            title: 'Memory',
            description: 'Resident memory.',
            unit: 'bytes',
            series: [['{{pod}}', sum(operators('process_resident_memory_bytes'), 'pod')]],
          },
          {
            title: 'Event loop',
            description: 'Delay of the event loop, for 99 of 100 samples.',
            unit: 's',
            series: [['{{pod}}', `max by (pod) (${operators('nodejs_eventloop_lag_p99_seconds')})`]],
          },
        ],
      },
    ],
  },
]

/** Returns all expressions, with the panel that shows each. */
export function expressionsOf(dashboard: Dashboard): readonly { readonly where: string; readonly expression: string }[] {
  return dashboard.rows.flatMap(({ title: row, panels }) =>
    panels.flatMap(({ title, series }) =>
      series.map(([, expression]) => ({ where: `${dashboard.title} / ${row} / ${title}`, expression })),
    ),
  )
}

/** Returns an expression as Grafana sends it with every value chosen. @param rateInterval such as `1m` */
export function withEverythingChosen(expression: string, rateInterval: string): string {
  return expression.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(?:namespace|channel|job)\b/g, '.+')
}
