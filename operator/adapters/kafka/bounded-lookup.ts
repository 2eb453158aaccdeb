import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'

export interface BoundedLookupParts {
  /** @default the system's */
  readonly lookup?: LookupFunction
  /** Lookups that are under way at a time. Node looks names up on four threads, which also read files and hash passwords. @default 2 */
  readonly maxAtOnce?: number
  /** One that waited for longer is not begun: whoever asked has given up. Milliseconds. @default 3000 */
  readonly maxWaitMs?: number
  readonly now: () => number
}

interface Waiting {
  readonly begin: () => void
  readonly giveUp: () => void
  readonly sinceMs: number
}

/**
 * Looks up the names of brokers that channels named. A name whose server is silent keeps a thread busy for up to a minute; a few of them, and the operator
 * could look up nothing else. So they never have all threads.
 */
export function createBoundedLookup({
  lookup = systemLookup as LookupFunction,
  maxAtOnce = 2,
  maxWaitMs = 3_000,
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
      callback(Object.assign(new Error(`no turn to look ${hostname} up within ${maxWaitMs / 1_000} s`), { code: 'EAI_AGAIN' }), '')
    if (running < maxAtOnce) begin()
    else waiting.push({ begin, giveUp, sinceMs: now() })
  }
}
