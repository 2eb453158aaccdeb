import { createHash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { KafkaAccess } from '../../../gateway/adapters/kafka/access.ts'
import { createKafkaClientOf } from '../../../gateway/adapters/kafka/client.ts'
import { createCluster, type Cluster } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import type { Logger } from '../../../program/log/logger.ts'
import { failed, type Result } from '../../../program/result.ts'
import type { KafkaConnection, TopicAdmin, TopicAdmins, TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import { createBoundedLookup } from './bounded-lookup.ts'
import { createClusterConnection, type ClusterConnection, type KafkaOperation, type KafkaOutcome } from './cluster-connection.ts'
import { tlsMaterial } from './tls-material.ts'
import { createTopicAdmin } from './topic-admin.ts'
import { withheld } from './topic-failure.ts'

export interface TopicAdminsParts {
  readonly logger: Logger
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** Called for each request to a broker, for metrics. */
  readonly onRequest?: (operation: KafkaOperation, outcome: KafkaOutcome) => void
  /** Returns true while this process may change topics. @default always */
  readonly mayWrite?: () => boolean
  /** Maximum number of connections, by cluster and credentials. Beyond it, the one that was used longest ago is closed. @default 64 */
  readonly maxConnections?: number
  /** Timeouts of a connection. @default those of kafkajs */
  readonly createCluster?: (connection: KafkaConnection) => Cluster
}

interface Entry {
  readonly connection: ClusterConnection
  readonly admin: TopicAdmin
  usedAtMs: number
  /** Last logged reason why the brokers of a channel could not be reached. Null: they could. */
  loggedReason: string | null
}

interface Bounds {
  /** Largest response of a broker. Bytes. */
  readonly maxAnswerBytes: number
  /** Maximum number of topics of one describe: a response has room for all of them. */
  readonly maxTopics: number
}

/** Bounds for the operator's own brokers. Five hundred topics with their configs, of some hundred partitions each, are some MiB. */
export const boundsOfOwn: Bounds = { maxAnswerBytes: 8 * 1_048_576, maxTopics: 500 }

/**
 * Bounds for brokers that a channel names and that may belong to a stranger. All their connections together stay far below the operator's
 * memory. 16 topics of 1,000 partitions fit in.
 */
export const boundsOfChannels: Bounds = { maxAnswerBytes: 1_048_576, maxTopics: 16 }

const boundsOf = ({ isOfChannel }: KafkaConnection): Bounds => (isOfChannel === true ? boundsOfChannels : boundsOfOwn)

const idleMs = 300_000
const lookForIdleMs = 30_000

/**
 * Keeps one admin per connection. A returned admin never ends: when its connection was closed for idleness, the next call connects again.
 */
export function createTopicAdmins({
  logger,
  now,
  onRequest = () => {},
  mayWrite = () => true,
  maxConnections = 64,
  createCluster: newCluster,
}: TopicAdminsParts): TopicAdmins {
  const lookup = createBoundedLookup({ now })
  const makeCluster = newCluster ?? ((connection: KafkaConnection) => clusterOf(connection, { logger, lookup }))
  /** Entries by connection. The last one was used last. */
  const entries = new Map<string, Entry>()
  let isStopped = false
  const closeIdle = setInterval(() => closeAll(([, { usedAtMs }]) => usedAtMs <= now() - idleMs), lookForIdleMs)
  closeIdle.unref()

  function closeAll(isToClose: (entry: readonly [string, Entry]) => boolean): void {
    for (const [key, { connection }] of [...entries].filter(isToClose)) {
      entries.delete(key)
      connection.close()
    }
  }

  function createEntry(target: KafkaConnection): Entry {
    const { brokers } = target
    const connection = createClusterConnection({
      brokers,
      now,
      mayWrite,
      onRequest,
      createCluster: (inOrder) => makeCluster({ ...target, brokers: inOrder }),
    })
    return { connection, admin: createTopicAdmin(connection, boundsOf(target)), usedAtMs: now(), loggedReason: null }
  }

  function use(key: string, target: KafkaConnection): Pick<Entry, 'admin' | 'loggedReason'> {
    if (isStopped) return { admin: stoppedAdmin, loggedReason: null }
    const entry = entries.get(key) ?? createEntry(target)
    entry.usedAtMs = now()
    entries.delete(key)
    entries.set(key, entry)
    const tooMany = [...entries.keys()].slice(0, Math.max(0, entries.size - maxConnections))
    if (tooMany.length > 0) closeAll(([other]) => tooMany.includes(other))
    return entry
  }

  async function ask<T>(
    key: string,
    target: KafkaConnection,
    question: (admin: TopicAdmin) => Promise<Result<T, TopicFailure>>,
  ): Promise<Result<T, TopicFailure>> {
    const entry = use(key, target)
    const answer = await question(entry.admin)
    if (target.isOfChannel !== true) return answer
    const reason = answer.ok || answer.error.of !== 'connection' ? null : answer.error.detail
    if (reason !== null && reason !== entry.loggedReason) logger.info({ brokers: target.brokers, reason }, 'channel brokers unreachable')
    entry.loggedReason = reason
    return reason === null ? answer : failed(withheld(target.brokers))
  }

  return {
    of(target) {
      const key = keyOfConnection(target)
      return {
        describe: (name) => ask(key, target, (admin) => admin.describe(name)),
        create: (topic) => ask(key, target, (admin) => admin.create(topic)),
        growPartitions: (name, partitions) => ask(key, target, (admin) => admin.growPartitions(name, partitions)),
        alterConfig: (name, changes) => ask(key, target, (admin) => admin.alterConfig(name, changes)),
        delete: (name) => ask(key, target, (admin) => admin.delete(name)),
      }
    },
    async stop() {
      isStopped = true
      clearInterval(closeIdle)
      closeAll(() => true)
    },
  }
}

/** Returns a hash. Keys of a map appear in heap snapshots and debuggers, and must not hold a password. */
function keyOfConnection({ brokers, tls, sasl, isOfChannel }: KafkaConnection): string {
  const tlsParts = tls === null ? null : [tls.ca, tls.certificate, tls.key]
  return createHash('sha256')
    .update(JSON.stringify([brokers, tlsParts, sasl === null ? null : Object.entries(sasl).toSorted(), isOfChannel === true]))
    .digest('base64')
}

function clusterOf(connection: KafkaConnection, { logger, lookup }: { readonly logger: Logger; readonly lookup: LookupFunction }): Cluster {
  const { brokers, tls, sasl, isOfChannel } = connection
  const material = tls === null ? null : tlsMaterial(tls)
  const access: KafkaAccess = {
    brokers,
    clientId: 'carillon-operator',
    tls: material === null ? null : () => material,
    sasl: loginOf(sasl),
  }
  const { maxAnswerBytes } = boundsOf(connection)
  return createCluster(
    createKafkaClientOf(access, logger, {
      requestTimeoutMs: 10_000,
      retries: brokers.length - 1,
      maxAnswerBytes,
      ...(isOfChannel === true ? { lookup } : {}),
    }),
  )
}

function loginOf(sasl: KafkaConnection['sasl']): KafkaAccess['sasl'] {
  if (sasl === null) return null
  if (sasl.mechanism === 'oauthbearer') return { mechanism: sasl.mechanism, token: () => sasl.token }
  return { mechanism: sasl.mechanism, username: () => sasl.username, password: () => sasl.password }
}

const stopped = async () => failed<TopicFailure>({ kind: 'unreachable', detail: 'the operator is stopping' })
const stoppedAdmin: TopicAdmin = { describe: stopped, create: stopped, growPartitions: stopped, alterConfig: stopped, delete: stopped }
