/** The whole gateway, which takes events by the emit API and from the sockets of its clients. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createGatewayAdapters } from '../../gateway/adapters.ts'
import { startGateway } from '../../gateway/gateway.ts'
import { answerCalls } from '../lib/calls.ts'
import { readOptions } from '../lib/core.ts'

/** Calls that this process answers. */
export interface SendGatewayCalls extends Record<string, (parameter: never) => unknown> {
  /** Resolves when the gateway is ready. @param parameter.users users with a token each */
  start(parameter: { readonly users: number }): Promise<SendTarget>
  /** Returns the microseconds of processor time that this process has taken. */
  cpuMicros(parameter: null): number
}

export interface SendTarget {
  readonly port: number
  readonly emitPath: string
  readonly socketPath: string
  /** A token for each user. */
  readonly tokens: readonly string[]
}

/** Types of the events: delivered to no client, and to their sender. */
export const sentTypes = { none: 'bench.none', self: 'bench.self' } as const

const rule = { ratePerUser: 10_000, burst: 10_000 }
const options = readOptions({
  PORT: '0',
  INTERNAL_PORT: '0',
  LOG_LEVEL: 'warn',
  EMIT_RATE_PER_S: '100000',
  EMIT_BURST: '100000',
  INBOUND_FRAMES_PER_S: '10000',
  INBOUND_FRAMES_BURST: '10000',
  USER_FRAMES_PER_S: '100000',
  USER_FRAMES_BURST: '100000',
  UPSTREAM_ACCEPT: JSON.stringify([
    { type: sentTypes.none, ...rule },
    { type: sentTypes.self, deliverTo: 'self', ...rule },
  ]),
  KAFKA_BROKERS: process.env.KAFKA_BROKERS ?? '',
})

const calls: SendGatewayCalls = {
  start: async ({ users }) => {
    const adapters = await createGatewayAdapters(options, { env: {}, version: '0.0.0' })
    const quiet = { ...adapters.logger, info: () => {} }
    const gateway = await startGateway(options, { ...adapters, logger: quiet })
    while (!gateway.health.ready().ok) await sleep(10)
    const exp = Math.floor(Date.now() / 1000) + 86_400
    const tokens = Array.from({ length: users }, async (_, user) => {
      const token = await adapters.issueToken?.({ user_id: `user-${user}`, exp })
      if (token === undefined || !token.ok) throw new Error('development mode should sign tokens')
      return token.value
    })
    return {
      port: gateway.ports.public,
      emitPath: `/api/${options.channel}/v1/events`,
      socketPath: `/wss/${options.channel}/v1/ws?cursor=latest`,
      tokens: await Promise.all(tokens),
    }
  },
  cpuMicros: () => {
    const { user, system } = process.cpuUsage()
    return user + system
  },
}

answerCalls(calls)
