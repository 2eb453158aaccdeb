import { findQuietPortPair } from '../../testing/free-ports.ts'
import { createDevelopmentIssuer } from '../adapters/jose/development-keys.ts'
import { createRecordingLogger } from './recording-logger.ts'
import { createRecordingMetrics } from './recording-metrics.ts'
import { createTestLog, startTestGateway } from './test-gateway.ts'

/** A pod that stops and starts again on its port, and another pod of the channel, which stays. The keys of tokens stay, too. */
export interface RestartingPod {
  readonly port: number
  /** `http://localhost:<port>` */
  readonly origin: string
  token(): Promise<string>
  /** Emits to all, by the other pod. */
  emit(type: string): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  /** Deletes the topic and creates it again. */
  recreateTopic(): void
  /** Stops both pods. */
  close(): Promise<void>
}

/** Starts both pods. */
export async function createRestartingPod(): Promise<RestartingPod> {
  const log = createTestLog()
  const { authenticator, sign } = await createDevelopmentIssuer({
    logger: createRecordingLogger().logger,
    metrics: createRecordingMetrics().metrics,
  })
  const adapters = { authenticator, issueToken: sign }
  const port = await findQuietPortPair()
  const launch = (): ReturnType<typeof startTestGateway> => startTestGateway({ log, adapters, env: { PORT: String(port) } })
  const other = await startTestGateway({ log, adapters })
  let pod = await launch()
  return {
    port,
    origin: `http://localhost:${port}`,
    token: async () => {
      const token = await sign({ user_id: 'user-1', username: 'ada', org_id: 'org-1' })
      if (!token.ok) throw new Error(token.error)
      return token.value
    },
    emit: async (type) => {
      const { status } = await other.emit({ type, broadcast: true, payload: 1 })
      if (status !== 202) throw new Error(`The other pod answered ${status}.`)
    },
    start: async () => {
      pod = await launch()
    },
    stop: () => pod.stop(),
    recreateTopic: () => log.recreate(),
    close: async () => {
      await Promise.all([pod.stop(), other.stop()])
    },
  }
}
