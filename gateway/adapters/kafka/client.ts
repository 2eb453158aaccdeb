import { readFileSync } from 'node:fs'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs from 'kafkajs'
import type { ISocketFactory, Kafka, LogEntry, SASLOptions } from 'kafkajs'
import type { Options } from '../../config/options.ts'
import type { Logger } from '../../observability/logger.ts'
import { registerCodecs } from './codecs.ts'
import { prepareKafka } from './kafkajs-internals.ts'

/** What a connection to the brokers needs of the options. */
export type KafkaClientOptions = Pick<
  Options,
  | 'kafkaBrokers'
  | 'kafkaClientId'
  | 'kafkaTls'
  | 'kafkaTlsCaFile'
  | 'kafkaTlsCertFile'
  | 'kafkaTlsKeyFile'
  | 'kafkaSaslMechanism'
  | 'kafkaSaslUsername'
  | 'kafkaSaslPassword'
  | 'kafkaSaslPasswordFile'
>

const connectTimeoutMs = 3_000
const keepAliveMs = 30_000

/**
 * A kafkajs client with what Carillon adds: all codecs, TLS and passwords from files that may rotate (read anew at each connection), no
 * Nagle delay, its own decoder for fetches, and its log behind ours. It retries little: sources and publishers have their own patience.
 */
export function createKafkaClient(options: KafkaClientOptions, logger: Logger, { requestTimeoutMs = 15_000 }: { readonly requestTimeoutMs?: number } = {}): Kafka {
  registerCodecs()
  const kafka = new kafkajs.Kafka({
    brokers: [...options.kafkaBrokers],
    clientId: options.kafkaClientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: 10_000,
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.5, multiplier: 2, retries: 4 },
    ssl: options.kafkaTls,
    socketFactory: createSocketFactory(options),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => logEntry(entry, logger),
    ...saslOf(options),
  })
  prepareKafka(kafka)
  return kafka
}

/**
 * kafkajs logs every failed attempt as an error; whoever awaits the attempt is told as well, and logs it once, when it matters. So all of
 * it is for debugging here. Stacks are left out.
 */
function logEntry(entry: LogEntry, logger: Logger): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log
  logger.debug({ ...fields, kafkajs: { level: entry.label, namespace: entry.namespace, message } }, 'kafkajs')
}

function createSocketFactory(options: KafkaClientOptions): ISocketFactory {
  return ({ host, port, ssl, onConnect }) => {
    // kafkajs hands `ssl` on as it was given: a boolean.
    const socket: Socket = ssl ? connectTls({ host, port, ...tlsOf(options), ...(isIP(host) === 0 ? { servername: host } : {}) }, onConnect) : connectTcp({ host, port }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    return socket
  }
}

function tlsOf(options: KafkaClientOptions): { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer } {
  const { kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile } = options
  return {
    ...(kafkaTlsCaFile === '' ? {} : { ca: readFileSync(kafkaTlsCaFile) }),
    ...(kafkaTlsCertFile === '' ? {} : { cert: readFileSync(kafkaTlsCertFile) }),
    ...(kafkaTlsKeyFile === '' ? {} : { key: readFileSync(kafkaTlsKeyFile) }),
  }
}

function saslOf(options: KafkaClientOptions): { readonly sasl?: SASLOptions } {
  if (options.kafkaSaslMechanism === 'none') return {}
  const sasl = {
    mechanism: options.kafkaSaslMechanism,
    username: options.kafkaSaslUsername,
    // kafkajs looks at this whenever it authenticates.
    get password() {
      return passwordOf(options)
    },
  }
  return { sasl }
}

function passwordOf({ kafkaSaslPassword, kafkaSaslPasswordFile }: KafkaClientOptions): string {
  if (kafkaSaslPasswordFile === '') return kafkaSaslPassword
  return readFileSync(kafkaSaslPasswordFile, 'utf8').replace(/\r?\n$/, '')
}
