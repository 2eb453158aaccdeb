import { isOwed, type PlannedEvent, type User } from './plan.ts'

/** What the oracle says of one client. */
export interface Verdict {
  readonly expected: number
  readonly delivered: number
  readonly missing: number
  readonly foreign: number
  readonly duplicates: number
  readonly outOfOrder: number
}

/** What is judged: who a client is, and what it got. */
export interface Judged {
  readonly user: User
  /** What the application was given, in order. */
  readonly received: readonly { readonly id: string; readonly data?: { readonly number: number; readonly key: string | null } }[]
  readonly wireDuplicates: number
}

export function judge(client: Judged, events: readonly PlannedEvent[]): Verdict {
  const owed = new Set(events.filter((event) => isOwed(event, client.user)).map(({ id }) => id))
  const got = client.received.map(({ id }) => id)
  const distinct = new Set(got)
  return {
    expected: owed.size,
    delivered: got.length,
    missing: [...owed].filter((id) => !distinct.has(id)).length,
    foreign: [...distinct].filter((id) => !owed.has(id)).length,
    duplicates: got.length - distinct.size + client.wireDuplicates,
    outOfOrder: countOutOfOrder(client),
  }
}

function countOutOfOrder(client: Judged): number {
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

/** Two columns of Markdown. */
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
