import type { Failure, JsonReport } from './report.ts'

/** What came of one run of vitest, or of several. */
export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Counts a run so that nothing which went wrong is lost.
 * @param report null when vitest wrote none
 */
export function tally(report: JsonReport | null, failures: readonly Failure[]): Tally {
  const statuses = (report?.testResults ?? []).flatMap((file) => file.assertionResults.map(({ status }) => status))
  const passed = statuses.filter((status) => status === 'passed').length
  const skipped = statuses.filter((status) => status !== 'passed' && status !== 'failed').length
  return { passed, failed: failures.length, skipped }
}

/** The sum of several runs. */
export function total(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, each) => ({ passed: sum.passed + each.passed, failed: sum.failed + each.failed, skipped: sum.skipped + each.skipped }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/** The last line of `make test`, for people and for whatever reads logs. */
export function renderTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}
