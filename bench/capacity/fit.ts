/** Observation of a linear model: the value that was measured, and what it may depend on. */
export interface Observation {
  readonly factors: readonly number[]
  readonly value: number
}

export interface Fit {
  /** One for each factor; 0: it explains nothing, or less than nothing. */
  readonly coefficients: readonly number[]
  /** Root of the mean of the squared errors, in the unit of the value. */
  readonly error: number
  /** Share of the variance that the model explains, up to 1. */
  readonly explained: number
}

/**
 * Fits `value = sum of coefficient x factor` by least squares, with coefficients that are not negative: nothing costs less than nothing. A factor
 * whose coefficient would be negative is left out, and the others are fitted again. @throws RangeError when there are fewer observations than
 * factors
 */
export function fit(observations: readonly Observation[]): Fit {
  const count = observations[0]?.factors.length ?? 0
  if (observations.length < count || count === 0)
    throw new RangeError(`${observations.length} observations are too few for ${count} factors`)
  let kept = Array.from({ length: count }, (_, factor) => factor)
  for (;;) {
    const solved = solve(normalEquations(observations, kept))
    const least = Math.min(...solved)
    if (least >= 0) return withErrors(observations, spread(solved, kept, count))
    kept = kept.filter((_, index) => solved[index] !== least)
  }
}

export const predict = (coefficients: readonly number[], factors: readonly number[]): number =>
  coefficients.reduce((sum, coefficient, factor) => sum + coefficient * (factors[factor] ?? 0), 0)

const spread = (solved: readonly number[], kept: readonly number[], count: number): readonly number[] =>
  Array.from({ length: count }, (_, factor) => solved[kept.indexOf(factor)] ?? 0)

/** Rows of the equations `A'A x = A'b`, each with its right side at the end. */
function normalEquations(observations: readonly Observation[], kept: readonly number[]): number[][] {
  const at = ({ factors }: Observation, factor: number): number => factors[factor] ?? 0
  const sum = (of: (observation: Observation) => number): number => observations.reduce((total, one) => total + of(one), 0)
  return kept.map((row) => [...kept.map((column) => sum((one) => at(one, row) * at(one, column))), sum((one) => at(one, row) * one.value)])
}

/** Solves the equations by elimination; an unknown that they do not determine is 0. */
function solve(rows: number[][]): readonly number[] {
  const scales = rows.map((row, index) => Math.sqrt(row[index] ?? 0) || 1)
  // All diagonals are 1 then, so that rates in thousands and counts in tens weigh the same.
  const scaled = rows.map((row, i) => row.map((cell, j) => cell / (scales[i] ?? 1) / (scales[j] ?? 1)))
  for (let pivot = 0; pivot < scaled.length; pivot += 1) {
    const [below] = scaled.slice(pivot).toSorted((a, b) => Math.abs(b[pivot] ?? 0) - Math.abs(a[pivot] ?? 0))
    if (below === undefined) break
    scaled.splice(scaled.indexOf(below), 1, scaled[pivot] ?? below)
    scaled[pivot] = below
    const divisor = below[pivot] ?? 0
    if (Math.abs(divisor) < 1e-9) continue
    scaled.forEach((row, index) => {
      if (index === pivot) return
      const factor = (row[pivot] ?? 0) / divisor
      row.forEach((cell, column) => (row[column] = cell - factor * (below[column] ?? 0)))
    })
  }
  return scaled.map((row, index) => {
    const divisor = row[index] ?? 0
    return Math.abs(divisor) < 1e-9 ? 0 : (row.at(-1) ?? 0) / divisor / (scales[index] ?? 1)
  })
}

function withErrors(observations: readonly Observation[], coefficients: readonly number[]): Fit {
  const mean = observations.reduce((sum, { value }) => sum + value, 0) / observations.length
  const squares = (of: (observation: Observation) => number): number => observations.reduce((sum, one) => sum + of(one) ** 2, 0)
  const left = squares(({ factors, value }) => value - predict(coefficients, factors))
  const all = squares(({ value }) => value - mean)
  return { coefficients, error: Math.sqrt(left / observations.length), explained: all === 0 ? 1 : 1 - left / all }
}
