import { expect, test } from 'vitest'
import { exactly } from './figures.ts'
import { burstCases, caseText, pacedCases } from './cases.ts'
import type { Section } from './section.ts'
import { checkTarget, renderTargets, type Target } from './targets.ts'

const section: Section = {
  title: 'Broadcast',
  columns: [],
  notes: [],
  rows: [
    { contender: 'carillon', of: 'few', cells: { rate: exactly(300) } },
    { contender: 'ws', of: 'few', cells: { rate: exactly(100) } },
    { contender: 'carillon', of: 'many', cells: { rate: exactly(150) } },
    { contender: 'ws', of: 'many', cells: { rate: exactly(100) } },
  ],
}
const sections = new Map([['broadcast', section]])
const target: Target = { what: 'rate, ws', measure: 'broadcast', contender: 'ws', key: 'rate', min: 2 }

test('a target is met when it is met in every case', () => {
  expect(checkTarget({ ...target, min: 1.5 }, sections)).toMatchObject({ verdict: 'met', values: [1.5, 3] })
  expect(checkTarget(target, sections).verdict).toBe('met in some cases')
  expect(checkTarget({ ...target, min: 4 }, sections).verdict).toBe('missed')
})

test('an upper bound is checked from above', () => {
  const { min: _, ...rest } = target
  expect(checkTarget({ ...rest, max: 3 }, sections)).toMatchObject({ verdict: 'met', values: [3, 1.5] })
  expect(checkTarget({ ...rest, max: 1 }, sections).verdict).toBe('missed')
})

test('a measure that did not run is neither met nor missed', () => {
  expect(checkTarget({ ...target, contender: 'bare' }, sections).verdict).toBe('not measured')
  expect(checkTarget({ ...target, measure: 'storm' }, sections).verdict).toBe('not measured')
})

test('a target counts only the cases that it names', () => {
  expect(checkTarget({ ...target, cases: /^few$/ }, sections)).toMatchObject({ verdict: 'met', values: [3] })
  expect(checkTarget({ ...target, cases: /^none$/ }, sections).verdict).toBe('not measured')
})

test('targets find the cases of broadcasts by their names', () => {
  const cases = [
    caseText({ sockets: 1_000, rate: 40 }),
    caseText({ sockets: 1_000, rate: 80, isBurst: true }),
    caseText({ sockets: 1_000, rate: 'saturation' }),
  ]
  expect(cases.map((one) => [pacedCases.test(one), burstCases.test(one)])).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ])
})

test('a figure of our own is compared with its bound directly', () => {
  expect(checkTarget({ ...target, contender: null, min: 200 }, sections)).toMatchObject({
    verdict: 'met in some cases',
    values: [150, 300],
  })
})

test('verdicts are rendered as a table', () => {
  expect(
    renderTargets([checkTarget(target, sections), checkTarget({ ...target, measure: 'storm' }, sections)])
      .split('\n')
      .slice(2),
  ).toEqual([
    '| rate, ws | >= 2   | 1.5 to 3                | met in some cases |',
    '| rate, ws | >= 2   |                         | not measured      |',
  ])
})
