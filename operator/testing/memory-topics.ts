import { randomUUID } from 'node:crypto'
import { failed, ok, type Result } from '../../program/result.ts'
import type {
  KafkaConnection,
  MissingTopic,
  NewTopic,
  TopicAdmin,
  TopicAdmins,
  TopicDescription,
  TopicFailure,
} from '../reconcile/topic/topic-admin.ts'

/** The memory double of Kafka's topic administration: clusters by their list of brokers, with changes behind the operator's back. */
export interface MemoryTopics extends TopicAdmins {
  /** Returns the cluster of these brokers. Created at the first use. */
  cluster(brokers: readonly string[]): MemoryCluster
}

export interface MemoryCluster {
  readonly clusterId: string
  /** Largest replication that is accepted. @default 3 */
  brokerCount: number
  /** Replication of a topic that asks for no number of replicas. @default 1 */
  defaultReplicas: number
  /** Failure of every call. Null: none. */
  outage: TopicFailure | null
  /** Accepted credentials. Null: any. */
  user: { readonly name: string; readonly password: string } | null
  /** Number of describes that still return the state before the last write. */
  staleDescribes: number
  /** Calls that reached the cluster. */
  readonly counts: { describes: number; writes: number }
  /** Returns the current state, even while describes return an older one. */
  topic(name: string): TopicDescription | undefined
  topicNames(): readonly string[]
  /** Makes writes to this topic fail, until it is called with null. */
  refuse(name: string, failure: TopicFailure | null): void
  /** Administers the cluster as another client. Nothing is counted or refused. */
  createBehindBack(topic: NewTopic): void
  deleteBehindBack(name: string): void
  growBehindBack(name: string, partitions: number): void
  setConfigBehindBack(name: string, entries: Readonly<Record<string, string | null>>): void
}

export function createMemoryTopics(): MemoryTopics {
  const clusters = new Map<string, Cluster>()
  let isStopped = false

  function clusterOf(brokers: readonly string[]): Cluster {
    const key = brokers.join(',')
    const cluster = clusters.get(key) ?? new Cluster()
    clusters.set(key, cluster)
    return cluster
  }

  return {
    cluster: clusterOf,
    of: (connection) => adminOf(clusterOf(connection.brokers), connection, () => isStopped),
    async stop() {
      isStopped = true
    },
  }
}

function adminOf(cluster: Cluster, connection: KafkaConnection, isStopped: () => boolean): TopicAdmin {
  /** Makes every call take a turn of the event loop, as with a real broker. */
  async function reach<T>(act: () => Result<T, TopicFailure>): Promise<Result<T, TopicFailure>> {
    await Promise.resolve()
    if (isStopped()) return failed({ kind: 'unreachable', detail: 'stopped' })
    return cluster.outage === null ? (cluster.refusalOf(connection) ?? act()) : failed(cluster.outage)
  }
  return {
    describe: (name) => reach(() => cluster.describe(name)),
    create: (topic) => reach(() => cluster.write(topic.name, () => cluster.create(topic))),
    growPartitions: (name, partitions) => reach(() => cluster.write(name, () => cluster.grow(name, partitions))),
    alterConfig: (name, changes) =>
      reach(() => (Object.keys(changes).length === 0 ? ok(undefined) : cluster.write(name, () => cluster.alter(name, changes)))),
    delete: (name) => reach(() => cluster.write(name, () => cluster.remove(name))),
  }
}

/** Config entries of topics, as far as tests use them. */
const configNames = [
  'cleanup.policy',
  'compression.type',
  'delete.retention.ms',
  'max.message.bytes',
  'message.timestamp.type',
  'min.cleanable.dirty.ratio',
  'min.insync.replicas',
  'retention.bytes',
  'retention.ms',
  'segment.bytes',
  'segment.ms',
]
const maxPartitions = 10_000

/** Brokers' defaults of the settings that the operator checks. */
const brokerDefaults = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'min.insync.replicas': '1',
  'retention.ms': '604800000',
}

const inForce = (config: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(brokerDefaults).map(([name, value]) => [name, config[name] ?? value]))

type Written = Result<void, TopicFailure>

class Cluster implements MemoryCluster {
  readonly clusterId = randomUUID()
  readonly counts = { describes: 0, writes: 0 }
  brokerCount = 3
  defaultReplicas = 1
  outage: TopicFailure | null = null
  user: MemoryCluster['user'] = null
  staleDescribes = 0
  readonly #refused = new Map<string, TopicFailure>()
  readonly #topics = new Map<string, TopicDescription>()
  /** State before the last write. */
  #before: ReadonlyMap<string, TopicDescription> = new Map()

  topic(name: string): TopicDescription | undefined {
    return this.#topics.get(name)
  }

  topicNames(): readonly string[] {
    return [...this.#topics.keys()]
  }

  refuse(name: string, failure: TopicFailure | null): void {
    if (failure === null) this.#refused.delete(name)
    else this.#refused.set(name, failure)
  }

  refusalOf({ sasl }: KafkaConnection): { readonly ok: false; readonly error: TopicFailure } | null {
    const login = sasl === null || sasl.mechanism === 'oauthbearer' ? null : sasl
    if (this.user === null || (login?.username === this.user.name && login.password === this.user.password)) return null
    return failed({ kind: 'unauthenticated', detail: `no user ${login?.username ?? '(none)'} with this password` })
  }

  describe(name: string): Result<TopicDescription | MissingTopic, TopicFailure> {
    this.counts.describes += 1
    const isStale = this.staleDescribes > 0
    if (isStale) this.staleDescribes -= 1
    return ok((isStale ? this.#before : this.#topics).get(name) ?? { name, clusterId: this.clusterId })
  }

  write(name: string, act: () => Written): Written {
    this.counts.writes += 1
    const refused = this.#refused.get(name)
    if (refused !== undefined) return failed(refused)
    this.#before = new Map(this.#topics)
    return act()
  }

  create({ name, partitions, replicas, config }: NewTopic): Written {
    const wanted = replicas ?? this.defaultReplicas
    if (this.#topics.has(name)) return failed({ kind: 'already-exists', detail: `the topic ${name} exists` })
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) return refusal(`the topic name ${name} is invalid`)
    if (partitions < 1 || partitions > maxPartitions) return refusal(`${partitions} partitions cannot be`)
    if (wanted < 1 || wanted > this.brokerCount) return refusal(`${wanted} replicas are too many for ${this.brokerCount} brokers`)
    const wrong = wrongEntry(config)
    if (wrong !== null) return wrong
    this.#topics.set(name, {
      name,
      topicId: randomUUID(),
      clusterId: this.clusterId,
      partitions,
      replicas: wanted,
      isInternal: false,
      config,
      inForce: inForce(config),
    })
    return ok(undefined)
  }

  grow(name: string, partitions: number): Written {
    const topic = this.#topics.get(name)
    if (topic === undefined) return missing(name)
    if (partitions <= topic.partitions || partitions > maxPartitions)
      return refusal(`the topic ${name} has ${topic.partitions} partitions; ${partitions} cannot be`)
    this.#topics.set(name, { ...topic, partitions })
    return ok(undefined)
  }

  alter(name: string, changes: Readonly<Record<string, string | null>>): Written {
    const topic = this.#topics.get(name)
    if (topic === undefined) return missing(name)
    const wrong = wrongEntry(changes)
    if (wrong !== null) return wrong
    const entries = Object.entries({ ...topic.config, ...changes }).flatMap(([entry, value]) =>
      value === null ? [] : [[entry, value] as const],
    )
    this.#topics.set(name, { ...topic, config: Object.fromEntries(entries), inForce: inForce(Object.fromEntries(entries)) })
    return ok(undefined)
  }

  remove(name: string): Written {
    return this.#topics.delete(name) ? ok(undefined) : missing(name)
  }

  createBehindBack(topic: NewTopic): void {
    mustWork(this.create(topic))
  }

  deleteBehindBack(name: string): void {
    mustWork(this.remove(name))
  }

  growBehindBack(name: string, partitions: number): void {
    mustWork(this.grow(name, partitions))
  }

  setConfigBehindBack(name: string, entries: Readonly<Record<string, string | null>>): void {
    mustWork(this.alter(name, entries))
  }
}

function wrongEntry(entries: Readonly<Record<string, string | null>>): { readonly ok: false; readonly error: TopicFailure } | null {
  for (const [entry, value] of Object.entries(entries)) {
    if (!configNames.includes(entry)) return refusal(`unknown topic config ${entry}`)
    if (value !== null && /\.(ms|bytes|replicas)$/.test(entry) && !/^-?\d+$/.test(value))
      return refusal(`${entry} is not a number: ${value}`)
  }
  return null
}

const refusal = (detail: string) => failed<TopicFailure>({ kind: 'refused', detail })
const missing = (name: string) => failed<TopicFailure>({ kind: 'not-found', detail: `there is no topic ${name}` })

function mustWork(outcome: Written): void {
  if (!outcome.ok) throw new Error(`the test's own change is wrong: ${outcome.error.detail}`)
}
