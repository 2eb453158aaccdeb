import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import type { ChildProcess } from 'node:child_process'
import { withDeadline } from '../../program/waiting.ts'

/** One life of a broker, from its start to its end by any cause. */
export interface BrokerProcess {
  /** Process id, and id of its process group: the command may be a wrapper around the real broker. */
  readonly pid: number
  isRunning(): boolean
  /** Sends SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>
  /** Sends SIGTERM, and SIGKILL after 20 s without effect. Resolves when it has ended. */
  terminate(): Promise<void>
}

export interface BrokerProcessOptions {
  readonly command: string
  readonly port: number
  /** Address of its listener. @default 127.0.0.1 */
  readonly host?: string
  readonly dataDirectory: string
  readonly startTimeoutMs: number
}

const readyLine = 'Kafka Server started'
const terminationTimeoutMs = 20_000
const keptOutputCharacters = 4_000

/** Starts the command and waits until it reports its start and takes connections. @throws with its last output when it does not */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const { command, port, host = '127.0.0.1', dataDirectory, startTimeoutMs } = options
  // A process group of its own: one signal reaches a wrapper and the broker behind it, and nothing else.
  const child = spawn(command, ['--port', String(port), '--data', dataDirectory], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: brokerEnvironment(process.env),
  })
  const gone = goneOf(child)
  const output = collectOutput(child)
  const pid = await pidOf(child, command)
  const broker = controlOf(child, pid, gone)
  const late = new AbortController()
  try {
    const started = Promise.race([ready(output, { host, port }, late.signal), gone.then(exitedEarly)])
    await withDeadline(started, startTimeoutMs, () => {
      late.abort()
      throw new Error(`not ready after ${startTimeoutMs} ms`)
    })
  } catch (error) {
    await broker.kill()
    throw new Error(`${command} on port ${port} did not start: ${String(error)}\nIts last output:\n${output.tail()}`, { cause: error })
  }
  output.discard()
  return broker
}

function controlOf(child: ChildProcess, pid: number, gone: Promise<number | string>): BrokerProcess {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const signal = (name: NodeJS.Signals): void => {
    if (isRunning()) process.kill(-pid, name)
  }
  // A broker must not outlive a test that forgot it.
  const killAtExit = (): void => signal('SIGKILL')
  process.once('exit', killAtExit)
  void gone.then(() => process.off('exit', killAtExit))
  return {
    pid,
    isRunning,
    kill: async () => {
      signal('SIGKILL')
      await gone
    },
    terminate: async () => {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), terminationTimeoutMs)
      await gone
      clearTimeout(timer)
    },
  }
}

/** Filters KAFKA_* variables: some are options of this program, others are settings of a broker's launcher. Neither may reach the other. */
function brokerEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([name]) => !name.startsWith('KAFKA_') || name === 'KAFKA_OPTS' || name === 'KAFKA_HOME')
  return { ...Object.fromEntries(kept), KAFKA_HEAP_OPTS: environment['KAFKA_HEAP_OPTS'] ?? '-Xms128m -Xmx384m' }
}

function pidOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => (child.pid === undefined ? reject(new Error(`${command} has no process id`)) : resolve(child.pid)))
    child.once('error', (error) => reject(missingCommand(command, error)))
  })
}

function missingCommand(command: string, error: Error): Error {
  const needed = `A command of that name must be on the PATH that runs a Kafka 4 broker in KRaft mode as \`kafka-server --port N --data DIR\``
  const advice = `${needed} (broker on port N, controller on N + 1). Install one, or skip the tests that need Kafka.`
  return new Error(`cannot run ${command}: ${error.message}. ${advice}`, { cause: error })
}

/** Resolves with the exit code or the signal, also when the process never started. */
function goneOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    child.once('error', () => resolve('never started'))
  })
}

function exitedEarly(how: number | string): never {
  throw new Error(`it ended by itself (${how})`)
}

interface Output {
  tail(): string
  /** Resolves when the text has appeared. */
  includes(text: string): Promise<void>
  /** Goes on reading, so that the broker never waits for a full pipe, but keeps nothing more. */
  discard(): void
}

function collectOutput(child: ChildProcess): Output {
  let seen = ''
  let kept = true
  let check = (): void => {}
  const onText = (text: string): void => {
    if (!kept) return
    seen += text
    check()
    seen = seen.slice(-keptOutputCharacters) // after the check, or a long chunk could hide the text
  }
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', onText)
  return {
    tail: () => seen,
    includes: (text) =>
      new Promise((resolve) => {
        check = () => (seen.includes(text) ? resolve() : undefined)
        check()
      }),
    discard: () => {
      kept = false
      seen = ''
    },
  }
}

async function ready(output: Output, address: Address, signal: AbortSignal): Promise<void> {
  await output.includes(readyLine)
  while (!(await takesConnections(address))) signal.throwIfAborted()
}

interface Address {
  readonly host: string
  readonly port: number
}

function takesConnections(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
