import { escapeControls } from '../../program/log/escape-controls.ts'

/** Renders lines of cells as columns. Cells may have texts of others. */
export function renderColumns(lines: readonly (readonly string[])[]): string {
  const escaped = lines.map((line) => line.map(escapeControls))
  const widths = (escaped[0] ?? []).map((_, column) => Math.max(...escaped.map((line) => (line[column] ?? '').length)))
  return escaped
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3))
          .join('')
          .trimEnd()}\n`,
    )
    .join('')
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** Returns the time since a moment as kubectl shows it: 45s, 12m, 5h, 3d. @param since RFC 3339 */
export function ageOf(since: string | undefined, nowMs: number): string {
  const ms = nowMs - Date.parse(since ?? '')
  if (Number.isNaN(ms)) return '?'
  // The first minutes are shown in seconds, the first hours in minutes, the first days in hours.
  const [unit, size] = units.find(([, one]) => ms >= 2 * one) ?? ['s', 1_000]
  return `${Math.max(0, Math.floor(ms / size))}${unit}`
}
