import { createDevelopmentIssuer } from './adapters/jose/development-keys.ts'
import { createJwtAuthenticator } from './adapters/jose/authenticator.ts'
import { createMemoryLog } from './adapters/memory/memory-log.ts'
import type { Config } from './config/options.ts'
import { acceptRulesOf, takesSends } from './config/upstream.ts'
import { loadConsole } from './console/load-console.ts'
import type { EventPublisher } from './emit/event-publisher.ts'
import type { GatewayAdapters } from './gateway.ts'
import type { Logger } from '../program/log/logger.ts'
import { startTracing } from './observability/opentelemetry.ts'
import type { TracingEnvironment } from './observability/tracer.ts'
import { createPinoLogger } from '../program/log/pino.ts'
import { createPrometheusMetrics } from './observability/prometheus.ts'
import type { Metrics } from './observability/metrics.ts'
import type { CompileSchema } from './upstream/data-validator.ts'

/** Makes the real adapters of a configuration: Kafka or the in-process log, configured keys or those of development mode. */
export async function createGatewayAdapters(
  config: Config,
  world: { readonly env: TracingEnvironment; readonly version: string },
): Promise<GatewayAdapters> {
  const isLogText = config.logFormat === 'text' || (config.logFormat === 'auto' && config.isDevelopment)
  const logger = createPinoLogger({
    format: isLogText ? 'text' : 'json',
    level: config.logLevel,
    name: 'carillon-gateway',
    version: world.version,
  })
  const prometheus = createPrometheusMetrics({ version: world.version })
  const tracing = await startTracing({ serviceName: 'carillon-gateway', version: world.version, env: world.env, logger })
  const identity = await createIdentity(config, logger, prometheus.metrics)
  const isConsoleOn = config.console === 'on' || (config.console === 'auto' && config.isDevelopment)
  return {
    ...(await createLog(config, logger, prometheus.metrics)),
    compileSchema: await createSchemaCompiler(config),
    ...identity,
    consoleAssets: isConsoleOn ? await loadConsole({ ...config, cookieName: config.jwtCookie }) : null,
    metrics: prometheus.metrics,
    metricsPage: prometheus,
    logger,
    tracer: tracing.tracer,
    stopTracing: () => tracing.stop(),
    version: world.version,
  }
}

type Log = Pick<GatewayAdapters, 'source' | 'publisher' | 'upstreamPublisher' | 'control' | 'deadLetters'>
type Identity = Pick<GatewayAdapters, 'authenticator' | 'keys' | 'issueToken'>

async function createLog(config: Config, logger: Logger, metrics: Metrics): Promise<Log> {
  if (config.kafkaBrokers.length === 0) {
    const log = createMemoryLog({ partitions: config.kafkaTopicPartitions, clock: { now: Date.now }, dropsRead: true })
    const control = createMemoryLog({ partitions: 1, clock: { now: Date.now } })
    return {
      source: log.source(),
      publisher: log.publisher(),
      upstreamPublisher: createUpstreamMemory(config),
      control: { source: control.source(), publisher: control.publisher() },
      deadLetters: null,
    }
  }
  // The Kafka client costs 60 ms and 12 MB, so it is loaded only if it is used.
  const { createKafkaLog } = await import('./adapters/kafka/kafka-log.ts')
  return createKafkaLog(config, { logger, metrics })
}

/** Makes a log of its own for what browsers send. Only the newest records are kept, because no program can read them. */
function createUpstreamMemory(config: Config): EventPublisher | null {
  if (!takesSends(config)) return null
  return createMemoryLog({ partitions: config.kafkaTopicPartitions, clock: { now: Date.now }, maxRecordsPerPartition: 100 }).publisher()
}

/** The library of schemas costs 30 ms and 5 MB, so it is loaded only if a rule has a schema. */
async function createSchemaCompiler(config: Config): Promise<CompileSchema | null> {
  if (acceptRulesOf(config).every(({ schema }) => schema === null)) return null
  const { compileSchema } = await import('./adapters/ajv/compile-schema.ts')
  return compileSchema
}

async function createIdentity(config: Config, logger: Logger, metrics: Metrics): Promise<Identity> {
  if (config.isDevelopment) {
    const issuer = await createDevelopmentIssuer({ logger, metrics })
    return { authenticator: issuer.authenticator, keys: null, issueToken: issuer.sign }
  }
  const authenticator = createJwtAuthenticator(config, { logger, metrics, now: Date.now })
  return { authenticator, keys: authenticator, issueToken: null }
}
