import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { findFreePortPair } from '../../testing/free-ports.ts'

/** A gateway process of the proof, on ports that stay the same when it is started again. */
export interface GatewayProcess {
  readonly name: string
  readonly port: number
  readonly internalPort: number
  /** Resolves when the gateway is ready. @throws when it ends or is not ready in time */
  start(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>
  /** SIGKILL. Idempotent. */
  kill(): void
  isReady(): Promise<boolean>
  /** Whether the gateway names partitions that it cannot read just now. */
  isDegraded(): Promise<boolean>
}

const entry = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url))

export async function createGatewayProcess(name: string, env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const port = await findFreePortPair()
  const internalPort = port + 1
  let child: ChildProcess | null = null
  const isReady = (): Promise<boolean> =>
    // Not listening, or not answering in time: not ready.
    fetch(`http://127.0.0.1:${internalPort}/readyz`, { signal: AbortSignal.timeout(1000) }).then(
      (response) => response.ok,
      () => false,
    )
  const isDegraded = async (): Promise<boolean> => {
    const page = (await (await fetch(`http://127.0.0.1:${internalPort}/readyz`, { signal: AbortSignal.timeout(1000) })).json()) as {
      readonly degraded: readonly unknown[]
    } // our own page
    return page.degraded.length > 0
  }
  return {
    name,
    port,
    internalPort,
    isReady,
    isDegraded: () => isDegraded().catch(() => false), // not listening, or not answering in time: nothing is named
    start: async () => {
      child = spawn(process.execPath, [entry], {
        env: {
          PATH: process.env.PATH,
          HOST: '127.0.0.1',
          INTERNAL_HOST: '127.0.0.1',
          PORT: String(port),
          INTERNAL_PORT: String(internalPort),
          LOG_LEVEL: 'error',
          ...env,
        },
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      const started = child
      await waitFor(isReady, { timeoutMs: 60_000, what: `gateway ${name} to be ready`, isPossible: () => started.exitCode === null })
    },
    terminate: async () => {
      if (child === null || child.exitCode !== null) return child?.exitCode ?? null
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null] // the arguments of 'exit'
      return code
    },
    kill: () => void child?.kill('SIGKILL'),
  }
}

export interface WaitOptions {
  readonly timeoutMs: number
  readonly what: string
  /** False: there is no use in waiting on. */
  readonly isPossible?: () => boolean
}

/** @throws when the time is over, or there is no use in waiting on */
export async function waitFor(isTrue: () => boolean | Promise<boolean>, options: WaitOptions): Promise<void> {
  const deadlineMs = Date.now() + options.timeoutMs
  while (!(await isTrue())) {
    if (options.isPossible?.() === false) throw new Error(`waited for ${options.what}, but that cannot happen any more`)
    if (Date.now() > deadlineMs) throw new Error(`waited ${options.timeoutMs / 1000} s for ${options.what}`)
    await pause(50)
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
