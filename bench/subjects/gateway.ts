/**
 * The whole gateway as `make start` runs it, on an in-process log that the benchmark appends to. With `JWT_KEYS_FILE` it verifies tokens with those keys,
 * as in production, and signs none: the benchmark has its own.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createGatewayAdapters } from '../../gateway/adapters.ts'
import { createMemoryLog } from '../../gateway/adapters/memory/memory-log.ts'
import type { MemoryRecord } from '../../gateway/adapters/memory/memory-partition.ts'
import { parseOptions } from '../../gateway/config/parse-options.ts'
import { type Gateway, startGateway } from '../../gateway/gateway.ts'
import { answerCalls } from '../lib/calls.ts'
import { nowMs } from '../lib/clock.ts'
import type { SubjectCalls } from '../lib/subject-calls.ts'
import { measureSelf } from '../lib/usage.ts'

/** Limits that the benchmark would otherwise reach before it measures anything. */
const limits = {
  MAX_CONNECTIONS: '100000',
  MAX_CONNECTIONS_PER_USER: '100000',
  MAX_DISTINCT_FILTERS_PER_USER: '100000',
  UPGRADE_RATE_PER_S: '100000',
  UPGRADE_BURST: '100000',
}
const { JWT_KEYS_FILE: jwtKeysFile = '', ...given } = process.env
const env = { ...given, NODE_ENV: 'development', PORT: '0', INTERNAL_PORT: '0', LOG_LEVEL: 'silent', ...limits }

const config = parseOptions(env, { readable: () => false })
if (!config.ok) throw new Error(JSON.stringify(config.error))
const options = jwtKeysFile === '' ? config.value : { ...config.value, jwtKeysFile, isDevelopment: false }
// Records in the stand-in for Kafka are not memory of the gateway.
const log = createMemoryLog({ partitions: options.kafkaTopicPartitions, clock: Date, maxRecordsPerPartition: 16 })
let sent = 0

const calls: SubjectCalls = {
  ...measureSelf(),
  start: async () => {
    const adapters = await createGatewayAdapters(options, { env, version: '0.0.0' })
    const gateway = await startGateway(options, { ...adapters, source: log.source(), publisher: log.publisher() })
    await ready(gateway)
    const authorization = async (userId: string): Promise<Record<string, string>> => {
      const token = await adapters.issueToken?.({
        user_id: userId,
        username: userId,
        org_id: 'acme',
        exp: Math.floor(Date.now() / 1000) + 86_400,
      })
      return token?.ok === true ? { authorization: `Bearer ${token.value}` } : {}
    }
    const path = `/wss/${options.channel}/v1/ws`
    return {
      host: '127.0.0.1',
      port: gateway.ports.public,
      path,
      headers: await authorization('somebody'),
      otherHeaders: await authorization('other'),
    }
  },
  broadcast: async ({ events, bytes, to }) => {
    const audience = to === 'everybody' ? '{"broadcast":true}' : '{"users":["other"]}'
    log.append(Array.from({ length: events }, () => recordOf(bytes, audience)))
  },
}

/** @param bytes approximate size of the frame */
function recordOf(bytes: number, audience: string): MemoryRecord {
  sent += 1
  // The attributes, the cursor and the frame's header take the rest.
  const fill = 'x'.repeat(Math.max(0, bytes - 280))
  return {
    partition: sent % options.kafkaTopicPartitions,
    value: `{"at":${nowMs().toFixed(3)},"fill":"${fill}"}`,
    headers: {
      ce_specversion: '1.0',
      ce_id: String(sent),
      ce_source: '/bench',
      ce_type: 'com.example.bench',
      ce_audience: audience,
      'content-type': 'application/json',
    },
  }
}

async function ready(gateway: Gateway): Promise<void> {
  while (!gateway.health.ready().ok) await sleep(10)
}

answerCalls(calls)
