import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClusterBroker, createClusterBroker } from './cluster-broker.ts'
import type { NodePorts } from './cluster-properties.ts'
import { findQuietPortPair } from '../free-ports.ts'
import { startTcpProxy } from '../tcp-proxy.ts'

/** Real brokers on 127.0.0.1 in one cluster. Each is broker and controller; topics have three replicas and need two of them. */
export interface KafkaCluster {
  /** Brokers in the order of their ids, which begin at 1. */
  readonly brokers: readonly ClusterBroker[]
  /** @throws when there is no such broker */
  broker(id: number): ClusterBroker
  /** Addresses for KAFKA_BROKERS, in the order of the ids. */
  readonly bootstrap: readonly string[]
  /** Listener for the test's own tools, which no case breaks. */
  readonly internal: readonly string[]
  /** Returns the id of the active controller, from the brokers' own files. @throws when no file names one */
  controller(): Promise<number>
  /** Ends all brokers, also frozen ones, and removes their data. Idempotent. */
  stop(): Promise<void>
}

export interface KafkaClusterOptions {
  /** Number of brokers. @default 3 */
  readonly size?: number
  /** Command that runs a broker as `COMMAND FILE`. @default 'kafka-server', found on the PATH */
  readonly command?: string
}

/** Starts the brokers and waits until all of them serve. @throws with the last output of a broker that does not start */
export async function startKafkaCluster({ size = 3, command = 'kafka-server' }: KafkaClusterOptions = {}): Promise<KafkaCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'carillon-cluster-'))
  const removeData = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeData)
  const brokers = await prepareBrokers(size, { directory, command })
  const stop = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.close()))
    process.off('exit', removeData)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    // No broker is ready before there is a quorum, so all of them start at once.
    await Promise.all(brokers.map((broker) => broker.start()))
  } catch (error) {
    await stop()
    throw error
  }
  return {
    brokers,
    broker: (id) => {
      const found = brokers.find((broker) => broker.id === id)
      if (found === undefined) throw new Error(`the cluster has no broker ${id}`)
      return found
    },
    bootstrap: brokers.map(({ address }) => address),
    internal: brokers.map(({ internalAddress }) => internalAddress),
    controller: () => findController(brokers),
    stop,
  }
}

async function prepareBrokers(
  size: number,
  made: { readonly directory: string; readonly command: string },
): Promise<readonly ClusterBroker[]> {
  const ids = Array.from({ length: size }, (_, index) => index + 1)
  const ports = new Map<number, NodePorts>()
  const proxies = []
  for (const id of ids) {
    const internal = await unusedPair(ports)
    const client = await unusedPair(ports, internal)
    const proxy = await startTcpProxy(client, client + 1)
    ports.set(id, { internal, controller: internal + 1, client, advertised: proxy.port })
    proxies.push({ id, proxy })
  }
  return Promise.all(proxies.map(({ id, proxy }) => createClusterBroker({ id, ports, proxy, ...made })))
}

/** Finds a pair that no earlier broker got: nothing listens on those ports yet. */
async function unusedPair(given: ReadonlyMap<number, NodePorts>, other = 0): Promise<number> {
  const taken = [other, ...[...given.values()].flatMap(({ internal, client }) => [internal, client])]
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = await findQuietPortPair()
    if (!taken.includes(port)) return port
  }
  throw new Error('no unused pair of ports after 50 attempts; end some of the servers on this machine')
}

/** kafkajs cannot ask for the quorum, but each node writes the outcome of its election to a file. */
async function findController(brokers: readonly ClusterBroker[]): Promise<number> {
  const states = await Promise.all(brokers.map(({ dataDirectory }) => readQuorumState(dataDirectory)))
  const newest = states.toSorted((a, b) => b.leaderEpoch - a.leaderEpoch)[0]
  if (newest === undefined || newest.leaderId < 0) throw new Error('the cluster has no controller just now')
  return newest.leaderId
}

async function readQuorumState(dataDirectory: string): Promise<{ readonly leaderId: number; readonly leaderEpoch: number }> {
  const text = await readFile(join(dataDirectory, '__cluster_metadata-0', 'quorum-state'), 'utf8')
  return JSON.parse(text) as { readonly leaderId: number; readonly leaderEpoch: number } // Kafka's own file
}
