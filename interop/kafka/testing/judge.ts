import type { Report } from './plan.ts'
import type { Receiver } from './receiver.ts'

/** What became of the records of one case: a row of the table, and what a test looks at. */
export interface Fate {
  readonly sent: number
  /** Different events that the WebSocket client received. */
  readonly received: number
  readonly duplicates: number
  /** Empty: all is well. Otherwise sentences for people. */
  readonly faults: readonly string[]
}

export interface Judged {
  /** The ids of all records that were to be sent. */
  readonly ids: readonly string[]
  /** Whether the client was to receive them. */
  readonly isForClient: boolean
  readonly report: Report | undefined
  readonly socket: Receiver
  readonly eventStream: Receiver
}

/** Judges one case: each event exactly once at the WebSocket, the same events over SSE, and none that is for another user or was taken back. */
export function judge({ ids, isForClient, report, socket, eventStream }: Judged): Fate {
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

/** The ids that a client received and that nobody sent to it. */
export function strangers({ counts }: Receiver, known: ReadonlySet<string>): readonly string[] {
  return [...counts.keys()].filter((id) => !known.has(id))
}
