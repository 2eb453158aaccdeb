/**
 * Quantities as the API server writes them: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 *
 * It stores `1024Mi` as `1Gi` and `0.5` as `500m`. An object that is applied in another form than it is stored in looks changed for ever, so that
 * whoever compares would write it again and again.
 */
export interface Quantity {
  /** In billionths: what Kubernetes cannot tell apart is the same. */
  readonly nano: bigint
  readonly isBinary: boolean
}

const binaryUnits = ['Ki', 'Mi', 'Gi', 'Ti'] as const
const decimalUnits = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const nanoPerUnit = 1_000_000_000n

/** @returns null when the text is no quantity that the schema of a channel lets through */
export function parseQuantity(written: string | number): Quantity | null {
  const [, whole, fraction = '', unit = ''] = /^(\d+)(?:\.(\d+))?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(written)) ?? []
  if (whole === undefined) return null
  const exponent = binaryUnits.findIndex((each) => each === unit) + 1
  const factor = exponent > 0 ? nanoPerUnit * 1024n ** BigInt(exponent) : 1000n ** BigInt(decimalUnits.findIndex((each) => each === unit))
  return { nano: ceilDivide(BigInt(`${whole}${fraction}`) * factor, 10n ** BigInt(fraction.length)), isBinary: exponent > 0 }
}

/** Bytes of a quantity such as `64Mi` or 65536; null when it is none of the kind that the schema lets through for a number of bytes. */
export function parseBytes(written: number | string): number | null {
  const quantity = /^\d{1,10}(Ki|Mi|Gi)?$/.test(String(written)) ? parseQuantity(written) : null
  return quantity === null ? null : Number(wholeUnits(quantity))
}

/** In bytes, or whole units; a part of one counts as one. */
export function wholeUnits({ nano }: Quantity): bigint {
  return ceilDivide(nano, nanoPerUnit)
}

export function renderQuantity(quantity: Quantity): string {
  const whole = wholeUnits(quantity)
  // Below one Ki, and where a part of a byte is left, the API server writes decimal units.
  if (!quantity.isBinary || whole < 1024n || quantity.nano % nanoPerUnit !== 0n) return renderDecimal(quantity.nano)
  let [rest, unit] = [whole, '']
  for (const next of binaryUnits) {
    if (rest % 1024n !== 0n) break
    ;[rest, unit] = [rest / 1024n, next]
  }
  return `${rest}${unit}`
}

/** The quantity as the API server stores it. A text that is none comes back as it is: the API server says what is wrong with it. */
export function canonicalQuantity(written: string | number): string {
  const quantity = parseQuantity(written)
  return quantity === null ? String(written) : renderQuantity(quantity)
}

function renderDecimal(nano: bigint): string {
  if (nano === 0n) return '0'
  let [rest, unit] = [nano, 0]
  while (rest % 1000n === 0n && unit < decimalUnits.length - 1) [rest, unit] = [rest / 1000n, unit + 1]
  return `${rest}${decimalUnits[unit]}`
}

const ceilDivide = (value: bigint, by: bigint): bigint => (value + by - 1n) / by
