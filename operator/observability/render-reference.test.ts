import { describe, expect, it } from 'vitest'
import { testNames } from '../testing/recording-metrics.ts'
import { operatorMetrics } from './metrics.ts'
import { renderOperatorMetricsReference } from './render-reference.ts'

describe("the reference of the operator's metrics", () => {
  const page = renderOperatorMetricsReference(testNames)

  it('has every metric of the table', () => {
    for (const { name } of Object.values(operatorMetrics)) expect(page).toContain(`| \`${name}\` | `)
  })

  it('shows the values of labels, given, closed and open ones', () => {
    expect(page).toContain(
      '| `workqueue_depth` | gauge | `name`: `realtimechannel`; `priority`: `user`, `child`, `resync` | Keys that could be worked on now and wait for a worker. |',
    )
    expect(page).toContain('`code`: an HTTP status, or `<error>` without an answer; `method`: `GET`, `POST`, `PUT`, `PATCH`, `DELETE`')
    expect(page).toContain('| `carillon_operator_reconcile_started_timestamp_seconds` | gauge | `controller`, `namespace`, `name` |')
    expect(page).toContain('Buckets: 0.001, 0.0025,')
  })
})
