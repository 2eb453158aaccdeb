/** Signals, files and limits of the process. Only the main.ts of gateway and operator uses them. */
import { accessSync, constants, readFileSync } from 'node:fs'

/**
 * Listens to SIGTERM, by which Kubernetes stops a pod, and to SIGINT, which is Ctrl-C. Never stops listening: between two listeners a signal would
 * have its default action and kill the process.
 *
 * One Ctrl-C may arrive twice: from the terminal, and from npm, which passes it on. Two SIGINTs within 200 ms count as one.
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

/** Returns true when the file is there and this process may read it. */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    // The file or a directory above it is missing, or this process may not read it. The caller names the path in each case.
    return false
  }
}

/**
 * Reads how many files and connections this process may have open. Node raises its soft limit to the hard limit at its start.
 * @returns null when the system does not show it (it has no /proc), or has no limit
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
