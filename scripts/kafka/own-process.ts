import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process that outlives its parent, so that a later command can end exactly this process. */
export interface OwnProcess {
  /** Process id, and id of its process group. */
  readonly pid: number
  /** Start time, as the system reports it: process ids are reused, pairs of both are not. */
  readonly began: string
}

/** Names a process that runs now; null when there is none with this id. */
export function identify(pid: number): OwnProcess | null {
  try {
    const began = existsSync('/proc/self/stat') ? beganByProc(pid) : beganByPs(pid)
    return began === '' ? null : { pid, began }
  } catch {
    // There is no process with that id: no such file, or ps exits with 1.
    return null
  }
}

/** The 22nd field; the second may hold blanks and parentheses of its own. A zombie has ended. */
function beganByProc(pid: number): string {
  const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return state === 'Z' ? '' : (rest[18] ?? '')
}

function beganByPs(pid: number): string {
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  })
    .toString()
    .trim()
}

export function isRunning(own: OwnProcess): boolean {
  return identify(own.pid)?.began === own.began
}

/**
 * Sends SIGTERM to its group, and SIGKILL when that has no effect in time. Resolves when it has ended; at once when it has ended before.
 */
export async function end(own: OwnProcess, graceMs = 20_000): Promise<void> {
  if (!isRunning(own)) return
  process.kill(-own.pid, 'SIGTERM')
  const deadline = Date.now() + graceMs
  while (isRunning(own) && Date.now() < deadline) await sleep(100)
  if (isRunning(own)) process.kill(-own.pid, 'SIGKILL')
  while (isRunning(own)) await sleep(100)
}
