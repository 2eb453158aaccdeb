import { createHash } from 'node:crypto'
import type { KafkaAccess } from '../../../gateway/adapters/kafka/access.ts'
import { createKafkaClientOf } from '../../../gateway/adapters/kafka/client.ts'
import { createCluster, type Cluster } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import type { Logger } from '../../../gateway/observability/logger.ts'
import { failed } from '../../../gateway/result.ts'
import type { KafkaConnection, TopicAdmin, TopicAdmins, TopicFailure } from '../../reconcile/topic-admin.ts'
import { createClusterConnection, type ClusterConnection, type KafkaOperation, type KafkaOutcome } from './cluster-connection.ts'
import { tlsMaterial } from './tls-material.ts'
import { createTopicAdmin } from './topic-admin.ts'

export interface TopicAdminsParts {
  readonly logger: Logger
  /** Milliseconds. */
  readonly now: () => number
  /** Told of each request to a broker, for metrics. */
  readonly onRequest?: (operation: KafkaOperation, outcome: KafkaOutcome) => void
  /** May this process change topics, right now? @default always */
  readonly mayWrite?: () => boolean
  /** Clusters (and credentials for them) that are connected at a time; who was asked longest ago is let go for another. @default 64 */
  readonly maxConnections?: number
  /** @default kafkajs's */
  readonly createCluster?: (connection: KafkaConnection) => Cluster
}

interface Entry {
  readonly connection: ClusterConnection
  readonly admin: TopicAdmin
  usedAtMs: number
}

/** The longest answer that the operator takes from a broker: some hundred topics with their configs are less than 1 MiB. Brokers may be anybody's here. */
export const operatorMaxAnswerBytes = 8 * 1_048_576

const idleMs = 300_000
const lookForIdleMs = 30_000

/** One admin per connection; the admins that it hands out never end: one that was closed for idleness connects again when it is asked. */
export function createTopicAdmins({ logger, now, onRequest = () => {}, mayWrite = () => true, maxConnections = 64, createCluster: newCluster = (connection) => clusterOf(connection, logger) }: TopicAdminsParts): TopicAdmins {
  /** By connection; who was used last is last. */
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
    const connection = createClusterConnection({ brokers, now, mayWrite, onRequest, createCluster: (inOrder) => newCluster({ ...target, brokers: inOrder }) })
    return { connection, admin: createTopicAdmin(connection), usedAtMs: now() }
  }

  function use(key: string, target: KafkaConnection): TopicAdmin {
    if (isStopped) return stoppedAdmin
    const entry = entries.get(key) ?? createEntry(target)
    entry.usedAtMs = now()
    entries.delete(key)
    entries.set(key, entry)
    const tooMany = [...entries.keys()].slice(0, Math.max(0, entries.size - maxConnections))
    if (tooMany.length > 0) closeAll(([other]) => tooMany.includes(other))
    return entry.admin
  }

  return {
    of(target) {
      const key = keyOf(target)
      return {
        describe: (name) => use(key, target).describe(name),
        create: (topic) => use(key, target).create(topic),
        growPartitions: (name, partitions) => use(key, target).growPartitions(name, partitions),
        alterConfig: (name, changes) => use(key, target).alterConfig(name, changes),
        delete: (name) => use(key, target).delete(name),
      }
    },
    async stop() {
      isStopped = true
      clearInterval(closeIdle)
      closeAll(() => true)
    },
  }
}

/** A hash: the key of a map ends in heap snapshots and debuggers, and a password has no business there. */
function keyOf({ brokers, tls, sasl }: KafkaConnection): string {
  const tlsParts = tls === null ? null : [tls.ca, tls.certificate, tls.key]
  return createHash('sha256').update(JSON.stringify([brokers, tlsParts, sasl === null ? null : Object.entries(sasl).toSorted()])).digest('base64')
}

function clusterOf({ brokers, tls, sasl }: KafkaConnection, logger: Logger): Cluster {
  const material = tls === null ? null : tlsMaterial(tls)
  const access: KafkaAccess = {
    brokers,
    clientId: 'carillon-operator',
    tls: material === null ? null : () => material,
    sasl: loginOf(sasl),
  }
  return createCluster(createKafkaClientOf(access, logger, { requestTimeoutMs: 10_000, retries: brokers.length - 1, maxAnswerBytes: operatorMaxAnswerBytes }))
}

function loginOf(sasl: KafkaConnection['sasl']): KafkaAccess['sasl'] {
  if (sasl === null) return null
  if (sasl.mechanism === 'oauthbearer') return { mechanism: sasl.mechanism, token: () => sasl.token }
  return { mechanism: sasl.mechanism, username: () => sasl.username, password: () => sasl.password }
}

const stopped = async () => failed<TopicFailure>({ kind: 'unreachable', detail: 'the operator is stopping' })
const stoppedAdmin: TopicAdmin = { describe: stopped, create: stopped, growPartitions: stopped, alterConfig: stopped, delete: stopped }
