const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Returns the milliseconds of a duration such as `1h30m`; null when the text is not a duration. */
export function parseDurationMs(text: string): number | null {
  if (!/^(?:\d{1,9}(?:ms|s|m|h))+$/.test(text)) return null
  return text.matchAll(/(\d+)(ms|s|m|h)/g).reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0)
}

/** Returns the shortest duration of so many milliseconds, largest unit first: `1h30m` for 5,400,000, `0s` for 0. @param ms a whole number from 0 */
export function renderDuration(ms: number): string {
  const parts = Object.entries(unitMs)
    .toReversed()
    .reduce<{ readonly text: string; readonly rest: number }>(
      ({ text, rest }, [unit, size]) =>
        rest < size ? { text, rest } : { text: `${text}${Math.floor(rest / size)}${unit}`, rest: rest % size },
      { text: '', rest: ms },
    )
  return parts.text === '' ? '0s' : parts.text
}
