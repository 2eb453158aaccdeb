import { expect, it } from 'vitest'
import { renderTable } from './table.ts'

it('columns are as wide as their widest cell, and numbers are right-aligned', () => {
  expect(
    renderTable(
      [
        ['client', 'sent'],
        ['ws', '1000'],
        ['undici', '7'],
      ],
      [1],
    ),
  ).toBe('client  sent\nws      1000\nundici     7')
})

it('a line ends with its last letter', () =>
  expect(
    renderTable([
      ['a', 'long'],
      ['b', 'x'],
    ]),
  ).toBe('a  long\nb  x'))
