/**
 * The parts of kafkajs 2.2.4 that are not its public interface, and that Carillon needs: connections that carry Carillon's own requests
 * (ADR 0016). No other file touches these parts, and `kafkajs-internals.test.ts` fails when another version of kafkajs has others.
 */
import type { Socket } from 'node:net'
import { createRequire } from 'node:module'
import type { Kafka, Mechanism } from 'kafkajs'
import type { BrokerAddress } from './broker-address.ts'
import { watchFrames } from './frame-guard.ts'
import type { ApiVersions, WireRequest } from './wire-request.ts'

/** A set of connections to the brokers. */
export interface Cluster {
  readonly connectionPoolBuilder: { build(destination?: BrokerAddress): Promise<ConnectionPool> }
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> }
  connect(): Promise<void>
  disconnect(): Promise<void>
}

export interface Broker {
  /** Null until it has answered. */
  readonly versions: ApiVersions | null
  readonly connectionPool: ConnectionPool
}

/** The connections to one broker. */
export interface ConnectionPool extends BrokerAddress {
  readonly pool: readonly Connection[]
  send(message: ProtocolRequest): Promise<unknown>
}

/** One connection: a socket, and the requests that wait for their responses. */
export interface Connection {
  readonly host: string
  readonly port: number
  /** Missing until `connect` is called. */
  readonly socket?: Socket
  readonly requestQueue: RequestQueue
  /** Bytes of a response that has not arrived as a whole. */
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  /** Set while credentials are exchanged in the way of brokers before 1.0. */
  readonly authHandlers: object | null
  readonly authExpectResponse: boolean
  connect(): Promise<unknown>
  /** Waits for the missing responses. */
  disconnect(): Promise<unknown>
  /** Does nothing without SASL, or while the session lasts. */
  authenticate(): Promise<void>
  setVersions(versions: ApiVersions): void
  setSupportAuthenticationProtocol(isSupported: boolean): void
  send(message: ProtocolRequest): Promise<unknown>
  processData(data: Buffer): void
}

export interface RequestQueue {
  readonly pending: readonly unknown[]
  /** Requests by correlation id. */
  readonly inflight: ReadonlyMap<number, unknown>
  /** Time until which the broker throttles this client, in milliseconds since the epoch. */
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
  fulfillRequest(answer: { readonly correlationId: number; readonly payload: Buffer; readonly size: number }): void
}

export interface ProtocolRequest {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
  }
  readonly response: {
    decode(bytes: Buffer): Promise<unknown>
    parse(decoded: unknown): Promise<unknown>
  }
}

interface Decoded<T> {
  readonly value: T
  /** kafkajs obeys it. */
  readonly clientSideThrottleTime: number
}

/** Limit on the throttle time of a broker that is obeyed (KIP-219). */
export const maxThrottleMs = 30_000

/** Sends one of Carillon's own requests by kafkajs's connection (or connections), and decodes the response. */
export async function sendBy<T>(connection: { send(message: ProtocolRequest): Promise<unknown> }, request: WireRequest<T>): Promise<T> {
  const encoded = { buf: request.body, buffer: request.body }
  const decode = async (bytes: Buffer): Promise<Decoded<T>> => ({
    value: request.decode(bytes),
    clientSideThrottleTime: Math.min(maxThrottleMs, request.throttleMs?.(bytes) ?? 0),
  })
  const answer = await connection.send({
    request: { apiKey: request.apiKey, apiVersion: request.version, apiName: request.apiName, encode: async () => encoded },
    response: { decode, parse: async (decoded) => decoded },
  })
  return (answer as Decoded<T>).value // the type that `decode` returns
}

type CreateCluster = (options: object) => Cluster

const createClusterName = 'private:Kafka:createCluster'

function createClusterSymbol(kafka: Kafka): symbol {
  const found = Object.getOwnPropertySymbols(kafka).find((symbol) => symbol.description === createClusterName)
  if (found === undefined)
    throw new Error('this version of kafkajs is not the one that Carillon was written for (2.2.4): its cluster factory is missing')
  return found
}

/** Returns connections of their own, which no other user of the client shares. */
export function createCluster(kafka: Kafka): Cluster {
  return factoryOf(kafka)({ allowAutoTopicCreation: false, metadataMaxAge: 0 })
}

function factoryOf(kafka: Kafka): CreateCluster {
  // kafkajs-internals.test.ts shows that the member of this name is this function.
  return (kafka as unknown as Record<symbol, CreateCluster>)[createClusterSymbol(kafka)] as CreateCluster
}

export type ScramMechanism = 'scram-sha-256' | 'scram-sha-512'

type ScramProvider = (login: { readonly username: string; readonly password: string }) => Mechanism['authenticationProvider']

const scramFiles = {
  'scram-sha-256': 'kafkajs/src/broker/saslAuthenticator/scram256.js',
  'scram-sha-512': 'kafkajs/src/broker/saslAuthenticator/scram512.js',
} as const

/** Returns kafkajs's own way to authenticate by SCRAM. */
export function scramProvider(mechanism: ScramMechanism): ScramProvider {
  return createRequire(import.meta.url)(scramFiles[mechanism]) as ScramProvider // kafkajs-internals.test.ts shows that it is one
}

/**
 * Prepares a client, before its first use, in three ways.
 *
 * Its connections sleep while there is nothing to do. kafkajs sets a timer of -1 ms, which counts as 1 ms, for each connection over and
 * over.
 *
 * A response that is announced as longer than the bound ends its connection before it is kept (`watchFrames`). Refused credentials end it
 * as well.
 *
 * The first brokers are addresses, where kafkajs would cut a text at its first colon. Each attempt of any of the client's connections
 * begins with the next address.
 */
export function prepareKafka(
  kafka: Kafka,
  { brokers, maxAnswerBytes }: { readonly brokers: readonly BrokerAddress[]; readonly maxAnswerBytes: number },
): void {
  let next = 0
  const create = factoryOf(kafka)
  const createPrepared = (options: object): Cluster => {
    const cluster = create(options)
    const { connectionPoolBuilder } = cluster
    const build = connectionPoolBuilder.build.bind(connectionPoolBuilder)
    connectionPoolBuilder.build = async (destination) =>
      prepareConnections(await build(destination ?? brokers[next++ % brokers.length]), maxAnswerBytes)
    return cluster
  }
  Object.defineProperty(kafka, createClusterSymbol(kafka), { value: createPrepared })
}

function prepareConnections(connections: ConnectionPool, maxAnswerBytes: number): ConnectionPool {
  for (const connection of connections.pool) {
    watchFrames(connection, maxAnswerBytes)
    endUnauthenticated(connection)
    const { requestQueue } = connection
    const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue)
    requestQueue.scheduleCheckPendingRequests = () => {
      if (requestQueue.pending.length > 0) schedule()
    }
  }
  return connections
}

/** Ends a connection whose credentials were refused: the broker takes no others on it. kafkajs would retry there. */
function endUnauthenticated(connection: Connection): void {
  const authenticate = connection.authenticate.bind(connection)
  connection.authenticate = async () => {
    try {
      await authenticate()
    } catch (cause) {
      connection.socket?.destroy(cause instanceof Error ? cause : new Error(String(cause)))
      throw cause
    }
  }
}
