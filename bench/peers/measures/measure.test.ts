import { expect, test } from 'vitest'
import { bare, ws } from '../contenders/by-hand.ts'
import { carillon } from '../contenders/carillon.ts'
import { renderSection } from '../report/section.ts'
import { leftOutRows, takingPart } from './measure.ts'

const world = { contenders: [carillon, { ...ws, leavesOut: { storm: 'no storms' } }, bare] }

test('a contender that leaves a measure out takes part in the others', () => {
  expect(takingPart(world, 'storm').map(({ name }) => name)).toEqual(['carillon', 'bare'])
  expect(takingPart(world, 'idle').map(({ name }) => name)).toEqual(['carillon', 'ws', 'bare'])
})

test('a contender that leaves a measure out has the reason in the table, and no figure', () => {
  const rows = leftOutRows(world, 'storm', { key: 'took', of: '' })
  expect(rows).toEqual([{ contender: 'ws', of: '', cells: { took: 'left out: no storms' } }])
  const columns = [
    { key: 'took', title: 'took', isCompared: true },
    { key: 'cpu', title: 'CPU' },
  ]
  const [, , , , row] = renderSection({ title: 'Storm', columns, rows, notes: [] }, (name) => name).split('\n')
  expect(row?.split('|').map((cell) => cell.trim())).toEqual(['', 'ws', 'left out: no storms', '', '', ''])
})
