import { expect, test } from 'vitest'
import { metricRows } from './reference.ts'
import { contractTable } from './testing/metrics-contract.ts'

test('a reference of metrics has a row per metric, with label values that are listed, given or described, and with buckets', () => {
  expect(metricRows(contractTable, { kinds: 'kinds that are applied', queues: 'names of queues' })).toEqual([
    ['`test_writes_total`', 'counter', '', 'Writes.'],
    ['`test_ends_total`', 'counter', '`cause`: `peer`, `timeout`', 'Ends, by cause.'],
    ['`test_applies_total`', 'counter', '`kind`: kinds that are applied; `outcome`: `ok`, `failed`', 'Applies, by kind and outcome.'],
    ['`test_requests_total`', 'counter', '`code`: an HTTP status; `method`: `GET`, `PUT`', 'Requests, by status and method.'],
    ['`test_sessions`', 'gauge', '`transport`: `socket`, `stream`', 'Sessions, by transport.'],
    ['`test_bytes`', 'gauge', '', 'Bytes held.'],
    ['`test_latency_seconds`', 'histogram', '', 'Latency. Buckets: 0.001, 0.0025, 0.005, 10.'],
    ['`test_wait_seconds`', 'histogram', '`queue`: names of queues', 'Waits, by queue. Buckets: 1.'],
    ['`test_running`', 'gauge', '`namespace`, `name`', 'What runs.'],
  ])
})
