/**
 * `make smoke`: starts the gateway as a newcomer does (`make start`), waits until it is ready, sends it the first requests, ends it by
 * SIGTERM, and expects exit code 0.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findFreePortPair } from '../testing/free-ports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readyTimeoutMs = 120_000

async function main(): Promise<void> {
  const port = await findFreePortPair()
  const internalPort = port + 1
  const child = spawn('make', ['--no-print-directory', 'start'], {
    cwd: root,
    // A newcomer's environment: nothing is configured.
    env: { ...withoutOptions(process.env), PORT: String(port), INTERNAL_PORT: String(internalPort) },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit')
  try {
    await waitForReady(`http://127.0.0.1:${internalPort}/readyz`, () => child.exitCode === null)
    await expectStatus(`http://127.0.0.1:${port}/health`, 200)
    await expectStatus(`http://127.0.0.1:${port}/console`, 200)
    await expectStatus(`http://127.0.0.1:${port}/api/chrome-service/v1/openapi.json`, 200)
    process.kill(gatewayOf(child.pid ?? 0), 'SIGTERM')
    const [code] = await exited
    if (code !== 0) throw new Error(`the gateway exited with ${String(code)} after SIGTERM; expected 0`)
    console.log('smoke: started, was ready, answered, and exited with 0')
  } finally {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
}

function withoutOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:NODE_ENV|KAFKA_|JWT_)/.test(name)))
}

async function waitForReady(url: string, isAlive: () => boolean): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs
  while ((await statusOf(url)) !== 200) {
    if (!isAlive()) throw new Error('make start ended before the gateway was ready')
    if (Date.now() > deadline) throw new Error(`${url} did not answer 200 within ${readyTimeoutMs / 1000} s`)
    await sleep(200)
  }
}

async function expectStatus(url: string, expected: number): Promise<void> {
  const status = await statusOf(url)
  if (status !== expected) throw new Error(`${url} answered ${status ?? 'nothing'}; expected ${expected}`)
}

function statusOf(url: string): Promise<number | null> {
  // Not listening yet is an answer as well.
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.status,
    () => null,
  )
}

/** Finds the gateway below make, npm and perhaps a shell. It alone gets the signal, and its exit code comes up through all of them. */
function gatewayOf(ancestor: number): number {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { maxBuffer: 16 << 20 })
    .toString()
    .split('\n')
  const processes = lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid, parent, words]) => ({ pid: Number(pid), parent: Number(parent), words: words ?? '' }))
  const below = (pid: number): readonly (typeof processes)[number][] =>
    processes.filter(({ parent }) => parent === pid).flatMap((each) => [each, ...below(each.pid)])
  const gateway = below(ancestor).findLast(({ words }) => /^\S*node(?: \S+)* gateway\/main\.ts/.test(words))
  if (gateway === undefined) throw new Error('no process below make start is the gateway')
  return gateway.pid
}

await main()
