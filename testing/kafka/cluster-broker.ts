import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NodePorts, nodeProperties, smallJvm } from './cluster-properties.ts'
import { freeze, thaw } from '../frozen-group.ts'
import { type BrokerProcess, startBrokerProcess } from './kafka-process.ts'
import type { TcpProxy } from '../tcp-proxy.ts'

/** One broker of a cluster, over all its lives. Its ports and its data stay. */
export interface ClusterBroker {
  readonly id: number
  /** `host:port` for KAFKA_BROKERS. It works while the broker runs, also when the advertised address is cut. */
  readonly address: string
  readonly internalAddress: string
  /**
   * Address that the broker advertises to gateways. Refuse or hold it for a half-broken listener: metadata works, reads and writes do not.
   */
  readonly advertised: Pick<TcpProxy, 'port' | 'pass' | 'refuse' | 'hold'>
  readonly dataDirectory: string
  readonly isRunning: boolean
  /** Resolves when the broker serves. A second call during a start waits for the first. @throws when it runs already */
  start(): Promise<void>
  /** Sends SIGKILL, like a machine that loses its power. Resolves when the process has ended. */
  kill(): Promise<void>
  /** Sends SIGTERM: the broker first hands its leaders over. */
  terminate(): Promise<void>
  /** Sends SIGSTOP: the kernel still takes connections, without answers. Resolves when all threads have stopped. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends the broker and its proxy. Idempotent. */
  close(): Promise<void>
}

export interface ClusterBrokerOptions {
  readonly id: number
  readonly ports: ReadonlyMap<number, NodePorts>
  readonly directory: string
  readonly proxy: TcpProxy
  /** Command that runs a broker as `COMMAND FILE`, with the properties of that file. */
  readonly command: string
}

/** 16 bytes. */
const clusterId = Buffer.from('three of a kind.').toString('base64url')

export async function createClusterBroker({ id, ports, directory, proxy, command }: ClusterBrokerOptions): Promise<ClusterBroker> {
  const home = join(directory, `broker-${id}`)
  const dataDirectory = join(home, 'data')
  const own = ports.get(id)
  if (own === undefined) throw new Error(`broker ${id} has no ports`)
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'server.properties'), nodeProperties(id, ports, dataDirectory))
  await writeFile(join(home, 'launch'), launcher(command, join(home, 'server.properties')))
  await chmod(join(home, 'launch'), 0o755)
  let running: BrokerProcess | null = null
  let starting: Promise<void> | null = null
  const launch = async (): Promise<void> => {
    if (running !== null) throw new Error(`broker ${id} runs already`)
    await proxy.pass()
    running = await startBrokerProcess({ command: join(home, 'launch'), port: own.client, dataDirectory, startTimeoutMs: 90_000 })
  }
  /**
   * Takes the process out of `running` at once, so that two callers never end the same one. A dead broker's advertised port refuses, like
   * its own port.
   */
  const end = async (how: 'kill' | 'terminate'): Promise<void> => {
    const ending = running
    running = null
    await ending?.[how]()
    await proxy.refuse()
  }
  return {
    id,
    address: `127.0.0.1:${own.client}`,
    internalAddress: `127.0.0.1:${own.internal}`,
    advertised: proxy,
    dataDirectory,
    get isRunning() {
      return running?.isRunning() === true
    },
    start: () => {
      starting ??= launch().finally(() => (starting = null))
      return starting
    },
    kill: () => end('kill'),
    terminate: () => end('terminate'),
    freeze: () => freeze(running?.pid ?? null),
    thaw: () => thaw(running?.pid ?? null),
    // SIGKILL ends a frozen process as well.
    close: async () => {
      await end('kill')
      await proxy.close()
    },
  }
}

/**
 * The command has no flags for such listeners, so it gets a file. The process group ends itself when the test's process is gone, by any
 * cause: a broker must not outlive it.
 */
function launcher(command: string, propertiesFile: string): string {
  const settings = Object.entries({ CLUSTER_ID: clusterId, ...smallJvm }).map(([name, value]) => `export ${name}='${value}'\n`)
  const watch = `(while kill -0 ${process.pid}; do sleep 1; done; kill -KILL 0) >/dev/null 2>&1 &\n`
  return `#!/bin/sh\n${settings.join('')}${watch}exec '${command}' '${propertiesFile}'\n`
}
