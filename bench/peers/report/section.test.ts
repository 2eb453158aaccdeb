import { expect, test } from 'vitest'
import { exactly, spreadOf } from './figures.ts'
import { compare, renderSection, type Section } from './section.ts'

const section: Section = {
  title: 'Broadcast',
  columns: [
    { key: 'rate', title: '/s', isCompared: true },
    { key: 'text', title: 'note' },
  ],
  rows: [
    { contender: 'carillon', of: '10 sockets', cells: { rate: spreadOf([90, 100, 110]), text: 'ours' } },
    { contender: 'ws', of: '10 sockets', cells: { rate: exactly(50) } },
    { contender: 'carillon', of: '20 sockets', cells: { rate: exactly(10) } },
    { contender: 'ws', of: '20 sockets', cells: { rate: exactly(0) } },
    { contender: 'bare', of: '20 sockets', cells: { rate: 'could not be measured' } },
  ],
  notes: ['Said below.'],
}

test('a picture of a section is below its table, with a text for readers who do not see it', () => {
  const pictures = [{ file: 'storm.svg', alt: 'Clients over time', svg: '<svg/>' }]
  expect(renderSection({ ...section, pictures }, String)).toMatch(/\|\n\n!\[Clients over time\]\(pictures\/storm\.svg\)\n\nSaid below\.$/)
})

test('a section is a Markdown table with ours divided by each of the others in the same case', () => {
  const lines = renderSection(section, (name) => name.toUpperCase()).split('\n')
  expect(lines).toEqual([
    '### Broadcast',
    '',
    '| case       | server   | /s                    | ours / its | note |',
    '| ---------- | -------- | --------------------- | ---------- | ---- |',
    '| 10 sockets | CARILLON | 100 ±10 %             |            | ours |',
    '|            | WS       | 50                    | 2          |      |',
    '| 20 sockets | CARILLON | 10                    |            |      |',
    '|            | WS       | 0                     |            |      |',
    '|            | BARE     | could not be measured |            |      |',
    '',
    'Said below.',
  ])
})

test('a comparison needs figures of both in the same case', () => {
  expect(compare(section, 'ws', { of: '10 sockets', key: 'rate' })).toBe(2)
  expect(compare(section, 'ws', { of: '20 sockets', key: 'rate' })).toBeNull()
  expect(compare(section, 'bare', { of: '20 sockets', key: 'rate' })).toBeNull()
  expect(compare(section, 'ws', { of: '30 sockets', key: 'rate' })).toBeNull()
})
