import { fileURLToPath } from 'node:url'
import { gatewayNodeFlags } from '../../program/node-flags.ts'
import { findFreePortPair } from '../free-ports.ts'
import { until } from '../until.ts'
import { spawnProgram, type Program, type ProgramOptions } from './program.ts'

export type { Program as GatewayProcess, ProgramOptions as GatewayProcessOptions } from './program.ts'

/** Starts `node gateway/main.ts` as a process of its own, with the flags of its image. Does not wait until it listens. */
export function spawnGateway(options: ProgramOptions = {}): Program {
  return spawnProgram(fileURLToPath(new URL('../../gateway/main.ts', import.meta.url)), { nodeFlags: gatewayNodeFlags, ...options })
}

/** A gateway in development mode that listens, as `make start` has it. */
export interface StartedGateway {
  readonly port: number
  readonly origin: string
  /** Ends it like a crash: its in-process log is gone with it. Idempotent. */
  kill(): Promise<void>
}

/** Starts a gateway and waits until it listens. @param port 0: a free one @param env options, as a user would set them */
export async function startGateway(port = 0, env: Readonly<Record<string, string>> = {}): Promise<StartedGateway> {
  const gateway = spawnGateway({ env: { PORT: String(port), INTERNAL_PORT: '0', LOG_LEVEL: 'info', ...env } })
  const listening = Number((await gateway.line('listening'))['port'])
  return { port: listening, origin: `http://localhost:${listening}`, kill: gateway.kill }
}

/** A gateway on ports that stay the same when it starts again. */
export interface RestartableGateway {
  readonly name: string
  readonly port: number
  readonly internalPort: number
  /** Resolves when the gateway is ready. @throws when it ends before, or is not ready in time */
  start(): Promise<void>
  /** Sends SIGTERM and returns the exit code. */
  terminate(): Promise<number | null>
  /** Sends SIGKILL. Idempotent. */
  kill(): Promise<void>
  isReady(): Promise<boolean>
  /** Returns true while the gateway names partitions that it cannot read. */
  isDegraded(): Promise<boolean>
}

/** Reserves ports for a gateway; `start` runs it. Its errors go to this process's output. */
export async function createRestartableGateway(name: string, env: Readonly<Record<string, string>>): Promise<RestartableGateway> {
  const port = await findFreePortPair()
  const internalPort = port + 1
  let running: Program | null = null
  const readyz = (): Promise<Response> => fetch(`http://127.0.0.1:${internalPort}/readyz`, { signal: AbortSignal.timeout(1000) })
  // A gateway that does not listen, or does not answer in time, is not ready and names no partition.
  const isReady = (): Promise<boolean> =>
    readyz()
      .then(({ ok }) => ok)
      .catch(() => false)
  const isDegraded = async (): Promise<boolean> => {
    const page = (await (await readyz()).json()) as { readonly degraded: readonly unknown[] } // our own page
    return page.degraded.length > 0
  }
  return {
    name,
    port,
    internalPort,
    isReady,
    isDegraded: () => isDegraded().catch(() => false),
    start: async () => {
      const addresses = { HOST: '127.0.0.1', INTERNAL_HOST: '127.0.0.1', PORT: String(port), INTERNAL_PORT: String(internalPort) }
      const started = spawnGateway({
        env: { ...addresses, LOG_LEVEL: 'error', ...env },
        onOutput: (text) => void process.stderr.write(text),
      })
      let hasEnded = false
      void started.exited.then(() => (hasEnded = true))
      running = started
      await until(isReady, { seconds: 60, everyMs: 50, what: `gateway ${name} to be ready`, isPossible: () => !hasEnded })
    },
    terminate: async () => {
      running?.signal('SIGTERM')
      return running === null ? null : (await running.exited).code
    },
    kill: async () => running?.kill(),
  }
}
