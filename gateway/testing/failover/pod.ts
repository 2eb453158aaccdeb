import { spawn } from 'node:child_process'
import { type GatewayProcess, spawnGateway } from '../gateway-process.ts'

/** A gateway in development mode, as a process: what a pod is in Kubernetes. */
export interface Pod {
  readonly name: string
  readonly url: string
  readonly socketUrl: string
  readonly process: GatewayProcess
  /** `/readyz` and `/livez`, as a kubelet sees them; status 0: no answer within three seconds. */
  readyz(): Promise<Verdict>
  livez(): Promise<Verdict>
  metrics(): Promise<string>
  /** Resolves when it is ready. @throws when it ends before, or is not ready in time, with what it waits for */
  untilReady(timeoutMs: number): Promise<void>
  token(userId: string): Promise<string>
  kill(): Promise<void>
}

export interface Verdict {
  readonly status: number
  readonly body: string
}

const listeningTimeoutMs = 20_000

/** Resolves when its ports are open; nothing is said of readiness. @throws when it ends before, or its ports are not open within twenty seconds */
export async function startPod(name: string, env: Readonly<Record<string, string>>): Promise<Pod> {
  const process = spawnGateway({ env: { PORT: '0', INTERNAL_PORT: '0', DRAIN_MS: '0', LOG_LEVEL: 'info', KAFKA_CREATE_TOPIC: 'off', EMIT_RATE_PER_S: '100000', EMIT_BURST: '100000', ...env } })
  endWithTest(process.pid)
  const { port, internalPort } = await listeningLine(name, process)
  const [url, internalUrl] = [`http://127.0.0.1:${String(port)}`, `http://127.0.0.1:${String(internalPort)}`]
  const readyz = (): Promise<Verdict> => look(`${internalUrl}/readyz`)
  return {
    name,
    url,
    socketUrl: `${url.replace('http', 'ws')}/wss/chrome-service/v1/ws`,
    process,
    readyz,
    livez: () => look(`${internalUrl}/livez`),
    metrics: async () => (await look(`${internalUrl}/metrics`)).body,
    untilReady: (timeoutMs) => untilReady(name, { process, readyz, timeoutMs }),
    token: async (userId) => {
      const answer = await fetch(`${url}/dev/token`, { method: 'POST', body: JSON.stringify({ user_id: userId }) })
      return ((await answer.json()) as { readonly token: string }).token // by the API's description
    },
    kill: () => process.kill(),
  }
}

/** Ends a process when the test's own is gone, however that ended: a pod must not outlive it. */
export function endWithTest(pid: number | undefined): void {
  if (pid === undefined) return
  const watch = `while kill -0 ${pid} && kill -0 ${globalThis.process.pid}; do sleep 1; done; kill -KILL ${pid}`
  spawn('sh', ['-c', watch], { detached: true, stdio: 'ignore' }).unref()
}

async function listeningLine(name: string, process: GatewayProcess): Promise<Readonly<Record<string, unknown>>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`pod ${name} does not listen after ${listeningTimeoutMs} ms:\n${process.stdout.slice(-2_000)}`)), listeningTimeoutMs)
  })
  try {
    return await Promise.race([process.line('listening'), late])
  } catch (cause) {
    await process.kill()
    throw cause
  } finally {
    clearTimeout(timer)
  }
}

async function look(url: string): Promise<Verdict> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return { status: response.status, body: await response.text() }
  } catch (cause) {
    // It is being started, has ended, or is too slow: each is the same to a kubelet.
    return { status: 0, body: String(cause) }
  }
}

interface Waiting {
  readonly process: GatewayProcess
  readonly readyz: () => Promise<Verdict>
  readonly timeoutMs: number
}

async function untilReady(name: string, { process, readyz, timeoutMs }: Waiting): Promise<void> {
  let hasEnded = false
  void process.exited.then(() => (hasEnded = true))
  for (const deadlineMs = performance.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const verdict = await readyz()
    if (verdict.status === 200) return
    const problem = hasEnded ? 'ended' : performance.now() > deadlineMs ? `is not ready after ${timeoutMs} ms` : null
    if (problem !== null) throw new Error(`pod ${name} ${problem}: ${verdict.body}\n${process.stdout.slice(-2_000)}${process.stderr.slice(-1_000)}`)
  }
}
