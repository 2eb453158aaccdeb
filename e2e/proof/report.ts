import { isExpected, type PlannedEvent, type User } from './plan.ts'

/** Verdict of the oracle about one client. */
export interface Verdict {
  readonly expected: number
  readonly delivered: number
  readonly missing: number
  readonly foreign: number
  readonly duplicates: number
  readonly outOfOrder: number
}

/** Facts about a client that the oracle checks. */
export interface ClientRecord {
  readonly user: User
  /** Events that the application got, in order. */
  readonly received: readonly { readonly id: string; readonly data?: { readonly number: number; readonly key: string | null } }[]
  readonly wireDuplicates: number
}

export function checkClient(client: ClientRecord, events: readonly PlannedEvent[]): Verdict {
  const expected = new Set(events.filter((event) => isExpected(event, client.user)).map(({ id }) => id))
  const got = client.received.map(({ id }) => id)
  const distinct = new Set(got)
  return {
    expected: expected.size,
    delivered: got.length,
    missing: [...expected].filter((id) => !distinct.has(id)).length,
    foreign: [...distinct].filter((id) => !expected.has(id)).length,
    duplicates: got.length - distinct.size + client.wireDuplicates,
    outOfOrder: countOutOfOrder(client),
  }
}

function countOutOfOrder(client: ClientRecord): number {
  const newest = new Map<string, number>()
  let count = 0
  for (const { data } of client.received) {
    if (data?.key === undefined || data.key === null) continue
    if (data.number < (newest.get(data.key) ?? -1)) count += 1
    newest.set(data.key, Math.max(data.number, newest.get(data.key) ?? -1))
  }
  return count
}

export function sum(verdicts: readonly Verdict[], of: keyof Verdict): number {
  return verdicts.reduce((total, verdict) => total + verdict[of], 0)
}

/** @param values not empty, or the answer is NaN; @param rank in [0, 1] */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(rank * sorted.length))] ?? Number.NaN
}

/** Renders two columns of Markdown. */
export function renderTable(rows: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return [
    '',
    `| ${'measure'.padEnd(width)} | figure |`,
    `|-${'-'.repeat(width)}-|-------:|`,
    ...rows.map(([name, figure]) => `| ${name.padEnd(width)} | ${String(figure).padStart(6)} |`),
    '',
  ].join('\n')
}
