import { expect, test } from 'vitest'
import { nowMs } from '../../lib/clock.ts'
import { dialects } from '../dialects/dialects.ts'
import { readMarks } from '../load/marks.ts'
import { emitAtRate } from './emit.ts'
import { httpWire } from './http-wire.ts'
import { PublishConnections } from './publish-connections.ts'

/** Records when each event was due, and how long after that it leaves. */
class ListeningPublisher extends PublishConnections {
  readonly delaysMs: number[] = []
  readonly duesMs: number[] = []

  override async publish({ body }: { readonly body: string }): Promise<number> {
    const bytes = Buffer.from(body)
    readMarks(bytes, 0, bytes.length, (_number, atMs) => {
      this.duesMs.push(atMs)
      this.delaysMs.push(nowMs() - atMs)
    })
    return 202
  }
}

test('no event leaves before its time, or it would look as if it took none', async () => {
  const publisher = new ListeningPublisher({ port: 1, connections: 1, wire: httpWire, key: 'key' })
  const report = await emitAtRate(
    { dialect: dialects.carillon, key: 'key', publisher },
    { firstNumber: 1, events: 100, perSecond: 700, bytes: 512, users: null, retryForMs: 0 },
  )
  expect([report.accepted.length, report.retries, publisher.delaysMs.length]).toEqual([100, 0, 100])
  // The mark is rounded to a microsecond.
  expect(publisher.delaysMs.filter((delayMs) => delayMs < -0.001)).toEqual([])
})

test('the events of a burst leave together, and bursts keep the rate', async () => {
  const publisher = new ListeningPublisher({ port: 1, connections: 1, wire: httpWire, key: 'key' })
  const startMs = nowMs()
  await emitAtRate(
    { dialect: dialects.carillon, key: 'key', publisher },
    { firstNumber: 1, events: 12, perSecond: 100, atOnce: 4, bytes: 512, users: null, retryForMs: 0 },
  )
  // The last of three bursts is due 80 ms after the first.
  expect(nowMs() - startMs).toBeGreaterThanOrEqual(79)
  expect(publisher.duesMs.map((dueMs) => Math.round(dueMs - (publisher.duesMs[0] ?? 0)))).toEqual([
    0, 0, 0, 0, 40, 40, 40, 40, 80, 80, 80, 80,
  ])
})
