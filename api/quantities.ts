/**
 * A quantity as the API server writes it: https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 *
 * The API server stores `1024Mi` as `1Gi` and `0.5` as `500m`. An object that is applied in another form always looks changed, so the operator would
 * write it again and again.
 */
export interface Quantity {
  /** Value in billionths, the finest that Kubernetes tells apart. */
  readonly nano: bigint
  readonly isBinary: boolean
}

const binaryUnits = ['Ki', 'Mi', 'Gi', 'Ti'] as const
const decimalUnits = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const nanoPerUnit = 1_000_000_000n

/** Returns null when the text is not a quantity that the schema of a channel accepts. */
export function parseQuantity(written: string | number): Quantity | null {
  const [, whole, fraction = '', unit = ''] = /^(\d+)(?:\.(\d+))?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.exec(String(written)) ?? []
  if (whole === undefined) return null
  const exponent = binaryUnits.findIndex((each) => each === unit) + 1
  const factor = exponent > 0 ? nanoPerUnit * 1024n ** BigInt(exponent) : 1000n ** BigInt(decimalUnits.findIndex((each) => each === unit))
  return { nano: ceilDivide(BigInt(`${whole}${fraction}`) * factor, 10n ** BigInt(fraction.length)), isBinary: exponent > 0 }
}

/** Returns the bytes of a quantity such as `64Mi` or 65536; null for a text that the schema does not accept as bytes. */
export function parseBytes(written: number | string): number | null {
  const quantity = /^\d{1,10}(Ki|Mi|Gi)?$/.test(String(written)) ? parseQuantity(written) : null
  return quantity === null ? null : Number(wholeUnits(quantity))
}

/** Returns the bytes, or whole units. A part of a unit counts as one. */
export function wholeUnits({ nano }: Quantity): bigint {
  return ceilDivide(nano, nanoPerUnit)
}

export function renderQuantity(quantity: Quantity): string {
  const whole = wholeUnits(quantity)
  // The API server writes decimal units below one Ki, and when a part of a byte is left.
  if (!quantity.isBinary || whole < 1024n || quantity.nano % nanoPerUnit !== 0n) return renderDecimal(quantity.nano)
  let [rest, unit] = [whole, '']
  for (const next of binaryUnits) {
    if (rest % 1024n !== 0n) break
    ;[rest, unit] = [rest / 1024n, next]
  }
  return `${rest}${unit}`
}

/** Returns the quantity as the API server stores it. A text that is not a quantity comes back unchanged, and the API server reports it. */
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
