import { expect, it } from 'vitest'
import type { LogRecord } from '../event/log-record.ts'
import { ReplayLog } from './replay-log.ts'

/*
 * Found in review: records are views into what was fetched. On a topic of which almost nothing is for anybody here, each small entry
 * held megabytes that the log did not count, so that REPLAY_MAX_BYTES bounded nothing.
 */
it.each([
  ['lets go of a batch of which little was kept', 10, false],
  ['keeps the views into a batch of which most was kept', 1, true],
])('%s', (_title, batchSize, isView) => {
  const fetched = Buffer.alloc(1_000_000, 'x')
  const record: LogRecord = { partition: 0, offset: 0, timestampMs: 0, key: null, value: fetched.subarray(10, 20), headers: { ce_id: fetched.subarray(30, 40) } }
  const log = new ReplayLog('t', { windowMs: 1000, maxBytes: 100_000 })
  log.reset({ epoch: 'e', startOffsets: [0], endOffsets: [0] })
  const audience = { broadcast: true, users: [], usernames: [], organizations: [], roles: [] }
  const entry = log.append({ partition: 0, offset: 0, audience, timestampMs: 0, appendedAtMs: 0, traceparent: null, content: { kind: 'binary', record }, contentBytes: 20 })
  log.release(entry.seq, Array.from({ length: batchSize }, () => record))
  const kept = entry.content?.kind === 'binary' ? entry.content.record : null
  expect(kept?.value).toEqual(record.value)
  expect(kept?.headers).toEqual(record.headers)
  expect(kept?.value?.buffer === fetched.buffer).toBe(isView)
})
