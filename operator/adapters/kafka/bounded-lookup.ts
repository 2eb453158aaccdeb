import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

export const defaultMaxAtOnce = 2
export const defaultMaxWaitMs = 3_000

export interface BoundedLookupParts {
  /** Looks up one name. @default the system's lookup */
  readonly lookup?: LookupFunction
  /**
   * Maximum number of lookups at the same time. Node looks names up on four threads, which also read files and hash passwords. @default 2
   */
  readonly maxAtOnce?: number
  /** Longest wait for a turn. A lookup that waited longer is not started, because its caller has given up. Milliseconds. @default 3000 */
  readonly maxWaitMs?: number
  readonly now: () => number
}

interface Waiting {
  readonly begin: () => void
  readonly giveUp: () => void
  readonly sinceMs: number
}

/**
 * Looks up the names of brokers that channels name. A name whose server is silent blocks a thread for up to a minute. A few such names
 * would block all threads, and the operator could look up nothing else. So these lookups never have all threads.
 */
export function createBoundedLookup({
  lookup = systemLookup,
  maxAtOnce = defaultMaxAtOnce,
  maxWaitMs = defaultMaxWaitMs,
  now,
}: BoundedLookupParts): LookupFunction {
  let running = 0
  const waiting: Waiting[] = []

  function next(): void {
    running -= 1
    for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
      if (now() - first.sinceMs <= maxWaitMs) return first.begin()
      first.giveUp()
    }
  }

  return (hostname, options, callback) => {
    const begin = (): void => {
      running += 1
      lookup(hostname, options, (...answer) => {
        next()
        callback(...answer)
      })
    }
    const giveUp = (): void =>
      callback(
        Object.assign(new Error(`${hostname} was not looked up within ${maxWaitMs / 1_000} s: too many lookups in progress`), {
          code: 'EAI_AGAIN',
        }),
        '',
      )
    if (running < maxAtOnce) begin()
    else waiting.push({ begin, giveUp, sinceMs: now() })
  }
}
