import type { Broker, Cluster } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import type { WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import { withDeadline } from '../../../program/waiting.ts'
import type { TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import { failureOfThrown, stillTrying, unanswered } from './topic-failure.ts'
import { send } from './topic-requests.ts'

/** What is asked of brokers, for metrics. */
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

/** How a request ended: for a whole list, not for each topic of it. */
export type KafkaOutcome = 'ok' | TopicFailure['kind']

/** A connection to a cluster, made when it is needed. */
export interface ClusterConnection {
  readonly brokers: readonly string[]
  /** Sends one request. Fails at once while the cluster is known not to answer, or to refuse these credentials. */
  ask<T>(operation: KafkaOperation, request: (broker: Broker) => WireRequest<T>): Promise<Result<T, TopicFailure>>
  /** Lets go of the broker that it has; the next request goes to another one of the list, if there is one. */
  reset(): void
  /** For good, idempotent. A request under way may still be answered; what is asked afterwards fails. */
  close(): void
}

export interface ClusterConnectionParts {
  readonly brokers: readonly string[]
  /** Not connected yet. Throws when the credentials cannot be used. @param brokers in the order in which they are to be tried */
  readonly createCluster: (brokers: readonly string[]) => Cluster
  readonly now: () => number
  /** Asked when a request that changes topics is about to go out, after it has waited for those before it. */
  readonly mayWrite: () => boolean
  readonly onRequest: (operation: KafkaOperation, outcome: KafkaOutcome) => void
}

/** Of a connect, and of a request: less than the deadline of a call, which may need both. */
const answerTimeoutMs = 9_000

/** So long whoever asks waits for a connection; it goes on being made without them. */
const patienceMs = 1_000

/** How long a cluster that failed is not asked again, by the number of failures in a row. */
const pausesMs = [1_000, 2_000, 5_000]

/**
 * A cluster that does not answer must not cost its callers a deadline: channels of dead clusters would keep all workers busy with waiting, and the
 * channels of other clusters would wait with them. So nobody waits for a connection for longer than a moment, and a failure is remembered for a short
 * while, in which everybody is told it at once; then one caller finds out how things are, and until it knows, the others are still told the
 * failure.
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
    // Who comes while the attempt goes on need not wait at all.
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
      if (writing.has(operation) && !parts.mayWrite()) return leadsNoLonger
      const answer = await attempt(parts, operation, async () => {
        const broker = await cluster.value.brokerPool.findConnectedBroker()
        return send(broker, request(broker))
      })
      if (answer.ok) failures = 0
      else if (isOfConnection(answer.error) && open === cluster.value) {
        drop(cluster.value) // once, however many requests it was to answer
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

const leadsNoLonger = failed<TopicFailure>({ kind: 'transient', detail: 'nothing was sent: this process leads no longer' })
const closed = failed<TopicFailure>({ kind: 'unreachable', detail: 'the connection to Kafka was let go for others; ask again' })

/** Does it, tells how it ended, and gives up waiting after a time. */
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

/** kafkajs waits for what is under way, which may be for ever. A connection that is broken already has nothing to say here. */
function letGo(cluster: Cluster): void {
  cluster.disconnect().catch(() => {})
}

/** So that each attempt begins with another broker: the first of the list may be the one that is down. */
function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const at = by % Math.max(1, items.length)
  return [...items.slice(at), ...items.slice(0, at)]
}
