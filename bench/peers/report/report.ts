import { figure } from '../../lib/bench.ts'
import type { Contender } from '../contenders/contender.ts'
import { renderMarkdown, renderSection, type Section, type SectionRow, valueOf } from './section.ts'
import { checkTarget, renderTargets, wanted } from './targets.ts'

export interface Report {
  readonly sections: ReadonlyMap<string, Section>
  readonly contenders: readonly Contender[]
  readonly versions: ReadonlyMap<string, string>
  readonly absent: ReadonlyMap<string, string>
  readonly machine: string
  /** Share of the machine that others used before the run, from 0 to 1. */
  readonly busyBefore: number
  readonly minutes: number
  readonly isQuick: boolean
  readonly date: Date
}

/** Renders the findings of a run as Markdown. */
export function renderReport(report: Report): string {
  const titles = new Map(report.contenders.map(({ name, title }) => [name, title]))
  const titleOf = (name: string): string => titles.get(name) ?? name
  const verdicts = wanted.map((target) => checkTarget(target, report.sections)).filter(({ verdict }) => verdict !== 'not measured')
  return [
    '## The run',
    conditionsOf(report),
    renderMarkdown([
      ['server', 'version'],
      ...[...report.versions].map(([name, version]) => [titleOf(name), version]),
      ...[...report.absent].map(([name, reason]) => [titleOf(name), `left out: ${reason}`]),
    ]),
    ...(verdicts.length === 0 ? [] : ['## What we want, and what is', renderTargets(verdicts)]),
    '## Tables',
    '"Ours / its" is Carillon\'s figure divided by that of the row. ± is half of what lies between the least and the most of three windows.',
    ...[...report.sections.values()].map((section) => renderSection(section, titleOf)),
    ...rigCheckOf(report.sections, titleOf),
  ].join('\n\n')
}

function conditionsOf({ machine, busyBefore, minutes, isQuick, date }: Report): string {
  const circumstances = `${machine}; ${date.toISOString().slice(0, 10)}, ${figure(minutes)} minutes; before it, others took ${figure(100 * busyBefore)} % of the machine.`
  return isQuick ? `${circumstances} A quick run: its figures are not worth quoting.` : circumstances
}

/** A figure is the server's as long as the generator has time left. Otherwise the row understates it. */
function rigCheckOf(sections: ReadonlyMap<string, Section>, titleOf: (name: string) => string): readonly string[] {
  const section = sections.get('broadcast')
  if (section === undefined) return []
  const cases = [...new Set(section.rows.map(({ of }) => of))].filter((of) => of.endsWith('saturation'))
  const lines = cases.flatMap((of) => {
    const rows = section.rows.filter((row) => row.of === of)
    const read = (row: SectionRow, key: string): number => valueOf(section, row.contender, { of, key }) ?? 0
    const [fastest] = rows.toSorted((a, b) => read(b, 'perSecond') - read(a, 'perSecond'))
    const [busiest] = rows.toSorted((a, b) => read(b, 'loadBusy') - read(a, 'loadBusy'))
    if (fastest === undefined || busiest === undefined) return []
    return [
      `- ${of}: the generator took up to ${figure(read(fastest, 'perSecond'))} deliveries/s (from ${titleOf(fastest.contender)}), and was busy ${figure(100 * read(busiest, 'loadBusy'))} % of the time at most (with ${titleOf(busiest.contender)}).`,
    ]
  })
  return lines.length === 0 ? [] : ['### The rig', lines.join('\n')]
}
