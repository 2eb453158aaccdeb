import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAuthority, issueCertificate } from '../../../../testing/certificates.ts'
import { loneNode, smallJvm } from '../../../../testing/kafka/cluster-properties.ts'
import { findQuietPortPair } from '../../../../testing/free-ports.ts'
import { startBrokerProcess } from '../../../../testing/kafka/kafka-process.ts'

/** A broker that speaks TLS and SASL, with the certificates to meet it. */
export interface SecureBroker {
  readonly user: { readonly name: string; readonly password: string }
  /** Ports of the listeners: without TLS and credentials, with SASL, with TLS, with both, and with TLS and a client's certificate. */
  readonly plaintext: string
  readonly sasl: string
  readonly tls: string
  readonly saslTls: string
  readonly mutualTls: string
  /** Listener with OAUTHBEARER: accepts unsigned tokens (`unsignedToken`). */
  readonly oauth: string
  readonly caFile: string
  readonly certFile: string
  readonly keyFile: string
  /** Removed when the broker stops. */
  readonly directory: string
  stop(): Promise<void>
}

const run = promisify(execFile)
/** 16 bytes. */
const clusterId = Buffer.from('a secure cluster').toString('base64url')
const user = { name: 'gateway', password: 'p\u00e4ss "word"=,' }

/** Lines of server.properties. Each user has only its granted rights, and the listener without credentials has all of them. */
export const withAuthorizer = [
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS',
]

/**
 * Needs `kafka-server` and `kafka-configs.sh` on the PATH.
 * @param more lines of server.properties
 */
export async function startSecureBroker(more: readonly string[] = []): Promise<SecureBroker> {
  const directory = await mkdtemp(join(tmpdir(), 'carillon-secure-kafka-'))
  const file = (name: string): string => join(directory, name)
  await makeCertificates(directory)
  const pairs = await Promise.all([findQuietPortPair(), findQuietPortPair(), findQuietPortPair(), findQuietPortPair()])
  const [plaintext = 0, controller = 0, sasl = 0, tls = 0, saslTls = 0, mutualTls = 0, oauth = 0] = pairs.flatMap((port) => [
    port,
    port + 1,
  ])
  await writeFile(
    file('server.properties'),
    `${await properties(directory, { plaintext, controller, sasl, tls, saslTls, mutualTls, oauth })}${more.join('\n')}\n`,
  )
  // The launcher's own command line has no such listeners, so it reads them from a file. All brokers that it starts would be one cluster,
  // by its id.
  const settings = Object.entries({ CLUSTER_ID: clusterId, ...smallJvm })
  await writeFile(
    file('launch'),
    `#!/bin/sh\n${settings.map(([name, value]) => `export ${name}='${value}'\n`).join('')}exec kafka-server ${file('server.properties')}\n`,
  )
  await chmod(file('launch'), 0o755)
  const broker = await startBrokerProcess({
    command: file('launch'),
    port: plaintext,
    dataDirectory: file('data'),
    startTimeoutMs: 120_000,
  })
  const stop = async (): Promise<void> => {
    await broker.terminate()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await Promise.all(['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) => addUser(plaintext, mechanism)))
  } catch (cause) {
    await stop()
    throw cause
  }
  const at = (port: number): string => `localhost:${port}`
  return {
    user,
    plaintext: at(plaintext),
    sasl: at(sasl),
    tls: at(tls),
    saslTls: at(saslTls),
    mutualTls: at(mutualTls),
    oauth: at(oauth),
    caFile: file('ca.pem'),
    certFile: file('client.pem'),
    keyFile: file('client.key'),
    directory,
    stop,
  }
}

/** Returns a token (a JWT with the algorithm none) that the listener for OAUTHBEARER accepts until it ends. */
export function unsignedToken(expiresInS = 3_600): string {
  const nowS = Math.floor(Date.now() / 1_000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: user.name, iat: nowS - 3_600, exp: nowS + expiresInS })}.`
}

/** The tool that makes SCRAM users splits at commas and brackets: their password is a plainer one. */
export const scramPassword = 'scram-secret'

async function addUser(port: number, mechanism: string): Promise<void> {
  const credential = `${mechanism}=[iterations=4096,password=${scramPassword}]`
  await run('kafka-configs.sh', [
    '--bootstrap-server',
    `127.0.0.1:${port}`,
    '--alter',
    '--entity-type',
    'users',
    '--entity-name',
    user.name,
    '--add-config',
    credential,
  ])
}

async function makeCertificates(directory: string): Promise<void> {
  const validity = { now: new Date(), days: 2 }
  const authority = await createAuthority('Test CA', validity)
  const server = await issueCertificate(authority, { dnsNames: ['localhost'], validity })
  const client = await issueCertificate(authority, { commonName: 'gateway', dnsNames: ['localhost'], validity })
  const files = {
    'ca.pem': authority.certificate,
    'server.key': server.key,
    'client.key': client.key,
    'client.pem': client.certificate,
    'server-keystore.pem': `${server.key}${server.certificate}`,
  }
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)))
}

type Ports = Readonly<Record<'plaintext' | 'controller' | 'sasl' | 'tls' | 'saslTls' | 'mutualTls' | 'oauth', number>>

async function properties(directory: string, ports: Ports): Promise<string> {
  const listeners = [
    ['PLAINTEXT', ports.plaintext],
    ['SASL', ports.sasl],
    ['TLS', ports.tls],
    ['SASLTLS', ports.saslTls],
    ['MTLS', ports.mutualTls],
    ['OAUTH', ports.oauth],
  ] as const
  const quoted = user.password.replaceAll('"', '\\\\"') // once for the properties file, once for JAAS
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user.name}="${quoted}";`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  const jaas = ['sasl', 'sasltls'].flatMap((name) => [
    `listener.name.${name}.plain.sasl.jaas.config=${asciiOnly(plain)}`,
    `listener.name.${name}.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.${name}.scram-sha-512.sasl.jaas.config=${scram}`,
  ])
  return [
    ...loneNode,
    `controller.quorum.voters=1@localhost:${ports.controller}`,
    `listeners=${listeners.map(([name, port]) => `${name}://127.0.0.1:${port}`).join(',')},CONTROLLER://127.0.0.1:${ports.controller}`,
    `advertised.listeners=${listeners.map(([name, port]) => `${name}://localhost:${port}`).join(',')}`,
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,SASLTLS:SASL_SSL,MTLS:SSL,OAUTH:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER',
    'listener.name.oauth.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";',
    'listener.name.oauth.oauthbearer.connections.max.reauth.ms=12000',
    ...jaas,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(directory, 'server-keystore.pem')}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${join(directory, 'ca.pem')}`,
    'listener.name.mtls.ssl.client.auth=required',
    `log.dirs=${join(directory, 'data')}`,
    '',
  ].join('\n')
}

/** A properties file is Latin-1. */
function asciiOnly(text: string): string {
  return text.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
