const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration such as `1h30m`; null when the text is none. */
export function parseDurationMs(text: string): number | null {
  if (!/^(?:\d{1,9}(?:ms|s|m|h))+$/.test(text)) return null
  return text.matchAll(/(\d+)(ms|s|m|h)/g).reduce((sum, [, count = '', unit = '']) => sum + Number(count) * (unitMs[unit] ?? 0), 0)
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, Ki: 1_024, Mi: 1_048_576, Gi: 1_073_741_824 }

/** Bytes of a quantity such as `64Mi` or 65536; null when it is none. */
export function parseBytes(quantity: number | string): number | null {
  const [, count, unit = ''] = /^(\d{1,10})(Ki|Mi|Gi)?$/.exec(String(quantity)) ?? []
  return count === undefined ? null : Number(count) * (unitBytes[unit] ?? 0)
}
