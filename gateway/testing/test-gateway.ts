import { createDevelopmentIssuer } from '../adapters/jose/development-keys.ts'
import { compileSchema } from '../adapters/ajv/compile-schema.ts'
import { createMemoryLog, type MemoryLog } from '../adapters/memory/memory-log.ts'
import { channelPaths } from '../config/channel-paths.ts'
import type { Config } from '../config/options.ts'
import { takesSends } from '../config/upstream.ts'
import { parseOptions } from '../config/parse-options.ts'
import { type Gateway, type GatewayAdapters, startGateway } from '../gateway.ts'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import { createRecordingLogger } from './recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from './recording-metrics.ts'

/**
 * Starts a whole gateway on free ports of 127.0.0.1: real HTTP, real sockets, real tokens. The log is in the process, and can be shared.
 */
export interface TestGateway {
  readonly gateway: Gateway
  readonly log: MemoryLog
  readonly upstreamLog: MemoryLog
  readonly metrics: RecordingMetrics
  readonly logger: ReturnType<typeof createRecordingLogger>
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly internalUrl: string
  readonly socketUrl: string
  /** Returns a token for these claims. */
  token(claims: Readonly<Record<string, unknown>>): Promise<string>
  emit(message: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
  stop(): Promise<void>
}

export interface TestGatewayOptions {
  /** Environment variables, as a user would set them. */
  readonly env?: Readonly<Record<string, string>>
  /** Options that no environment can set: tests of production's rules with the tokens of development. */
  readonly config?: Partial<Config>
  readonly log?: MemoryLog
  /** The log of the revocations. @default one of its own */
  readonly control?: MemoryLog
  /** The topic for what clients send. */
  readonly upstreamLog?: MemoryLog
  readonly adapters?: Partial<GatewayAdapters>
}

export const createTestLog = (): MemoryLog => createMemoryLog({ partitions: 4, clock: { now: Date.now }, endsIntervalMs: 50 })

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const parsed = parseOptions({ PORT: '0', INTERNAL_PORT: '0', DRAIN_MS: '0', ...options.env }, { readable: () => true })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  const config: Config = { ...parsed.value, ...options.config }
  const log = options.log ?? createTestLog()
  const control = options.control ?? createMemoryLog({ partitions: 1, clock: { now: Date.now }, endsIntervalMs: 50 })
  const upstreamLog = options.upstreamLog ?? createTestLog()
  const metrics = createRecordingMetrics()
  const logger = createRecordingLogger()
  const issuer = await createDevelopmentIssuer({ logger: logger.logger, metrics: metrics.metrics })
  const gateway = await startGateway(config, {
    source: log.source(),
    publisher: log.publisher(),
    control: { source: control.source(), publisher: control.publisher() },
    upstreamPublisher: takesSends(config) ? upstreamLog.publisher() : null,
    compileSchema,
    deadLetters: null,
    authenticator: issuer.authenticator,
    keys: null,
    issueToken: config.isDevelopment ? issuer.sign : null,
    consoleAssets: null,
    metrics: metrics.metrics,
    metricsPage: { contentType: 'text/plain', render: () => Promise.resolve('') },
    logger: logger.logger,
    tracer: disabledTracer,
    stopTracing: () => Promise.resolve(),
    version: '0.0.0-test',
    ...options.adapters,
  })
  const { public: port, internal } = gateway.ports
  const url = `http://127.0.0.1:${port}`
  const { socket, api } = channelPaths(config)
  return {
    gateway,
    log,
    upstreamLog,
    metrics,
    logger,
    url,
    internalUrl: `http://127.0.0.1:${internal}`,
    socketUrl: `ws://127.0.0.1:${port}${socket}`,
    token: async (claims) => {
      const signed = await issuer.sign(claims)
      if (!signed.ok) throw new Error(signed.error)
      return signed.value
    },
    emit: (message, headers = {}) => fetch(`${url}${api}/emit-message`, { method: 'POST', headers, body: JSON.stringify(message) }),
    stop: () => gateway.stop(),
  }
}
