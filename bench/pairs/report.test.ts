import { describe, expect, it } from 'vitest'
import { renderPairs } from './report.ts'

const round = (before: number, after: number) => ({
  before: { cpuMicros: before, wallMicros: before },
  after: { cpuMicros: after, wallMicros: 2 * after },
})

describe('the line of a pair', () => {
  it('has the median costs, the median ratio between least and most, and the ratio of the least costs', () => {
    expect(renderPairs('emit', [round(100, 90), round(200, 210), round(110, 220)])).toBe(
      'emit: processor time 110 -> 210 us, ratio 1.050 (0.90 to 2.00), of the least 0.900; by the clock 110 -> 420 us, ratio 2.100 (1.80 to 4.00), of the least 1.800',
    )
  })
})
