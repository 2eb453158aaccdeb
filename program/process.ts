/** What both programs, gateway and operator, need of the process that they run in. Only their main.ts uses it. */
import { accessSync, constants, readFileSync } from 'node:fs'

/**
 * SIGTERM is how Kubernetes stops a pod, SIGINT is Ctrl-C. Listened to for good: between the end of one listener and the beginning of
 * the next, a signal would have its default action, and kill.
 *
 * One Ctrl-C may arrive twice: from the terminal, and from npm, which hands it on. Two SIGINTs within a moment are one.
 */
export function listenToSignals(): { readonly first: Promise<NodeJS.Signals>; readonly second: Promise<NodeJS.Signals> } {
  const [first, second] = [Promise.withResolvers<NodeJS.Signals>(), Promise.withResolvers<NodeJS.Signals>()]
  let next = first
  let interruptedAtMs = -Infinity
  const heard = (signal: NodeJS.Signals): void => {
    const isEcho = signal === 'SIGINT' && performance.now() - interruptedAtMs < echoMs
    if (isEcho) return
    if (signal === 'SIGINT') interruptedAtMs = performance.now()
    next.resolve(signal)
    next = second
  }
  process.on('SIGTERM', heard)
  process.on('SIGINT', heard)
  return { first: first.promise, second: second.promise }
}

const echoMs = 200

/** Whether the file is there and this process may read it. */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    // Missing, a directory above it missing, or not ours to read: all the same to the caller, who names the path.
    return false
  }
}

/**
 * Reads how many files and connections this process may have open. Node raises the limit at its start as far as it may.
 * @returns null when the system does not tell (it has no /proc), or there is no limit
 */
export function readMaxOpenFiles(limits = '/proc/self/limits'): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync(limits, 'utf8')) ?? []
    return soft === undefined ? null : Number(soft)
  } catch {
    // No /proc: macOS, Windows.
    return null
  }
}
