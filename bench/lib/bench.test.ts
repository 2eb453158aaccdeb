import { expect, test } from 'vitest'
import { comparisonRow, figure, figureRow, renderTable } from './bench.ts'

test('a comparison is met at its target and missed above it', () => {
  const comparison = { measure: 'm', unit: 'us', ours: 5, other: 4, maxRatio: 1.25 }
  expect(comparisonRow({ ...comparison, ratio: 1.25 })).toMatchObject({
    ours: '5 us',
    other: '4 us',
    ratio: '1.25',
    target: '<= 1.25',
    verdict: 'met',
  })
  expect(comparisonRow({ ...comparison, ratio: 1.26 }).verdict).toBe('missed')
})

test('a figure is checked against its bound, if it has one', () => {
  expect(figureRow({ measure: 'm', unit: 'KB', ours: 10.9, max: 10.9 }).verdict).toBe('met')
  expect(figureRow({ measure: 'm', unit: '/s', ours: 199_999, min: 200_000 })).toMatchObject({
    ours: '199,999 /s',
    target: '>= 200,000 /s',
    verdict: 'missed',
  })
  expect(figureRow({ measure: 'm', unit: 'ms', ours: 3 })).toMatchObject({ target: '', verdict: '' })
})

test('figures have three significant digits', () => {
  expect([0.012345, 1.25, 123.456, 1234.5].map(figure)).toEqual(['0.0123', '1.25', '123', '1,235'])
})

test('a table is Markdown', () => {
  const table = renderTable([figureRow({ measure: 'turn', unit: 'ms', ours: 3, max: 20 })])
  expect(table.split('\n')).toEqual([
    '| measure | ours | other | ratio | target   | verdict |',
    '| ------- | ---- | ----- | ----- | -------- | ------- |',
    '| turn    | 3 ms |       |       | <= 20 ms | met     |',
  ])
})
