import { createPublicKey, randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { createIssuer, type Issuer } from '../../e2e/proof/tokens.ts'
import { type Child, startChild } from '../lib/child.ts'
import type { Contender, IssuerOptions, LaunchOptions } from './contenders/contender.ts'
import { createNatsIssuer, type NatsIssuer } from './contenders/nats-account.ts'
import { broadcastChannel } from './dialects/centrifugo.ts'
import type { Identity } from './dialects/dialect.ts'
import type { LoadCalls } from './load/load-calls.ts'
import { type ServerProcess, startServer } from './machine/server-process.ts'
import type { PublisherCalls } from './publish/publisher.ts'
import type { PublishTarget } from './publish/speaker.ts'

/** Processor of the measured server, and that of all other processes. */
const serverCpu = 0
const loadCpu = 1

export interface Server extends ServerProcess {
  readonly contender: Contender
  readonly target: PublishTarget
}

export interface StartServerOptions {
  readonly kafka?: LaunchOptions['kafka']
  /** Port of the server. @default a free port */
  readonly port?: number
  readonly cpu?: number
}

export interface PeerRig {
  readonly load: Child<LoadCalls>
  readonly publisher: Child<PublisherCalls>
  /** Identities of all clients. */
  readonly identities: readonly Identity[]
  /** Ids of users, each with the same number of clients. */
  readonly users: readonly string[]
  start(contender: Contender, options?: StartServerOptions): Promise<Server>
  /** Returns the first of a number of unused event numbers: a server that suppresses duplicates would drop a used one. */
  takeNumbers(count: number): number
}

export interface PeerRigOptions {
  readonly clients: number
  readonly users: number
  /** Folder where contenders are built. */
  readonly buildRoot: string
}

/**
 * Ports below those of outgoing connections (32,768 and up on Linux): a client that connects to a server during its replacement could get
 * its port, and so connect to itself.
 */
const anyServerPort = (): number => 10_000 + Math.floor(Math.random() * 20_000)

/** Gives the measures their processes and their clients' identities, and ends everything in every case. */
export async function withPeerRig<T>(options: PeerRigOptions, run: (rig: PeerRig) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'carillon-peers-'))
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeDirectory)
  const issuer = createIssuer()
  const natsIssuer = createNatsIssuer()
  const issuerOptions = { ...writeKeys(issuer, directory), nats: natsIssuer.account }
  const load = startChild<LoadCalls>(new URL('./load/load.ts', import.meta.url), { cpu: loadCpu })
  const publisher = startChild<PublisherCalls>(new URL('./publish/publisher.ts', import.meta.url), {
    cpu: loadCpu,
    execArgv: ['--disable-warning=TimeoutNegativeWarning'],
  })
  const servers: Server[] = []
  // The same after a restart: publishers do not notice it.
  const secret = randomUUID()
  const ticketSecret = randomUUID()
  const emitterToken = issuer.token({ user_id: 'emitter', scope: 'carillon.emit' })
  const keyOf = ({ dialect }: Contender): string =>
    dialect === 'carillon' ? emitterToken : dialect === 'nats' ? natsIssuer.account.publisherToken : secret
  let nextNumber = 0
  const takeNumbers = (count: number): number => {
    nextNumber += count
    return nextNumber - count
  }
  const start: PeerRig['start'] = async (contender, { kafka = null, port: fixedPort, cpu = serverCpu } = {}) => {
    const port = fixedPort ?? (await findFreePortPair(anyServerPort))
    const own = join(directory, `${contender.name}-${port}`)
    mkdirSync(own, { recursive: true })
    const key = keyOf(contender)
    const launch = contender.launch({
      directory: own,
      buildDirectory: buildDirectoryOf(options.buildRoot, contender),
      port,
      key,
      issuer: issuerOptions,
      ticketSecret,
      kafka,
    })
    const server = await startServer({ title: contender.title, launch, port, directory: own, cpu, timeoutMs: 60_000 })
    const made: Server = { ...server, contender, target: { dialect: contender.dialect, port: launch.publishPort, key } }
    servers.push(made)
    return made
  }
  try {
    const users = Array.from({ length: options.users }, (_, index) => `user-${index}`)
    const identities = Array.from({ length: options.clients }, (_, index) =>
      identityOf({ issuer, natsIssuer }, users[index % users.length] ?? '', index),
    )
    await load.call('identities', { identities })
    return await run({ load, publisher, identities, users, start, takeNumbers })
  } finally {
    await Promise.all([load.stop(), publisher.stop(), ...servers.map((server) => server.kill())])
    removeDirectory()
    process.off('exit', removeDirectory)
  }
}

/** Variants of one contender share one build. */
export const buildDirectoryOf = (root: string, { build, dialect }: Contender): string => join(root, build ?? dialect)

function writeKeys(issuer: Issuer, directory: string): Omit<IssuerOptions, 'nats'> {
  const keysFile = join(directory, 'keys.json')
  writeFileSync(keysFile, issuer.jwks)
  // The issuer's own key set has one key.
  const { keys } = JSON.parse(issuer.jwks) as { readonly keys: readonly [import('node:crypto').JsonWebKey] }
  const publicKeyPem = createPublicKey({ key: keys[0], format: 'jwk' }).export({ format: 'pem', type: 'spki' }).toString()
  return { issuer: issuer.issuer, audience: issuer.audience, keysFile, publicKeyPem }
}

interface Issuers {
  readonly issuer: Issuer
  readonly natsIssuer: NatsIssuer
}

/** All tokens differ: a server that caches verified tokens gains nothing. */
function identityOf({ issuer, natsIssuer }: Issuers, user: string, index: number): Identity {
  return {
    user,
    token: issuer.token({ sub: user, user_id: user, username: user, org_id: 'acme', channels: [broadcastChannel], jti: String(index) }),
    natsToken: natsIssuer.userToken(user, index),
  }
}
