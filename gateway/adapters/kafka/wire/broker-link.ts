import type { Logger } from '../../../../program/log/logger.ts'
import { accessOf, shownCredentials, type KafkaClientOptions } from '../access.ts'
import { createKafkaClientOf } from '../client.ts'
import { BrokerError, describeKafkaError } from '../kafka-error.ts'
import { brokerName, type BrokerAddress } from './broker-address.ts'
import { createCluster, maxThrottleMs, sendBy, type Connection } from './kafkajs-internals.ts'
import { apiVersionsRequest, saslAuthenticateKey } from './requests/api-versions.ts'
import { highestVersion, type ApiVersions, type VersionedBroker, type WireRequest } from './wire-request.ts'

export type { BrokerAddress } from './broker-address.ts'

/** One connection to one broker. It connects, fails and closes alone. */
export interface BrokerLink extends VersionedBroker {
  /** Returns the highest version that both sides support, between min and max; null without one. */
  version(apiKey: number, min: number, max: number): number | null
  /**
   * Sends a request and decodes the response. Rejects with BrokerError: time-out, connection lost, malformed response. Each of these closes
   * the link, because a late response would meet the wrong request. While a broker throttles this client (KIP-219), the request waits.
   */
  ask<T>(request: WireRequest<T>, options: { readonly timeoutMs: number }): Promise<T>
  readonly isOpen: boolean
  /** Closes at once. Requests in progress reject. Idempotent. */
  close(): void
}

/**
 * Connects: TCP, TLS, ApiVersions and SASL within `connectTimeoutMs`. Rejects with BrokerError otherwise. An abort of the signal rejects
 * and closes at once.
 */
export type ConnectBroker = (address: BrokerAddress, options: ConnectOptions) => Promise<BrokerLink>

export interface ConnectOptions {
  readonly signal: AbortSignal
  /** @default 3000 */
  readonly connectTimeoutMs?: number
}

const defaultConnectTimeoutMs = 3_000

/**
 * Returns a connector of links over connections of kafkajs. kafkajs does TCP, TLS and SASL (and SASL again, when a session ends: KIP-368).
 */
export function createBrokerConnector(options: KafkaClientOptions, logger: Logger): ConnectBroker {
  // The link has its own time-outs. kafkajs would keep a timer of 100 ms for each connection.
  const access = accessOf(options)
  const kafka = createKafkaClientOf(access, logger, { requestTimeoutMs: maxThrottleMs, hasTimeouts: false })
  const { connectionPoolBuilder } = createCluster(kafka)
  return async (address, { signal, connectTimeoutMs = defaultConnectTimeoutMs }) => {
    const {
      pool: [connection],
    } = await connectionPoolBuilder.build(address)
    if (connection === undefined) throw new Error('kafkajs made no connection')
    const link = new KafkajsLink(address, connection, () => shownCredentials(access))
    const onAbort = (): void => link.close()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      if (signal.aborted) link.close()
      await link.open(connectTimeoutMs)
      return link
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

class KafkajsLink implements BrokerLink {
  readonly address: BrokerAddress
  readonly #name: string
  readonly #connection: Connection
  readonly #credentials: () => string | null
  /** Credentials as they were before the broker got any. */
  #shown: string | null = null
  /** Each rejects one request. `open` has one as well. */
  readonly #waiting = new Set<(error: BrokerError) => void>()
  #versions: ApiVersions = {}
  /** True after the first response. Before it, a listener that closes may want TLS or SASL: it reports its versions to any client. */
  #isWelcome = false
  #failure: BrokerError | null = null

  constructor(address: BrokerAddress, connection: Connection, credentials: () => string | null) {
    this.address = address
    this.#name = brokerName(address)
    this.#connection = connection
    this.#credentials = credentials
    this.#refuseWrongAnswers()
  }

  get isOpen(): boolean {
    return this.#failure === null
  }

  version(apiKey: number, min: number, max: number): number | null {
    return highestVersion(this.#versions, apiKey, { min, max })
  }

  open(timeoutMs: number): Promise<void> {
    return this.#unlessLate(() => this.#connect(), timeoutMs, 'connect')
  }

  ask<T>(request: WireRequest<T>, { timeoutMs }: { readonly timeoutMs: number }): Promise<T> {
    const throttledMs = Math.min(maxThrottleMs, Math.max(0, this.#connection.requestQueue.throttledUntil - Date.now()))
    return this.#unlessLate(() => this.#send(request), timeoutMs + throttledMs, `answer ${request.apiName}`)
  }

  close(): void {
    this.#fail(new BrokerError('connection', this.#name, `the connection to the broker ${this.#name} was closed`))
  }

  async #connect(): Promise<void> {
    const connection = this.#connection
    this.#shown = this.#credentials()
    const connecting = connection.connect()
    // kafkajs does not report a connection that ends without an error.
    connection.socket?.once('close', () => this.#fail(this.#lost(null)))
    await connecting
    this.#versions = await sendBy(connection, apiVersionsRequest())
    connection.setVersions(this.#versions)
    connection.setSupportAuthenticationProtocol(this.#versions[saslAuthenticateKey] !== undefined)
    await connection.authenticate()
  }

  async #send<T>(request: WireRequest<T>): Promise<T> {
    const answer = await sendBy(this.#connection, request)
    this.#isWelcome = true
    return answer
  }

  /** Runs an action with a time-out. Any failure closes the link. */
  #unlessLate<T>(run: () => Promise<T>, timeoutMs: number, what: string): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const timer = setTimeout(
      () => this.#fail(new BrokerError('connection', this.#name, `the broker ${this.#name} did not ${what} within ${timeoutMs} ms`)),
      timeoutMs,
    )
    this.#waiting.add(reject)
    const settled = run().then(resolve, (thrown: unknown) => this.#fail(this.#unlessExchanged(this.#errorOf(thrown))))
    void settled.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(reject)
    })
    return promise
  }

  #errorOf(thrown: unknown): BrokerError {
    if (thrown instanceof BrokerError)
      return thrown.broker === ''
        ? new BrokerError(thrown.kind, this.#name, `the broker ${this.#name}: ${thrown.message}`, { cause: thrown })
        : thrown
    if (thrown instanceof RangeError)
      return new BrokerError('connection', this.#name, `the response of the broker ${this.#name} cannot be read: ${thrown.message}`, {
        cause: thrown,
      })
    return this.#lost(thrown)
  }

  /** A refusal of credentials is final only if the files still hold the same ones. Others are tried with the next connection. */
  #unlessExchanged(error: BrokerError): BrokerError {
    if (error.kind !== 'unauthenticated' || this.#credentials() === this.#shown) return error
    return new BrokerError(
      'connection',
      this.#name,
      `the broker ${this.#name} got credentials that have been replaced since: ${error.message}`,
      { cause: error },
    )
  }

  #lost(cause: unknown): BrokerError {
    const isClosed = cause === null || (cause instanceof Error && cause.name === 'KafkaJSConnectionClosedError')
    const advice = this.#isWelcome ? '' : ' before its first response: does this listener want TLS or SASL?'
    if (isClosed) return new BrokerError('connection', this.#name, `the broker ${this.#name} closed the connection${advice}`, { cause })
    const { kind, detail } = describeKafkaError(cause)
    return new BrokerError(
      kind === 'transient' ? 'connection' : kind,
      this.#name,
      detail.includes(this.#name) ? detail : `the broker ${this.#name}: ${detail}`,
      { cause },
    )
  }

  /** Fails the link at a response to a request that was not sent. The next response would meet the wrong request as well. */
  #refuseWrongAnswers(): void {
    const { requestQueue } = this.#connection
    const fulfill = requestQueue.fulfillRequest.bind(requestQueue)
    requestQueue.fulfillRequest = (answer) => {
      if (requestQueue.inflight.has(answer.correlationId)) fulfill(answer)
      else
        this.#fail(
          new BrokerError(
            'connection',
            this.#name,
            `the broker ${this.#name} answered a request that was not sent (correlation id ${answer.correlationId})`,
          ),
        )
    }
  }

  #fail(error: BrokerError): void {
    if (this.#failure !== null) return
    this.#failure = error
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
    // With an error, kafkajs rejects the waiting requests and ends its timers. `#unlessLate` has already handled these rejections.
    this.#connection.socket?.destroy(error)
  }
}
