/**
 * The parts of kafkajs 2.2.4 that are not its public interface, and that Carillon needs: a connection on which one may ask what kafkajs
 * never asks (a topic's id, the ends for readers of committed records), and a hook to decode fetches ourselves. Nothing else in the
 * project touches them, and `kafkajs-internals.test.ts` fails when a version of kafkajs has others.
 */
import type { Socket } from 'node:net'
import type { Kafka } from 'kafkajs'
import type { BrokerAddress } from './broker-address.ts'
import { decodeFetchResponse, fetchVersion } from './fetch-response.ts'
import { watchFrames } from './frame-guard.ts'
import type { ApiVersions, WireRequest } from './wire-request.ts'

/** A set of connections to the brokers, with the topic's metadata. */
export interface Cluster {
  readonly connectionPoolBuilder: { build(destination?: BrokerAddress): Promise<ConnectionPool> }
  readonly targetTopics: Set<string>
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> }
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[]
  fetchTopicsOffset(topics: readonly TopicOffsetsRequest[]): Promise<readonly { readonly partitions: readonly { readonly partition: number; readonly offset: string }[] }[]>
}

export interface TopicOffsetsRequest {
  readonly topic: string
  readonly partitions: readonly { readonly partition: number }[]
  /** true: the first offset; false: the end. */
  readonly fromBeginning?: boolean
  readonly fromTimestamp?: number
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

/** One connection: a socket, and the questions that wait for their answers. */
export interface Connection {
  readonly host: string
  readonly port: number
  /** Missing until `connect` is called. */
  readonly socket?: Socket
  readonly requestQueue: RequestQueue
  /** Bytes of an answer that has not arrived as a whole. */
  chunks: Buffer[]
  bytesBuffered: number
  bytesNeeded: number
  /** Set while credentials are exchanged in the way of brokers before 1.0. */
  readonly authHandlers: object | null
  readonly authExpectResponse: boolean
  connect(): Promise<unknown>
  /** Waits for the answers that are missing. */
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
  /** By correlation id. */
  readonly inflight: ReadonlyMap<number, unknown>
  /** Milliseconds of the clock: the broker wants to be left alone until then. */
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
  /** kafkajs keeps to it. */
  readonly clientSideThrottleTime: number
}

/** The longest time that a broker's wish to be left alone is obeyed (KIP-219). */
export const maxThrottleMs = 30_000

/** Sends a request of Carillon's own by kafkajs's connection (or connections), and decodes the answer. */
export async function sendBy<T>(connection: { send(message: ProtocolRequest): Promise<unknown> }, request: WireRequest<T>): Promise<T> {
  const encoded = { buf: request.body, buffer: request.body }
  const decode = async (bytes: Buffer): Promise<Decoded<T>> => ({ value: request.decode(bytes), clientSideThrottleTime: Math.min(maxThrottleMs, request.throttleMs?.(bytes) ?? 0) })
  const answer = await connection.send({
    request: { apiKey: request.apiKey, apiVersion: request.version, apiName: request.apiName, encode: async () => encoded },
    response: { decode, parse: async (decoded) => decoded },
  })
  return (answer as Decoded<T>).value // what `decode` returns
}

type CreateCluster = (options: object) => Cluster

const createClusterName = 'private:Kafka:createCluster'

function createClusterSymbol(kafka: Kafka): symbol {
  const found = Object.getOwnPropertySymbols(kafka).find((symbol) => symbol.description === createClusterName)
  if (found === undefined) throw new Error('this version of kafkajs is not the one that Carillon was written for (2.2.4): its cluster factory is missing')
  return found
}

/** Connections of one's own, that see the topic as a reader of committed records does. */
export function createCluster(kafka: Kafka): Cluster {
  return factoryOf(kafka)({ allowAutoTopicCreation: false, isolationLevel: 1, metadataMaxAge: 0 })
}

function factoryOf(kafka: Kafka): CreateCluster {
  // kafkajs-internals.test.ts shows that the member of this name is this function.
  return (kafka as unknown as Record<symbol, CreateCluster>)[createClusterSymbol(kafka)] as CreateCluster
}

/**
 * Prepares a client, before its first use, in four ways.
 *
 * Its consumers fetch with Carillon's decoder: each fetched partition arrives as one message, a `FetchedPartition`, which `fetchedBatch`
 * takes out of the batch. kafkajs decodes at a fifth of the speed; a batch of more than some 100,000 records overflows its stack, and a
 * damaged one, or an empty one at the end of a partition, stops it for good.
 *
 * Its connections sleep while there is nothing to do: kafkajs sets a timer of -1 ms, that is of 1 ms, for each, over and over.
 *
 * An answer that is announced as longer than the bound ends its connection before it is kept (`watchFrames`), and so do credentials that are
 * refused.
 *
 * The brokers to begin with are addresses, where kafkajs would cut a text at its first colon, and each attempt of any of the client's
 * connections begins with the next one.
 */
export function prepareKafka(kafka: Kafka, { brokers, maxAnswerBytes }: { readonly brokers: readonly BrokerAddress[]; readonly maxAnswerBytes: number }): void {
  let next = 0
  const create = factoryOf(kafka)
  const createPrepared = (options: object): Cluster => {
    const cluster = create(options)
    const { connectionPoolBuilder } = cluster
    const build = connectionPoolBuilder.build.bind(connectionPoolBuilder)
    connectionPoolBuilder.build = async (destination) => prepareConnections(await build(destination ?? brokers[next++ % brokers.length]), maxAnswerBytes)
    return cluster
  }
  Object.defineProperty(kafka, createClusterSymbol(kafka), { value: createPrepared })
}

function prepareConnections(connections: ConnectionPool, maxAnswerBytes: number): ConnectionPool {
  const send = connections.send.bind(connections)
  connections.send = (message) => send(message.request.apiName === 'Fetch' ? withOwnDecoder(message) : message)
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

/** A broker that refused the credentials takes no others on this connection; kafkajs would go on to try it there. */
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

function withOwnDecoder(message: ProtocolRequest): ProtocolRequest {
  const { apiVersion } = message.request
  if (apiVersion !== fetchVersion) throw new Error(`the broker speaks version ${apiVersion} of Fetch at most; Carillon needs ${fetchVersion} (Kafka 2.3 or later)`)
  return { ...message, response: { decode: decodeFetchResponse, parse: message.response.parse } }
}
