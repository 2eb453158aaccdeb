/**
 * Every metric of the gateway: one table. From it come the registry (`prometheus.ts`) and docs/reference/metrics.md. Label values are closed sets and
 * begin at zero. No label has values that a stranger can choose.
 */
import { decodeFailureReasons } from '../event/decoded-record.ts'
import { evaluationErrors } from '../filter/cesql/errors.ts'
import { partitionTroubles } from '../replay/record-source.ts'
import { closeCodes } from '../session/close-codes.ts'
import { inboundRefusals, sendOutcomes } from '../session/control-events.ts'
import { refusalReasons } from '../session/refusals.ts'
import type { MetricsOf, MetricTable } from '../../program/metrics/table.ts'

export const metrics = {
  sessions: { name: 'carillon_sessions', type: 'gauge', help: 'Live connections.', labels: { transport: ['websocket', 'sse'] } },
  sessionsOpened: {
    name: 'carillon_sessions_opened_total',
    type: 'counter',
    help: 'Connections that were admitted.',
    labels: { transport: ['websocket', 'sse'] },
  },
  sessionsClosed: {
    name: 'carillon_sessions_closed_total',
    type: 'counter',
    help: 'Connections that ended, by the close code of the gateway, or peer when the client ended them.',
    labels: { code: [...Object.keys(closeCodes), 'peer'] },
  },
  handshakesRefused: {
    name: 'carillon_handshakes_refused_total',
    type: 'counter',
    help: 'Connections that were not admitted, by reason.',
    labels: {
      reason: refusalReasons,
    },
  },
  filters: { name: 'carillon_filters', type: 'gauge', help: 'Distinct filters of live connections.', labels: {} },
  filterChecks: {
    name: 'carillon_filter_checks_total',
    type: 'counter',
    help: 'Checks of a distinct filter for an event. Connections with the same filter share a check.',
    labels: {},
  },
  filterErrors: {
    name: 'carillon_filter_errors_total',
    type: 'counter',
    help: 'Evaluations of CloudEvents SQL that ended with an error, by its kind. The filter did not hold. missingAttribute: the event lacks an attribute, which is usual; generic: the evaluation took too many steps.',
    labels: { error: evaluationErrors },
  },
  connections: {
    name: 'carillon_connections',
    type: 'gauge',
    help: 'TCP connections of a port, sessions included.',
    labels: { port: ['public', 'internal'] },
  },
  connectionsMax: {
    name: 'carillon_connections_max',
    type: 'gauge',
    help: 'Most TCP connections of a port.',
    labels: { port: ['public', 'internal'] },
  },
  connectionsCut: {
    name: 'carillon_connections_cut_total',
    type: 'counter',
    help: 'TCP connections that were cut or not accepted, by reason. pipelining: too many unanswered requests; unread: answers that the client did not read; idle: cut to make room when places ran out; heads: unfinished heads, and those of unread answers, were too large together; not-taken: no place was left.',
    labels: { reason: ['pipelining', 'unread', 'idle', 'heads', 'not-taken'] },
  },
  recordsRead: { name: 'carillon_records_read_total', type: 'counter', help: 'Records read from the topic.', labels: {} },
  recordsUndecodable: {
    name: 'carillon_records_undecodable_total',
    type: 'counter',
    help: 'Records that cannot be decoded to an event, by reason.',
    labels: { reason: decodeFailureReasons },
  },
  recordsWithoutAudience: {
    name: 'carillon_records_without_audience_total',
    type: 'counter',
    help: 'Events without an audience, or with an empty one, which reach no client.',
    labels: {},
  },
  recordsDuplicate: {
    name: 'carillon_records_duplicate_total',
    type: 'counter',
    help: 'Duplicates that were not delivered: their source and id had been seen within the window.',
    labels: {},
  },
  eventsEncoded: {
    name: 'carillon_events_encoded_total',
    type: 'counter',
    help: 'Events that were encoded for the wire: at most once each.',
    labels: {},
  },
  deliveries: { name: 'carillon_deliveries_total', type: 'counter', help: 'Events written to connections.', labels: {} },
  deliveryWrites: {
    name: 'carillon_delivery_writes_total',
    type: 'counter',
    help: 'Writes of events to connections: one write may have several events.',
    labels: {},
  },
  deliveryLatency: {
    name: 'carillon_delivery_latency_seconds',
    type: 'histogram',
    help: "Time from the record's timestamp to the first write of the event.",
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  sessionsCatchingUp: {
    name: 'carillon_sessions_catching_up',
    type: 'gauge',
    help: 'Connections that wait for their socket, or have more to read from the replay log.',
    labels: {},
  },
  gaps: {
    name: 'carillon_gaps_total',
    type: 'counter',
    help: 'Sessions that got a gap notice, or were closed, because events are lost, by reason.',
    labels: { reason: ['too-old', 'too-slow', 'epoch', 'future', 'log-lost'] },
  },
  resumes: { name: 'carillon_resumes_total', type: 'counter', help: 'Sessions that resumed with a cursor.', labels: {} },
  eventsReplayed: { name: 'carillon_events_replayed_total', type: 'counter', help: 'Events written to sessions that resume.', labels: {} },
  replayEntries: { name: 'carillon_replay_entries', type: 'gauge', help: 'Events in the replay log.', labels: {} },
  replayBytes: { name: 'carillon_replay_bytes', type: 'gauge', help: 'Bytes in the replay log.', labels: {} },
  replayAge: { name: 'carillon_replay_age_seconds', type: 'gauge', help: 'Age of the oldest event in the replay log.', labels: {} },
  deduplicationIds: {
    name: 'carillon_deduplication_ids',
    type: 'gauge',
    help: 'Sources and ids that are remembered to find duplicates.',
    labels: {},
  },
  logLag: {
    name: 'carillon_log_lag_records',
    type: 'gauge',
    help: 'Records between the position of this pod and the ends of the partitions, summed.',
    labels: {},
  },
  logHealthy: {
    name: 'carillon_log_healthy',
    type: 'gauge',
    help: '1 while every partition is read, 0 while one is behind or nothing can be read.',
    labels: {},
  },
  logWritable: {
    name: 'carillon_log_writable',
    type: 'gauge',
    help: '1 while the brokers acknowledge emits, or nothing was emitted yet. 0 since the last emit that they refused or did not acknowledge.',
    labels: {},
  },
  partitionsBehind: {
    name: 'carillon_log_partitions_behind',
    type: 'gauge',
    help: 'Partitions that are not read at the moment, by state.',
    labels: { state: partitionTroubles },
  },
  uncommittedRecords: {
    name: 'carillon_log_uncommitted_records',
    type: 'gauge',
    help: 'Records that an open transaction holds back, over all partitions.',
    labels: {},
  },
  recordsUnreadable: {
    name: 'carillon_records_unreadable_total',
    type: 'counter',
    help: 'Batches of records that cannot be read. A log line names the place of each.',
    labels: {},
  },
  sourceRebuilds: {
    name: 'carillon_source_rebuilds_total',
    type: 'counter',
    help: 'Times that a connection to a leader was replaced, by cause. start: the source started again.',
    labels: { cause: ['crash', 'stall', 'start'] },
  },
  dlqRecords: {
    name: 'carillon_dlq_records_total',
    type: 'counter',
    help: 'Records that this pod copied to the dead letter topic.',
    labels: {},
  },
  dlqSummarised: {
    name: 'carillon_dlq_summarised_total',
    type: 'counter',
    help: 'Records that this pod counted in a summary dead letter, because they were above the rate that it copies.',
    labels: {},
  },
  dlqSkipped: {
    name: 'carillon_dlq_skipped_total',
    type: 'counter',
    help: 'Dead letters that this pod gave up because the brokers refused each form of them, by reason.',
    labels: { reason: ['refused', 'too-large'] },
  },
  dlqLag: {
    name: 'carillon_dlq_lag_records',
    type: 'gauge',
    help: "Records between the position of this pod's dead letter worker and the ends of its partitions, summed.",
    labels: {},
  },
  dlqHealthy: {
    name: 'carillon_dlq_healthy',
    type: 'gauge',
    help: '0 while this pod cannot copy the dead letters of its partitions, else 1, also with KAFKA_DLQ=false.',
    labels: {},
  },
  emitted: {
    name: 'carillon_emitted_events_total',
    type: 'counter',
    help: 'Events that the brokers acknowledged, by API.',
    labels: { api: ['emit-message', 'events'] },
  },
  emitRefused: {
    name: 'carillon_emit_refused_total',
    type: 'counter',
    help: 'Emit requests that were refused, by HTTP status. 502: the brokers refused the event; 503: they did not acknowledge it in time, or the pod is full.',
    labels: { status: ['400', '401', '403', '404', '405', '408', '413', '415', '417', '429', '500', '502', '503'] },
  },
  emitLatency: {
    name: 'carillon_emit_latency_seconds',
    type: 'histogram',
    help: 'Time from the request to the acknowledgement of the brokers.',
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  emitInFlight: {
    name: 'carillon_emit_in_flight_events',
    type: 'gauge',
    help: 'Events that wait for the acknowledgement of the brokers.',
    labels: {},
  },
  rateLimitedEmitters: { name: 'carillon_emit_rate_limiters', type: 'gauge', help: 'Emitters whose rate is counted.', labels: {} },
  inboundFrames: {
    name: 'carillon_inbound_frames_total',
    type: 'counter',
    help: 'Frames that clients sent, without the pongs that a ping asked for.',
    labels: {},
  },
  inboundRefused: {
    name: 'carillon_inbound_refused_total',
    type: 'counter',
    help: 'Frames of clients that were refused, by the type of the problem. A client that resumes gets a nack, or a problem over HTTP.',
    labels: {
      reason: [
        ...inboundRefusals,
        'origin-forbidden',
        'unknown-session',
        'body-too-large',
        'unsupported-media-type',
        'unsupported-content-encoding',
      ],
    },
  },
  revocations: {
    name: 'carillon_revocations',
    type: 'gauge',
    help: 'Users, organizations and tokens that are revoked, as this pod knows.',
    labels: {},
  },
  revocationsLag: {
    name: 'carillon_revocations_lag_records',
    type: 'gauge',
    help: 'Records of the control topic that this pod has not read.',
    labels: {},
  },
  revocationsHealthy: {
    name: 'carillon_revocations_healthy',
    type: 'gauge',
    help: '1 while the control topic is read, or there is none; 0 while this pod may not know the latest revocations.',
    labels: {},
  },
  revocationRecords: {
    name: 'carillon_revocation_records_total',
    type: 'counter',
    help: 'Records read from the control topic.',
    labels: {},
  },
  revocationRecordsSkipped: {
    name: 'carillon_revocation_records_skipped_total',
    type: 'counter',
    help: 'Records of the control topic that have no effect, by reason. malformed: not the record of a gateway; unknown: of a later version; full: twice MAX_REVOCATIONS is reached; lost: a batch cannot be read, or retention removed it.',
    labels: { reason: ['malformed', 'unknown', 'full', 'lost'] },
  },
  ticketsShown: {
    name: 'carillon_resume_tickets_total',
    type: 'counter',
    help: 'Resume tickets of handshakes whose token the pod does not know: `used` in place of a signature check, or `unknown` and ignored.',
    labels: { outcome: ['used', 'unknown'] },
  },
  revokedTokensRefused: {
    name: 'carillon_revoked_tokens_refused_total',
    type: 'counter',
    help: 'Uses of revoked tokens that were refused: handshakes, emits and other requests, new tokens of a connection.',
    labels: {},
  },
  sends: {
    name: 'carillon_sends_total',
    type: 'counter',
    help: 'Events that clients sent, by outcome. acknowledged: written; repeated: acknowledged because the same event was acknowledged before; refused: by a rule, a rate or a limit; failed: the brokers refused it, or did not acknowledge it in time.',
    labels: { outcome: sendOutcomes },
  },
  sendLatency: {
    name: 'carillon_send_latency_seconds',
    type: 'histogram',
    help: 'Time from the frame of a client to the acknowledgement of its event by the brokers.',
    labels: {},
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  sendsInFlight: {
    name: 'carillon_sends_in_flight',
    type: 'gauge',
    help: 'Events of clients that wait for the acknowledgement of the brokers.',
    labels: {},
  },
  recentSends: {
    name: 'carillon_recent_sends',
    type: 'gauge',
    help: 'Events of clients that are remembered, so that none is written twice.',
    labels: {},
  },
  rateLimitedSenders: {
    name: 'carillon_send_rate_limiters',
    type: 'gauge',
    help: 'Users whose rate of sending is counted, over all rules.',
    labels: {},
  },
  upstreamWritable: {
    name: 'carillon_upstream_writable',
    type: 'gauge',
    help: '1 while the brokers acknowledge what clients send, or nothing was sent yet. 0 since the last event that they refused or did not acknowledge.',
    labels: {},
  },
  tokenClaimsMissing: {
    name: 'carillon_token_claims_missing_total',
    type: 'counter',
    help: 'Verified tokens without a value at the path of a claim, by claim. Tokens that are remembered from an earlier request do not count again.',
    labels: { claim: ['user_id', 'username', 'org_id', 'account_number', 'roles'] },
  },
  jwksFetches: {
    name: 'carillon_jwks_fetches_total',
    type: 'counter',
    help: 'Fetches of the key set, by outcome.',
    labels: { outcome: ['ok', 'failed'] },
  },
} as const satisfies MetricTable

/** A handle per row of the table: what the core is given. */
export type Metrics = MetricsOf<typeof metrics>
