import { type Profile, profiles } from '../../cli/conformance/profiles.ts'
import type { Section } from '../../cli/conformance/section.ts'
import { type RecordedServer, recordedServers } from '../../interop/http/conformance/recorded-verdicts.ts'

const [begin, end] = [
  '<!-- verdicts: rendered from interop/http/conformance/verdicts.json by make docs -->\n',
  '<!-- end of verdicts -->\n',
]

/**
 * Returns the page with the tables of rules and verdicts between its two markers.
 * @throws Error when the page lacks a marker, or a server with a profile lacks a verdict
 */
export function withVerdicts(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The page lacks the markers ${begin.trim()} and ${end.trim()}`)
  return `${page.slice(0, from + begin.length)}\n${Object.values(profiles).map(renderProfile).join('\n')}\n${page.slice(to)}`
}

function renderProfile({ title, rules }: Profile): string {
  const servers = recordedServers.filter(({ verdicts }) => rules.some(({ id }) => id in verdicts))
  const lines = rules.map(
    ({ id, level, section, title: rule }) =>
      `| \`${id}\` | ${level} | ${rule} (${renderSection(section)}) | ${servers.map((server) => verdictOf(server, id)).join(' | ')} |`,
  )
  const names = servers.map(({ name, version }) => (version === null ? name : `${name} ${version}`))
  const counts = servers.map(({ verdicts }) => rules.filter(({ id }) => verdicts[id] === 'pass').length)
  return [
    `### ${title.replace(/ \(.*\)$/, '')}`,
    '',
    `| rule | | what a server does | ${names.join(' | ')} |`,
    `|---|---|---|${'---|'.repeat(names.length)}`,
    ...lines,
    `| passed, of ${rules.length} | | | ${counts.join(' | ')} |`,
    '',
  ].join('\n')
}

const words: Readonly<Record<string, string>> = {
  pass: 'pass',
  fail: '**fails**',
  'not-applicable': 'does not apply',
  'not-checked': 'not checked',
}

function verdictOf({ name, verdicts }: RecordedServer, id: string): string {
  const word = words[verdicts[id] ?? '']
  if (word === undefined)
    throw new Error(`verdicts.json has no verdict of ${name} for ${id}. Run carillon conformance on it, and record it.`)
  return word
}

function renderSection({ document, section, url }: Section): string {
  const text = `${document.replace(/^CloudEvents (?=[A-Z])/, '').replace(/ 1\.0\.2$/, '')}, ${section}`
  return url === null ? `[${text}](protocol.md)` : `[${text}](${url})`
}
