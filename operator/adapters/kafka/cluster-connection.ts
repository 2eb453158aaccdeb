import type { Broker, Cluster } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import type { WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { withDeadline } from '../../../program/waiting.ts'
import type { TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import { failureOfThrown, stillTrying, unanswered } from './topic-failure.ts'
import { send } from './topic-requests.ts'

/** The kinds of requests to brokers, for metrics. */
export const kafkaOperations = [
  'connect',
  'metadata',
  'describe-configs',
  'create-topics',
  'create-partitions',
  'alter-configs',
  'delete-topics',
] as const
export type KafkaOperation = (typeof kafkaOperations)[number]

const writing: ReadonlySet<KafkaOperation> = new Set(['create-topics', 'create-partitions', 'alter-configs', 'delete-topics'])

/** Outcome of a request: of the whole list, not of each topic. */
export type KafkaOutcome = 'ok' | TopicFailure['kind']

/** A connection to a cluster, made when it is first needed. */
export interface ClusterConnection {
  readonly brokers: readonly string[]
  /** Sends one request. Fails at once while the cluster is known not to respond, or to refuse these credentials. */
  ask<T>(operation: KafkaOperation, request: (broker: Broker) => WireRequest<T>): Promise<Result<T, TopicFailure>>
  /** Drops the current broker. The next request goes to another broker of the list, if there is one. */
  reset(): void
  /** Closes the connection. Idempotent. A request in progress may still get its response. Later requests fail. */
  close(): void
}

export interface ClusterConnectionParts {
  readonly brokers: readonly string[]
  /** Makes an unconnected cluster. Throws when the credentials cannot be used. @param brokers in the order of the attempts */
  readonly createCluster: (brokers: readonly string[]) => Cluster
  readonly now: () => number
  /** Checked just before a request that changes topics is sent, after its wait for earlier requests. */
  readonly mayWrite: () => boolean
  readonly onRequest: (operation: KafkaOperation, outcome: KafkaOutcome) => void
}

/** Time limit of a connect, and of a request. Less than the deadline of a call, which may need both. Milliseconds. */
const answerTimeoutMs = 9_000

/** Longest wait of a caller for a connection. The attempt continues without the caller. Milliseconds. */
const patienceMs = 1_000

/** Times for which a failed cluster is not contacted again, by the number of consecutive failures. */
const pausesMs = [1_000, 2_000, 5_000]

/**
 * A cluster that does not respond must not cost its callers a deadline. Otherwise channels of dead clusters would keep all workers waiting,
 * and the channels of other clusters would wait with them. So no caller waits longer than a moment for a connection. A failure is
 * remembered for a short time, in which all callers get it at once. Then one caller tries again, and the others still get the old failure
 * until it knows.
 */
export function createClusterConnection(parts: ClusterConnectionParts): ClusterConnection {
  const { brokers, now } = parts
  let open: Cluster | null = null
  let connecting: Promise<Result<Cluster, TopicFailure>> | null = null
  let known: { readonly failure: TopicFailure; readonly untilMs: number } | null = null
  let failures = 0
  let attempts = 0
  let isClosed = false

  function remember(failure: TopicFailure): TopicFailure {
    const pauseMs = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0
    failures += 1
    known = { failure, untilMs: now() + pauseMs }
    return failure
  }

  async function connect(): Promise<Result<Cluster, TopicFailure>> {
    let cluster: Cluster | null = null
    const outcome = await attempt(parts, 'connect', async () => {
      cluster = parts.createCluster(rotate(brokers, attempts++))
      await cluster.connect()
      return cluster
    })
    if (cluster !== null && (!outcome.ok || isClosed)) letGo(cluster)
    if (!outcome.ok) return failed(remember(outcome.error))
    if (isClosed) return closed
    open = outcome.value
    known = null
    return outcome
  }

  function connected(): Promise<Result<Cluster, TopicFailure>> | Result<Cluster, TopicFailure> {
    if (isClosed) return closed
    if (open !== null) return ok(open)
    if (known !== null && (connecting !== null || now() < known.untilMs)) return failed(known.failure)
    connecting ??= connect().finally(() => (connecting = null))
    return impatiently(connecting)
  }

  async function impatiently(pending: Promise<Result<Cluster, TopicFailure>>): Promise<Result<Cluster, TopicFailure>> {
    const outcome = await withDeadline(pending, patienceMs, () => null)
    if (outcome !== null) return outcome
    // A caller that comes while the attempt continues does not wait at all.
    known ??= { failure: stillTrying(brokers, patienceMs), untilMs: 0 }
    return failed(known.failure)
  }

  function drop(cluster: Cluster): void {
    open = null
    letGo(cluster)
  }

  return {
    brokers,
    async ask(operation, request) {
      const cluster = await connected()
      if (!cluster.ok) return cluster
      if (writing.has(operation) && !parts.mayWrite()) return notLeader
      const answer = await attempt(parts, operation, async () => {
        const broker = await cluster.value.brokerPool.findConnectedBroker()
        return send(broker, request(broker))
      })
      if (answer.ok) failures = 0
      else if (isOfConnection(answer.error) && open === cluster.value) {
        drop(cluster.value) // once, for any number of requests that it had to respond to
        remember(answer.error)
      }
      return answer
    },
    reset() {
      if (open !== null) drop(open)
    },
    close() {
      isClosed = true
      if (open !== null) drop(open)
    },
  }
}

const notLeader = failed<TopicFailure>({ kind: 'transient', detail: 'nothing was sent: this process is not the leader any more' })
const closed = failed<TopicFailure>({ kind: 'unreachable', detail: 'the connection to Kafka was closed to make room for others; retry' })

/** Runs the work, reports how it ended, and gives up after a time. */
async function attempt<T>(
  parts: ClusterConnectionParts,
  operation: KafkaOperation,
  work: () => Promise<T>,
): Promise<Result<T, TopicFailure>> {
  const done = work().then(ok<T>, (thrown: unknown) => failed(failureOfThrown(thrown, parts.brokers)))
  const outcome = await withDeadline(done, answerTimeoutMs, () => failed(unanswered(parts.brokers, answerTimeoutMs)))
  parts.onRequest(operation, outcome.ok ? 'ok' : outcome.error.kind)
  return outcome
}

function isOfConnection({ kind }: TopicFailure): boolean {
  return kind === 'unreachable' || kind === 'unauthenticated'
}

/**
 * Disconnects. kafkajs waits for requests in progress, possibly without end. An error of a connection that is already broken is ignored.
 */
function letGo(cluster: Cluster): void {
  cluster.disconnect().catch(() => {})
}

/** Rotates the brokers, so that each attempt starts with another one: the first of the list may be down. */
function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % Math.max(1, items.length)
  return [...items.slice(at), ...items.slice(0, at)]
}
