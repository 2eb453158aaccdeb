import { escapeControls } from '../../program/log/escape-controls.ts'
import { faultsOf, type Judged, tallyOf } from './judge-server.ts'
import { profiles } from './profiles.ts'
import type { ProfileName, Status } from './rule.ts'
import type { Section } from './section.ts'

const statusWords = { pass: 'pass', fail: 'FAIL', 'not-applicable': 'n/a', 'not-checked': 'NOT CHECKED' } as const satisfies Record<
  Status,
  string
>
const statusWidth = Math.max(...Object.values(statusWords).map(({ length }) => length)) + 2
const levelWidth = 'SHOULD'.length + 2
const idWidth = Math.max(...Object.values(profiles).flatMap(({ rules }) => rules.map(({ id }) => id.length))) + 2

export const sectionText = ({ document, section, url }: Section): string =>
  `${document}, ${/^\d/.test(section) ? `section ${section}` : section}${url === null ? '' : `: ${url}`}`

/** Returns the lines of a verdict. What is not passed has the rule and its section below. A server chose parts of the note. */
export function renderJudged({ rule, status, note }: Judged): string {
  const head = `${statusWords[status].padEnd(statusWidth)}${rule.level.padEnd(levelWidth)}${rule.id.padEnd(idWidth)}`
  const below = ' '.repeat(statusWidth + levelWidth)
  const more = status === 'pass' ? '' : `${below}Rule: ${rule.title}.\n${below}${sectionText(rule.section)}\n`
  return `${head}${escapeControls(note)}\n${more}`
}

export const renderHeading = (name: ProfileName): string => `${name}: ${profiles[name].title}\n`

/** Returns the last lines: a tally of each profile, and the rules that a server breaks. */
export function renderSummary(names: readonly ProfileName[], all: readonly Judged[]): string {
  const lines = names.map((name) => {
    const of = all.filter(({ profile }) => profile === name)
    const tally = tallyOf(of)
    return `${name}: ${tally.pass} of ${of.length} rules pass, ${tally.fail} fail, ${tally['not-applicable']} do not apply, ${tally['not-checked']} not checked.`
  })
  const faults = faultsOf(all)
  const last =
    faults.length === 0 ? 'Every MUST is kept.' : `Not kept or not checked, of every MUST: ${faults.map(({ rule }) => rule.id).join(', ')}.`
  return `${[...lines, last].join('\n')}\n`
}

/** Returns the report as data. */
export function reportOf(url: string, names: readonly ProfileName[], all: readonly Judged[]): object {
  return {
    url,
    ok: faultsOf(all).length === 0,
    profiles: names.map((name) => {
      const of = all.filter(({ profile }) => profile === name)
      return {
        name,
        title: profiles[name].title,
        tally: tallyOf(of),
        rules: of.map(({ rule: { id, level, title, section }, status, note }) => ({ id, level, title, section, status, note })),
      }
    }),
  }
}

/** Returns the report in the form that CI servers read (JUnit XML): a MUST that is not kept is a failure, all else that did not pass is skipped. */
export function renderJUnit(names: readonly ProfileName[], all: readonly Judged[]): string {
  const faults = new Set(faultsOf(all))
  const suites = names.map((name) => {
    const of = all.filter(({ profile }) => profile === name)
    const failures = of.filter((one) => faults.has(one)).length
    const skipped = of.filter((one) => one.status !== 'pass' && !faults.has(one)).length
    const cases = of.map((one) => {
      const message = escapeXml(`${one.note} ${sectionText(one.rule.section)}`)
      const outcome =
        one.status === 'pass'
          ? ''
          : faults.has(one)
            ? `<failure message="${message}"/>`
            : `<skipped message="${one.rule.level}, ${one.status}: ${message}"/>`
      return `    <testcase classname="${name}" name="${escapeXml(`${one.rule.id}: ${one.rule.title}`)}">${outcome}</testcase>\n`
    })
    return `  <testsuite name="${escapeXml(profiles[name].title)}" tests="${of.length}" failures="${failures}" skipped="${skipped}">\n${cases.join('')}  </testsuite>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeXml = (text: string): string => escapeControls(text).replace(/[&<>"]/g, (character) => entities[character] ?? character)
