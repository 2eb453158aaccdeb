/** Export `bench` of a file in bench/; `main.ts` finds them all. */
export interface Bench {
  /** One line: the subject and its baseline. */
  readonly title: string
  run(settings: BenchSettings): Promise<readonly Row[]>
}

export interface BenchSettings {
  /** Fewer connections and rounds: a trial run, not for quotation. */
  readonly isQuick: boolean
  /** Reports progress to a waiting person. */
  readonly say: (line: string) => void
}

/** A line of the table that is printed. */
export interface Row {
  readonly measure: string
  readonly ours: string
  /** Figure of the baseline. */
  readonly other: string
  readonly ratio: string
  readonly target: string
  readonly verdict: 'met' | 'missed' | ''
}

export interface Comparison {
  readonly measure: string
  readonly unit: string
  readonly ours: number
  readonly other: number
  /** Ratio of each round; the median counts. */
  readonly ratio: number
  readonly maxRatio: number
}

export function comparisonRow({ measure, unit, ours, other, ratio, maxRatio }: Comparison): Row {
  return {
    measure,
    ours: `${figure(ours)} ${unit}`,
    other: `${figure(other)} ${unit}`,
    ratio: figure(ratio),
    target: `<= ${maxRatio}`,
    verdict: ratio <= maxRatio ? 'met' : 'missed',
  }
}

/** A figure with a bound. `max` and `min` null: it is only reported. */
export interface Figure {
  readonly measure: string
  readonly unit: string
  readonly ours: number
  readonly max?: number
  readonly min?: number
  /** Further notes. */
  readonly other?: string
}

export function figureRow({ measure, unit, ours, max, min, other }: Figure): Row {
  const target = max !== undefined ? `<= ${figure(max)} ${unit}` : min !== undefined ? `>= ${figure(min)} ${unit}` : ''
  const isMet = ours <= (max ?? Infinity) && ours >= (min ?? -Infinity)
  return {
    measure,
    ours: `${figure(ours)} ${unit}`,
    other: other ?? '',
    ratio: '',
    target,
    verdict: target === '' ? '' : isMet ? 'met' : 'missed',
  }
}

/** Renders the rows as a Markdown table. */
export function renderTable(rows: readonly Row[]): string {
  const columns = ['measure', 'ours', 'other', 'ratio', 'target', 'verdict'] as const
  const lines = [columns, columns.map(() => '---'), ...rows.map((row) => columns.map((column) => row[column]))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map(
      (line) =>
        `| ${line.map((cell, index) => (cell === '---' ? '-'.repeat(widths[index] ?? 3) : cell.padEnd(widths[index] ?? 0))).join(' | ')} |`,
    )
    .join('\n')
}

/** Rounds to three significant digits, with thousands in groups. */
export function figure(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}
