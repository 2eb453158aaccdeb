import { expect, test } from 'vitest'
import { nowMs } from '../../lib/clock.ts'
import { dialects } from '../dialects/dialects.ts'
import { readMarks } from '../load/marks.ts'
import { emitAtRate } from './emit.ts'
import { httpWire } from './http-wire.ts'
import { PublishConnections } from './publish-connections.ts'

/** Records how long after its time each event leaves, in milliseconds. */
class ListeningPublisher extends PublishConnections {
  readonly delaysMs: number[] = []

  override async publish({ body }: { readonly body: string }): Promise<number> {
    const bytes = Buffer.from(body)
    readMarks(bytes, 0, bytes.length, (_number, atMs) => this.delaysMs.push(nowMs() - atMs))
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
