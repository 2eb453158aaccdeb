import type { PlannedEvent } from './plan.ts'
import { sleep } from '../../program/waiting.ts'

export interface EmitReport {
  readonly acknowledged: number
  /** Attempts that got another answer than 202 and were repeated. */
  readonly retries: number
  /** Events that the emitter gave up; the proof fails with any. */
  readonly abandoned: readonly string[]
}

export interface EmitOptions {
  /** Sends a body to the emit API. Rejects when no answer comes, as when a gateway goes down: the event may or may not be in the topic. */
  readonly post: (body: string) => Promise<{ readonly status: number; readonly text: string }>
  /** Milliseconds over which the events are spread. */
  readonly durationMs: number
  readonly giveUpAfterMs: number
  readonly progress: (emitted: number) => void
}

/** Emits each event until it is acknowledged, those of one key in order, from several workers. */
export async function emitAll(events: readonly PlannedEvent[], options: EmitOptions): Promise<EmitReport> {
  const lanes: PlannedEvent[][] = Array.from({ length: 16 }, () => [])
  for (const event of events) lanes[laneOf(event, lanes.length)]?.push(event)
  const startedMs = Date.now()
  const first = events[0]?.number ?? 0
  const report = { acknowledged: 0, retries: 0, abandoned: [] as string[] }
  const runLane = async (lane: readonly PlannedEvent[]): Promise<void> => {
    for (const event of lane) {
      const dueMs = startedMs + (options.durationMs * (event.number - first)) / events.length
      if (dueMs > Date.now()) await sleep(dueMs - Date.now())
      const attempts = await emitOne(event, options)
      if (attempts === null) report.abandoned.push(event.id)
      else report.acknowledged += 1
      report.retries += (attempts ?? 1) - 1
      options.progress(report.acknowledged)
    }
  }
  await Promise.all(lanes.map(runLane))
  return report
}

function laneOf(event: PlannedEvent, lanes: number): number {
  if (event.key === null) return event.number % lanes
  return [...event.key].reduce((hash, character) => (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521, 7) % lanes
}

/**
 *
 * @returns the number of attempts; null when it gave up
 */
async function emitOne(event: PlannedEvent, options: EmitOptions): Promise<number | null> {
  const deadlineMs = Date.now() + options.giveUpAfterMs
  const body = JSON.stringify({
    id: event.id,
    type: 'proof',
    ...event.audience,
    payload: { number: event.number, key: event.key, sentAtMs: Date.now(), padding: 'x'.repeat(200) },
  })
  for (let attempt = 1; Date.now() < deadlineMs; attempt += 1) {
    if (await isAcknowledged(body, options)) return attempt
    await sleep(100)
  }
  return null
}

function isAcknowledged(body: string, { post }: EmitOptions): Promise<boolean> {
  return post(body).then(
    ({ status, text }) => {
      if (status >= 400 && status < 500 && status !== 429) throw new Error(`the gateway rejected an event: ${status} ${text}`)
      return status === 202
    },
    () => false,
  )
}
