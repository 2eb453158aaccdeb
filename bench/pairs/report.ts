import { figure } from '../lib/bench.ts'
import { medianOf, percentilesOf } from '../lib/percentiles.ts'

/** The cost of one operation in a round, in microseconds. */
export interface Cost {
  /** Processor time of the gateway, all threads, the kernel's work included. */
  readonly cpuMicros: number
  readonly wallMicros: number
}

export interface RoundOfPair {
  readonly before: Cost
  readonly after: Cost
}

/**
 * Renders one line: the medians of both sides, the median ratio with its minimum and maximum, and the ratio of the least costs of both sides.
 * Other work on the machine only adds to a cost, so the least of many rounds has hardly any of it.
 */
export function renderPairs(name: string, rounds: readonly RoundOfPair[]): string {
  return `${name}: processor time ${render(rounds, 'cpuMicros')}; by the clock ${render(rounds, 'wallMicros')}`
}

function render(rounds: readonly RoundOfPair[], kind: keyof Cost): string {
  const [before, after] = [rounds.map((round) => round.before[kind]), rounds.map((round) => round.after[kind])]
  const ratios = rounds.map((round) => round.after[kind] / round.before[kind])
  const spread = `${least(ratios).toFixed(2)} to ${percentilesOf(ratios).max.toFixed(2)}`
  return `${figure(medianOf(before))} -> ${figure(medianOf(after))} us, ratio ${medianOf(ratios).toFixed(3)} (${spread}), of the least ${(least(after) / least(before)).toFixed(3)}`
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity)
