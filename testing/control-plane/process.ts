import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** One life of one program of the control plane. */
export interface ControlPlaneProcess {
  readonly name: string
  /** Process id, and id of its process group. */
  readonly pid: number
  isRunning(): boolean
  /** Sends a signal. Does nothing after the end of the process. */
  signal(name: NodeJS.Signals): void
  /** Resolves with its exit code or signal when it has ended, by any cause. */
  readonly gone: Promise<number | string>
  /**
   * Sends SIGTERM, and SIGKILL after 3 s: an API server waits long for its watches, and etcd has all of its data. Resolves when it has
   * ended.
   */
  terminate(): Promise<void>
  /** Returns the last lines of its output. */
  lastOutput(): string
}

const terminationTimeoutMs = 3_000
const shownOutputCharacters = 3_000

/** Starts a program in a process group of its own, with its output in a file. @throws when it cannot run */
export async function startControlPlaneProcess(
  name: string,
  command: string,
  args: readonly string[],
  logFile: string,
): Promise<ControlPlaneProcess> {
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const gone = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')))
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('spawn', () => (child.pid === undefined ? reject(new Error(`${name} has no process id`)) : resolve(child.pid)))
    child.once('error', (error) => reject(new Error(`cannot run ${command}: ${error.message}`, { cause: error })))
  })
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const signal = (which: NodeJS.Signals): void => {
    if (isRunning()) process.kill(-pid, which)
  }
  return {
    name,
    pid,
    isRunning,
    signal,
    gone,
    terminate: async () => {
      signal('SIGCONT') // a paused process handles no other signal
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), terminationTimeoutMs)
      await gone
      clearTimeout(timer)
    },
    lastOutput: () => readFileSync(logFile, 'utf8').slice(-shownOutputCharacters),
  }
}

/** Ends the programs when this process ends, by any cause. */
export interface Guard {
  /** Replaces the programs that the guard ends. */
  watch(processes: readonly ControlPlaneProcess[]): void
  dismiss(): void
}

/**
 * A killed process cannot clean up, and an orphaned API server would hold half a gigabyte until the next boot. So a small shell reads from
 * a pipe that only this process holds. The kernel ends the pipe with the process. Then the shell kills the groups that it read last, and
 * removes the directory.
 */
export function startGuard(directory: string): Guard {
  const script = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -KILL $groups; rm -rf "$1"'
  const child = spawn('/bin/sh', ['-c', script, 'sh', directory], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  child.stdin.on('error', () => {}) // EPIPE: the guard has ended, and tests work without it
  return {
    watch: (processes) => void child.stdin.write(`${processes.map(({ pid }) => `-${pid}`).join(' ')}\n`),
    dismiss: () => void child.kill('SIGKILL'),
  }
}
