import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs from 'kafkajs'
import type { ISocketFactory, Kafka, LogEntry, Mechanism, SASLOptions } from 'kafkajs'
import type { Logger } from '../../../program/log/logger.ts'
import { accessOf, type KafkaAccess, type KafkaClientOptions, type PasswordAccess } from './access.ts'
import { oauthBearer } from './credentials.ts'
import { boundedScram } from './scram.ts'
import { registerCodecs } from './records/codecs.ts'
import { parseBroker } from './wire/broker-address.ts'
import { prepareKafka } from './wire/kafkajs-internals.ts'

export type { KafkaAccess, KafkaClientOptions } from './access.ts'

/** Limit on a broker's response to a gateway, in bytes: the largest fetch, with room. */
export const gatewayMaxAnswerBytes = 64 * 1_048_576

const connectTimeoutMs = 3_000
const keepAliveMs = 30_000

/** Returns a client as the options describe it. TLS material, user name and password come from files that may rotate. */
export function createKafkaClient(
  options: KafkaClientOptions,
  logger: Logger,
  { requestTimeoutMs = 15_000 }: { readonly requestTimeoutMs?: number } = {},
): Kafka {
  return createKafkaClientOf(accessOf(options), logger, { requestTimeoutMs })
}

export interface ClientBounds {
  readonly requestTimeoutMs: number
  /** @default 4 */
  readonly retries?: number
  /** A broker that announces a longer answer loses its connection. @default gatewayMaxAnswerBytes */
  readonly maxAnswerBytes?: number
  /** False: the caller has time-outs of its own, and kafkajs needs no timer for each connection. @default true */
  readonly hasTimeouts?: boolean
  /** Lookup of the brokers' addresses. @default the system's */
  readonly lookup?: LookupFunction
}

/**
 * Returns a kafkajs client with Carillon's additions. These are all codecs, TLS material and credentials that may rotate (read again at
 * each connection), no Nagle delay, and kafkajs's log behind ours. It retries little, each time with the next broker: its callers wait and
 * retry themselves.
 */
export function createKafkaClientOf(
  access: KafkaAccess,
  logger: Logger,
  { requestTimeoutMs, retries = 4, maxAnswerBytes = gatewayMaxAnswerBytes, hasTimeouts = true, lookup }: ClientBounds,
): Kafka {
  registerCodecs()
  const kafka = new kafkajs.Kafka({
    brokers: [...access.brokers],
    clientId: access.clientId,
    connectionTimeout: connectTimeoutMs,
    authenticationTimeout: 10_000,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: hasTimeouts,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, factor: 0.5, multiplier: 2, retries },
    ssl: access.tls !== null,
    socketFactory: createSocketFactory(access.tls, lookup),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => logEntry(entry, logger),
    ...saslOf(access),
  })
  prepareKafka(kafka, { brokers: access.brokers.map(parseBroker), maxAnswerBytes })
  return kafka
}

/**
 * kafkajs logs every failed attempt as an error. The caller that awaits the attempt gets the error as well, and logs it once, when it
 * matters. So all of kafkajs's log is debug here, without stacks.
 */
function logEntry(entry: LogEntry, logger: Logger): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log
  logger.debug({ ...fields, kafkajs: { level: entry.label, namespace: entry.namespace, message } }, 'kafkajs')
}

function createSocketFactory(tls: KafkaAccess['tls'], lookup: LookupFunction | undefined): ISocketFactory {
  return ({ host, port, onConnect }) => {
    const address = { host, port, ...(lookup === undefined ? {} : { lookup }) }
    const socket: Socket =
      tls === null
        ? connectTcp(address, onConnect)
        : connectTls({ ...address, ...tls(), ...(isIP(host) === 0 ? { servername: host } : {}) }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    return socket
  }
}

function saslOf({ sasl }: KafkaAccess): { readonly sasl?: SASLOptions | Mechanism } {
  if (sasl === null) return {}
  if (sasl.mechanism === 'oauthbearer') return { sasl: oauthBearer(sasl.token) }
  return { sasl: sasl.mechanism === 'plain' ? plainOf(sasl) : boundedScram(sasl.mechanism, loginOf(sasl)) }
}

function plainOf(access: PasswordAccess): SASLOptions {
  return Object.defineProperty(loginOf(access), 'mechanism', { value: 'plain', enumerable: true }) as SASLOptions // with the three members of it
}

/** kafkajs reads both at each authentication. */
function loginOf({ username, password }: PasswordAccess): { readonly username: string; readonly password: string } {
  return {
    get username() {
      return username()
    },
    get password() {
      return password()
    },
  }
}
