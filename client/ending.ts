/** How a connection ended. */
export interface Ending {
  /** A WebSocket close code, or the HTTP status of a refused SSE request. */
  readonly code: number
  readonly reason: string
  /** How long the gateway asks to wait, in milliseconds. */
  readonly retryAfterMs?: number
}

export type Verdict = 'final' | 'later' | 'now' | 'without-cursor'

/** What an ending asks of the client (docs/protocol.md, Close codes). 4005 is the one code below 4100 that the client can mend by itself. */
export function judgeEnding(code: number): Verdict {
  if (code === 4005) return 'without-cursor'
  if (code >= 4000 && code < 4100) return 'final'
  if (code >= 4200 && code < 4300) return 'now'
  return code >= 400 && code < 500 && code !== 408 && code !== 429 ? 'final' : 'later'
}

/** What was said in the reason of a close: ` reconnect-after=<ms>` at its end. */
export function readHint(reason: string): number {
  return Number(/ ?reconnect-after=(\d+)$/.exec(reason)?.[1] ?? 0)
}

/** Full jitter: anything from nothing to the ceiling, which doubles with each attempt. @param random in [0, 1) */
export function backoffMs(attempt: number, maxMs: number, random: number): number {
  return random * Math.min(maxMs, 1000 * 2 ** attempt)
}
