import { expect, test } from 'vitest'
import { contenders } from '../contenders/contenders.ts'
import { exactly } from './figures.ts'
import { type Report, renderReport } from './report.ts'
import type { Section } from './section.ts'

const of = '10 sockets, saturation'
const broadcast: Section = {
  title: 'Broadcast',
  columns: [{ key: 'perCpuSecond', title: 'deliveries per CPU second', isCompared: true }],
  notes: [],
  rows: [
    { contender: 'carillon', of, cells: { perCpuSecond: exactly(300), perSecond: exactly(200), loadBusy: exactly(0.4) } },
    { contender: 'centrifugo', of, cells: { perCpuSecond: exactly(100), perSecond: exactly(90), loadBusy: exactly(0.7) } },
  ],
}
const report: Report = {
  sections: new Map([['broadcast', broadcast]]),
  contenders,
  versions: new Map([
    ['carillon', '0.1.0'],
    ['centrifugo', '6.9.1'],
  ]),
  absent: new Map([['socketio', 'no npm']]),
  machine: '2 x Processor',
  busyBefore: 0.012,
  minutes: 12.34,
  isQuick: false,
  date: new Date('2026-01-02T03:04:05Z'),
}

test('a report names the machine, the missing contenders with their reasons, and the verdicts', () => {
  const text = renderReport(report)
  expect(text).toContain('2 x Processor; 2026-01-02, 12.3 minutes; before it, others took 1.2 % of the machine.')
  expect(text).toMatch(/\| Socket\.IO +\| left out: no npm \|/)
  expect(text).toMatch(/\| Broadcast, deliveries per CPU second: ours \/ Centrifugo +\| >= 2 +\| 3 +\| met +\|/)
  expect(text).not.toContain('not worth quoting')
  expect(renderReport({ ...report, isQuick: true })).toContain('not worth quoting')
})

test('a measure that did not run misses no target', () => {
  expect(renderReport(report)).not.toContain('Loss')
  expect(renderReport({ ...report, sections: new Map() })).not.toContain('What we want')
})

test('the rig is checked where servers are saturated', () => {
  expect(renderReport(report)).toContain(
    `- ${of}: the generator took up to 200 deliveries/s (from Carillon), and was busy 70 % of the time at most (with Centrifugo).`,
  )
})
