import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** One life of one program of the control plane. */
export interface ControlPlaneProcess {
  readonly name: string
  /** Also the id of its process group. */
  readonly pid: number
  isRunning(): boolean
  /** Nothing happens when it is gone. */
  signal(name: NodeJS.Signals): void
  /** Resolves with its exit code or signal when it is gone, whoever ended it. */
  readonly gone: Promise<number | string>
  /** SIGTERM, and SIGKILL when that has no effect within 3 s: an API server waits long for its watches, and all it knows is in etcd. Resolves when it is gone. */
  terminate(): Promise<void>
  /** What it wrote last. */
  lastOutput(): string
}

const terminationTimeoutMs = 3_000
const shownOutputCharacters = 3_000

/** Starts a program in a process group of its own, whose output goes to a file. @throws when it cannot be run */
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
      signal('SIGCONT') // one that was paused would not hear the other
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), terminationTimeoutMs)
      await gone
      clearTimeout(timer)
    },
    lastOutput: () => readFileSync(logFile, 'utf8').slice(-shownOutputCharacters),
  }
}

/** Sees to it that nothing outlives this process, however it ends. */
export interface Guard {
  /** What is to be ended from now on. */
  watch(processes: readonly ControlPlaneProcess[]): void
  dismiss(): void
}

/**
 * A process that is killed cannot clean up, and an orphaned API server would take half a gigabyte until the next boot. So a small shell
 * reads from a pipe that only we hold: at its end, which the kernel sees to, the shell kills the groups that it was told last and removes the
 * directory.
 */
export function startGuard(directory: string): Guard {
  const script = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -KILL $groups; rm -rf "$1"'
  const child = spawn('/bin/sh', ['-c', script, 'sh', directory], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  child.stdin.on('error', () => {}) // EPIPE: somebody ended the guard, and the tests can do without
  return {
    watch: (processes) => void child.stdin.write(`${processes.map(({ pid }) => `-${pid}`).join(' ')}\n`),
    dismiss: () => void child.kill('SIGKILL'),
  }
}
