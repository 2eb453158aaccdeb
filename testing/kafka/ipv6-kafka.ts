import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loneNode, smallJvm } from './cluster-properties.ts'
import { findFreePortPair } from '../free-ports.ts'
import { startBrokerProcess } from './kafka-process.ts'

/** A real Kafka with an IPv6 address alone, as on a cluster without IPv4. */
export interface Ipv6Kafka {
  /** [::1]:port */
  readonly broker: string
  stop(): Promise<void>
}

/** Needs `kafka-server` on the PATH, and a machine with IPv6. */
export async function startIpv6Kafka(): Promise<Ipv6Kafka> {
  const directory = await mkdtemp(join(tmpdir(), 'carillon-ipv6-kafka-'))
  const file = (name: string): string => join(directory, name)
  const port = await findFreePortPair()
  await writeFile(file('server.properties'), properties(port, file('data')))
  // The command has no flags for such a listener, so it gets a file.
  await writeFile(
    file('launch'),
    `#!/bin/sh\n${Object.entries(smallJvm)
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join('')}exec kafka-server ${file('server.properties')}\n`,
  )
  await chmod(file('launch'), 0o755)
  const broker = await startBrokerProcess({
    command: file('launch'),
    host: '::1',
    port,
    dataDirectory: file('data'),
    startTimeoutMs: 120_000,
  })
  return {
    broker: `[::1]:${port}`,
    stop: async () => {
      await broker.terminate()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const properties = (port: number, dataDirectory: string): string =>
  [
    ...loneNode,
    `controller.quorum.voters=1@[::1]:${port + 1}`,
    `listeners=PLAINTEXT://[::1]:${port},CONTROLLER://[::1]:${port + 1}`,
    `advertised.listeners=PLAINTEXT://[::1]:${port}`,
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${dataDirectory}`,
    '',
  ].join('\n')
