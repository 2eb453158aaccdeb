import { parseOptions } from '../../gateway/config/parse-options.ts'
import { createRecordDecoder } from '../../gateway/event/decode-record.ts'
import { encodeEvent } from '../../gateway/event/encode-event.ts'
import type { Channel } from '../../gateway/channel/channel.ts'
import { createChannel } from '../../gateway/channel/create-channel.ts'
import type { Ingest } from '../../gateway/channel/ingest.ts'
import { disabledTracer } from '../../gateway/observability/disabled-tracer.ts'
import { createPinoLogger } from '../../program/log/pino.ts'
import { createPrometheusMetrics } from '../../gateway/observability/prometheus.ts'
import type { Config } from '../../gateway/config/options.ts'
import type { Principal } from '../../gateway/audience/principal.ts'

export interface Core {
  readonly channel: Channel
  readonly ingest: Ingest
}

/** Makes the gateway's core as the gateway does, with its decoder, encoder and metrics, but without I/O. */
export function createCoreFactory(): (options: Config) => Core {
  // One registry, as in a gateway: each one would watch the garbage collector.
  const { metrics } = createPrometheusMetrics()
  const logger = createPinoLogger({ level: 'silent', name: 'bench', version: '0.0.0' })
  return (options) =>
    createChannel({
      options,
      decode: createRecordDecoder({ maxEventBytes: options.maxEventBytes, maxAudienceNames: options.maxAudienceSize }),
      encode: encodeEvent,
      metrics,
      logger,
      tracer: disabledTracer,
      now: Date.now,
      random: Math.random,
      observer: { opened: () => {}, warmedUp: () => {}, health: () => {} },
    })
}

/** Returns the options of development mode. @throws Error when they are invalid */
export function readOptions(env: Readonly<Record<string, string>>): Config {
  const config = parseOptions({ NODE_ENV: 'development', ...env }, { readable: () => false })
  if (!config.ok) throw new Error(JSON.stringify(config.error))
  return config.value
}

export const principalOf = (userId: string): Principal => ({
  userId,
  username: null,
  organizationId: null,
  accountNumber: null,
  roles: [],
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
})
