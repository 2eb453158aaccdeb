/** The whole gateway as `make start` runs it, on an in-process log, or on Kafka when its environment names one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createGatewayAdapters } from '../../gateway/adapters.ts'
import { startGateway } from '../../gateway/gateway.ts'
import { answerCalls } from '../lib/calls.ts'
import { readOptions } from '../lib/core.ts'

/** Calls that this process answers. */
export interface EmitGatewayCalls extends Record<string, (parameter: never) => unknown> {
  /** Resolves when the gateway is ready. */
  start(parameter: null): Promise<EmitTarget>
}

export interface EmitTarget {
  readonly port: number
  readonly emitPath: string
  readonly socketPath: string
  readonly token: string
}

const brokers = process.env.KAFKA_BROKERS ?? ''
const options = readOptions({
  PORT: '0',
  INTERNAL_PORT: '0',
  LOG_LEVEL: 'silent',
  EMIT_RATE_PER_S: '100000',
  EMIT_BURST: '100000',
  KAFKA_BROKERS: brokers,
})

const calls: EmitGatewayCalls = {
  start: async () => {
    const adapters = await createGatewayAdapters(options, { env: {}, version: '0.0.0' })
    const gateway = await startGateway(options, adapters)
    while (!gateway.health.ready().ok) await sleep(10)
    const token = await adapters.issueToken?.({
      user_id: 'ann',
      username: 'ann',
      org_id: 'acme',
      exp: Math.floor(Date.now() / 1000) + 86_400,
    })
    if (token === undefined || !token.ok) throw new Error('development mode should sign tokens')
    return {
      port: gateway.ports.public,
      emitPath: `/api/${options.channel}/v1/emit-message`,
      socketPath: `/wss/${options.channel}/v1/ws`,
      token: token.value,
    }
  },
}

answerCalls(calls)
