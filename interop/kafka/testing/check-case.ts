import type { Report } from './plan.ts'
import type { Receiver } from './receiver.ts'

/** Outcome of the records of one case: a row of the table, and facts for the tests. */
export interface Fate {
  readonly sent: number
  /** Distinct events that the WebSocket client received. */
  readonly received: number
  readonly duplicates: number
  /** Empty: no fault. Otherwise sentences for people. */
  readonly faults: readonly string[]
}

export interface CaseRecord {
  /** Ids of all records of the case. */
  readonly ids: readonly string[]
  /** True when the client should receive them. */
  readonly isForClient: boolean
  readonly report: Report | undefined
  readonly socket: Receiver
  readonly eventStream: Receiver
}

/**
 * Checks one case: each event exactly once at the WebSocket, the same events over SSE, and no event of another user or of an aborted
 * transaction.
 */
export function checkCase({ ids, isForClient, report, socket, eventStream }: CaseRecord): Fate {
  const counts = ids.map((id) => socket.counts.get(id) ?? 0)
  const received = counts.filter((count) => count > 0).length
  const duplicates = counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0)
  const wanted = isForClient ? ids.length : 0
  const streamed = ids.filter((id) => eventStream.counts.has(id)).length
  const damaged = ids.filter((id) => socket.damaged.has(id) || eventStream.damaged.has(id)).length
  const sent = report?.sent ?? 0
  return {
    sent,
    received,
    duplicates,
    faults: [
      ...(report?.error === undefined ? [] : [`the producer failed: ${report.error}`]),
      ...(report === undefined ? ['the producer reported nothing'] : []),
      ...(received === wanted ? [] : [`the WebSocket client received ${received} events and should have received ${wanted}`]),
      ...(duplicates === 0 ? [] : [`the WebSocket client received ${duplicates} events twice`]),
      ...(streamed === wanted ? [] : [`the SSE client received ${streamed} events and should have received ${wanted}`]),
      ...(damaged === 0 ? [] : [`${damaged} events have other data than were sent`]),
    ],
  }
}

/** Ids that a client received although no producer sent them to it. */
export function unexpectedIds({ counts }: Receiver, known: ReadonlySet<string>): readonly string[] {
  return [...counts.keys()].filter((id) => !known.has(id))
}
