import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gatewayNodeFlags } from '../../program/node-flags.ts'
import type { ProbeAnswer, ProbeQuestion } from '../../testing/processes/process-probe.ts'

/** A real gateway process that also reports its cost. */
export interface ProbedGateway {
  readonly ports: { readonly public: number; readonly internal: number }
  readonly pid: number
  /** @throws when the process has ended */
  ask(ask: ProbeQuestion['ask']): Promise<ProbeAnswer>
  /** Null while the process lives; afterwards the reason of its end, with its last lines. */
  ended(): string | null
  /** Lines of the log of level error so far. */
  readonly errors: readonly string[]
  /**
   * Ends the process with SIGTERM.
   * @returns its exit code; null: a signal ended it
   */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

export interface ProbedGatewayOptions {
  /** The program. @default `gateway/main.ts` of this repository */
  readonly main?: URL
  /** The whole environment, besides PATH and free ports. */
  readonly env?: Readonly<Record<string, string>>
  /** Further flags of Node.js. */
  readonly execArgv?: readonly string[]
}

const probe = new URL('../../testing/processes/process-probe.ts', import.meta.url).href
/** A program with keys of its own as in production and the log in the process; `GATEWAY_ROOT` names another repository whose gateway it starts. */
export const keyedGateway = new URL('./keyed-gateway.ts', import.meta.url)
const gatewayMain = new URL('../main.ts', import.meta.url)

/**
 * Starts a gateway on free ports. Resolves when it is ready.
 * @throws with its output, when it ends before
 */
export async function startProbedGateway({
  main = gatewayMain,
  env = {},
  execArgv = [],
}: ProbedGatewayOptions = {}): Promise<ProbedGateway> {
  const child = fork(fileURLToPath(main), [], {
    env: { PATH: process.env['PATH'], LOG_FORMAT: 'json', PORT: '0', INTERNAL_PORT: '0', ...env },
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', probe, ...gatewayNodeFlags, ...execArgv],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = watchLog([child.stdout, child.stderr])
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  let end: string | null = null
  const waiting = new Map<number, { readonly resolve: (answer: ProbeAnswer) => void; readonly reject: (error: Error) => void }>()
  child.on('message', (answer: ProbeAnswer) => {
    waiting.get(answer.id)?.resolve(answer)
    waiting.delete(answer.id)
  })
  child.once('exit', (code, signal) => {
    end = `the gateway ended with ${signal ?? code}: ${log.tail()}`
    log.wake()
    for (const { reject } of waiting.values()) reject(new Error(end))
  })
  let lastId = 0
  const gateway = {
    pid: child.pid ?? 0,
    errors: log.errors,
    ended: () => end,
    ask: (ask: ProbeQuestion['ask']): Promise<ProbeAnswer> =>
      new Promise((resolve, reject) => {
        if (end !== null) return reject(new Error(end))
        lastId += 1
        waiting.set(lastId, { resolve, reject })
        child.send({ id: lastId, ask } satisfies ProbeQuestion)
      }),
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
  const ports = await portsOf(log, () => end).catch(async (error: unknown) => {
    await gateway.kill()
    throw error
  })
  return { ...gateway, ports }
}

/** Log lines that contain the gateway's address, and its readiness. */
async function portsOf(log: Log, ended: () => string | null): Promise<ProbedGateway['ports']> {
  for (;;) {
    const listening = log.lines.find(({ msg }) => msg === 'listening')
    const isReady = log.lines.some(({ msg, ready }) => msg === 'readiness changed' && ready === true)
    if (listening !== undefined && isReady) return { public: Number(listening['port']), internal: Number(listening['internalPort']) }
    const end = ended()
    if (end !== null) throw new Error(end)
    await log.more()
  }
}

type Log = ReturnType<typeof watchLog>
const maxLines = 200

/** Keeps the first lines, which have the addresses of the gateway, and all errors. */
function watchLog(streams: readonly (NodeJS.ReadableStream | null)[]) {
  const lines: Readonly<Record<string, unknown>>[] = []
  const errors: string[] = []
  let [rest, last] = ['', '']
  let wake = (): void => {}
  const take = (line: string): void => {
    last = `${last}\n${line}`.slice(-4_000)
    if (/"level":"(error|fatal)"/.test(line)) errors.push(line)
    // The log writes objects, one a line.
    if (line.startsWith('{') && lines.length < maxLines) lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
  }
  for (const stream of streams) {
    stream?.on('data', (chunk: Buffer) => {
      const whole = (rest + chunk.toString()).split('\n')
      rest = whole.pop() ?? ''
      for (const line of whole) take(line)
      wake()
    })
  }
  return { lines, errors, tail: () => last, more: () => new Promise<void>((resolve) => (wake = resolve)), wake: () => wake() }
}
