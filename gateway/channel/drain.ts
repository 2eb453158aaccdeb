import type { Session } from '../session/session.ts'
import type { Hub } from './hub.ts'

/**
 * Moves all sessions away before the pod stops. Closing them at once would send every client to the other pods in the same moment,
 * so they leave in waves over the period, in random order; each client that understands is told beforehand, and how long to wait.
 * A session that has something to read and a socket that takes it reads first: what it does not get here, its cursor gets elsewhere.
 */
export async function drainSessions(hub: Hub, options: DrainOptions): Promise<void> {
  const sessions = shuffled([...hub.sessions()], options.random)
  const waves = Math.max(1, Math.floor(options.periodMs / waveMs))
  const perWave = Math.ceil(sessions.length / waves)
  for (let start = 0; start < sessions.length; start += maxToldPerTurn) {
    if (start > 0) await options.wait(0)
    for (const session of sessions.slice(start, start + maxToldPerTurn))
      session.notify({ type: 'dev.carillon.draining', data: { reconnectAfterMs: jitter(options) } })
  }
  for (let start = 0; start < sessions.length && !options.signal.aborted; start += perWave) {
    for (const session of sessions.slice(start, start + perWave)) close(session, options)
    if (start + perWave < sessions.length) await options.wait(waveMs)
  }
  for (const session of hub.sessions()) close(session, options)
}

export interface DrainOptions {
  /** Over how long sessions are closed, in milliseconds. */
  readonly periodMs: number
  /** Aborted: the rest is closed at once. */
  readonly signal: AbortSignal
  /** In [0, 1). */
  readonly random: () => number
  /** Resolves after so many milliseconds, or when the signal is aborted. */
  readonly wait: (ms: number) => Promise<void>
}

function close(session: Session, options: DrainOptions): void {
  while (session.wantsTurn) session.takeTurn()
  session.close('draining', { reconnectAfterMs: jitter(options) })
}

/** How long a client should wait before it comes back, so that those of one wave do not arrive as one. */
const jitter = (options: DrainOptions): number => Math.floor(options.random() * maxReconnectAfterMs)

/** To tell 10,000 at once would hold up delivery to all of them for 100 ms and more. */
const maxToldPerTurn = 500
const waveMs = 100
const maxReconnectAfterMs = 500

function shuffled<T>(items: T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
