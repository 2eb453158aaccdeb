/** End of a connection. */
export interface Ending {
  /** A WebSocket close code, or the HTTP status of a refused SSE request. */
  readonly code: number
  readonly reason: string
  /** Pause that the gateway asks for, in milliseconds; NaN counts as none, as for an HTTP date. */
  readonly retryAfterMs?: number
}

export type Verdict = 'final' | 'later' | 'now' | 'without-cursor'

/**
 * Returns what an ending asks of the client (docs/protocol.md, Close codes). 4005 is the one code below 4100 that the client can fix by
 * itself, if it had a cursor.
 */
export function decideEnding(code: number, cursor: string | null): Verdict {
  if (code === 4005 && cursor) return 'without-cursor'
  // 4000 to 4099, and every refusal of HTTP but 408 and 429.
  if (/^4(0..|(?!08|29)..)$/.test(`${code}`)) return 'final'
  return /^42..$/.test(`${code}`) ? 'now' : 'later'
}

/** Reads the pause at the end of a close reason, ` reconnect-after=<ms>`, in milliseconds; NaN: the reason has none. */
export function readHint(reason: string): number {
  return Number(/ ?reconnect-after=(\d+)$/.exec(reason)?.[1])
}

/** Full jitter: a pause between zero and the ceiling, which doubles with each attempt. @param random in [0, 1) */
export function backoffMs(attempt: number, maxMs: number, random: number): number {
  return random * Math.min(maxMs, 1000 * 2 ** attempt)
}
