import { spawn } from 'node:child_process'
import { findQuietPortPair } from '../../../testing/free-ports.ts'
import { type GatewayProcess, spawnGateway } from '../../../testing/processes/gateway-process.ts'

/** A gateway in development mode, as a process: a stand-in for a pod in Kubernetes. */
export interface Pod {
  readonly name: string
  readonly url: string
  readonly socketUrl: string
  readonly process: GatewayProcess
  /** `/readyz` and `/livez`, as a kubelet sees them; status 0: no answer within three seconds. */
  readyz(): Promise<Verdict>
  livez(): Promise<Verdict>
  metrics(): Promise<string>
  /**
   * Resolves when it is ready.
   * @throws when it ends before, or is not ready in time, with the reason of its readiness
   */
  untilReady(timeoutMs: number): Promise<void>
  token(userId: string): Promise<string>
  kill(): Promise<void>
}

export interface Verdict {
  readonly status: number
  readonly body: string
}

const startTimeoutMs = 30_000

/**
 * Resolves when its process answers probes, ready or not.
 * @throws when it ends before, or does not answer within thirty seconds
 */
export async function startPod(name: string, env: Readonly<Record<string, string>>): Promise<Pod> {
  const port = await findQuietPortPair()
  const ports = { PORT: String(port), INTERNAL_PORT: String(port + 1) }
  const process = spawnGateway({
    env: { ...ports, DRAIN_MS: '0', LOG_LEVEL: 'info', KAFKA_CREATE_TOPIC: 'off', EMIT_RATE_PER_S: '100000', EMIT_BURST: '100000', ...env },
  })
  endWithTest(process.pid)
  const pod = podOf(name, process, port)
  await untilVerdict(pod, { look: pod.livez, timeoutMs: startTimeoutMs, what: 'answer probes' }).catch(async (cause: unknown) => {
    await process.kill()
    throw cause
  })
  return pod
}

function podOf(name: string, process: GatewayProcess, port: number): Pod {
  const [url, internalUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`]
  const pod: Pod = {
    name,
    url,
    socketUrl: `ws://127.0.0.1:${port}/wss/chrome-service/v1/ws`,
    process,
    readyz: () => look(`${internalUrl}/readyz`),
    livez: () => look(`${internalUrl}/livez`),
    metrics: async () => (await look(`${internalUrl}/metrics`)).body,
    untilReady: (timeoutMs) => untilVerdict(pod, { look: pod.readyz, timeoutMs, what: 'become ready' }),
    token: async (userId) => {
      const answer = await fetch(`${url}/dev/token`, { method: 'POST', body: JSON.stringify({ user_id: userId }) })
      return ((await answer.json()) as { readonly token: string }).token // by the API's description
    },
    kill: () => process.kill(),
  }
  return pod
}

/** Ends a process when the test's own is gone, in any way: a pod must not outlive it. */
export function endWithTest(pid: number | undefined): void {
  if (pid === undefined) return
  const watch = `while kill -0 ${pid} && kill -0 ${globalThis.process.pid}; do sleep 1; done; kill -KILL ${pid}`
  spawn('sh', ['-c', watch], { detached: true, stdio: 'ignore' }).unref()
}

async function look(url: string): Promise<Verdict> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return { status: response.status, body: await response.text() }
  } catch (cause) {
    // It is being started, has ended, or is too slow: a kubelet cannot tell these apart.
    return { status: 0, body: String(cause) }
  }
}

interface Waiting {
  readonly look: () => Promise<Verdict>
  readonly timeoutMs: number
  readonly what: string
}

async function untilVerdict({ name, process }: Pod, { look: ask, timeoutMs, what }: Waiting): Promise<void> {
  let hasEnded = false
  void process.exited.then(() => (hasEnded = true))
  for (const deadlineMs = performance.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const verdict = await ask()
    if (verdict.status === 200) return
    const problem = hasEnded ? 'ended' : performance.now() > deadlineMs ? `did not ${what} within ${timeoutMs} ms` : null
    if (problem !== null)
      throw new Error(`pod ${name} ${problem}: ${verdict.body}\n${process.stdout.slice(-2_000)}${process.stderr.slice(-1_000)}`)
  }
}
