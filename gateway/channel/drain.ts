import type { Session } from '../session/session.ts'
import type { Hub } from './hub.ts'

/**
 * Moves all sessions away before the pod stops. Closing them at once would send every client to the other pods in the same moment. So they leave
 * in waves over the period, in random order. Clients that understand control events get a notice with a time to wait. A session with entries to
 * read and a socket that takes them reads first. Entries that it does not get here, it gets from another pod by its cursor.
 */
export async function drainSessions(hub: Hub, options: DrainOptions): Promise<void> {
  const sessions = shuffled([...hub.sessions()], options.random)
  const waves = Math.max(1, Math.floor(options.periodMs / waveMs))
  const perWave = Math.ceil(sessions.length / waves)
  for (let start = 0; start < sessions.length; start += maxNoticesPerTurn) {
    if (start > 0) await options.wait(0)
    for (const session of sessions.slice(start, start + maxNoticesPerTurn))
      session.notify({ type: 'dev.carillon.draining', data: { reconnectAfterMs: jitter(options) } })
  }
  for (let start = 0; start < sessions.length && !options.signal.aborted; start += perWave) {
    for (const session of sessions.slice(start, start + perWave)) await close(session, options)
    if (start + perWave < sessions.length) await options.wait(waveMs)
  }
  for (const session of hub.sessions()) await close(session, options)
}

export interface DrainOptions {
  /** Time over which sessions are closed, in milliseconds. */
  readonly periodMs: number
  /** Aborting it closes the remaining sessions at once. */
  readonly signal: AbortSignal
  /** In [0, 1). */
  readonly random: () => number
  /** Resolves after that many milliseconds, or when the signal is aborted. */
  readonly wait: (ms: number) => Promise<void>
}

/** Closes a session after its turns. A filter may hold back all that a session reads, so turns take a bounded time, and let others run. */
async function close(session: Session, options: DrainOptions): Promise<void> {
  const startedAtMs = performance.now()
  let yieldedAtMs = startedAtMs
  while (session.wantsTurn && performance.now() - startedAtMs < turnsMs) {
    session.takeTurn()
    if (performance.now() - yieldedAtMs < sliceMs) continue
    await options.wait(0)
    yieldedAtMs = performance.now()
  }
  session.close('draining', { reconnectAfterMs: jitter(options) })
}

/** Returns the time a client should wait before it reconnects, so that the clients of one wave do not arrive together. */
const jitter = (options: DrainOptions): number => Math.floor(options.random() * maxReconnectAfterMs)

/** Most notices in one turn. 10,000 at once would delay delivery to all sessions by 100 ms and more. */
const maxNoticesPerTurn = 500
const waveMs = 100
/** Longest time for the turns of one session, and for turns without a pause, in milliseconds. */
const turnsMs = 100
const sliceMs = 4
const maxReconnectAfterMs = 500

function shuffled<T>(items: T[], random: () => number): readonly T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}
