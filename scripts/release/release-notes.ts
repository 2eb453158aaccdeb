import { failed, ok, type Result } from '../../program/result.ts'

export interface ReleaseNotes {
  /** Markdown of the release: its section of the changelog, without the heading. */
  readonly text: string
  /** False while the heading has no date. */
  readonly isDated: boolean
}

/**
 * Cuts the notes of one release from the changelog: what is between its heading, `## [1.2.3] - 2026-11-30`, and the next one.
 * @returns the notes, or a sentence about a section that is missing or empty
 */
export function cutReleaseNotes(changelog: string, version: string): Result<ReleaseNotes, string> {
  const sections = changelog.split(/^(?=## )/m)
  const section = sections.find((text) => text.startsWith(`## [${version}]`))
  if (section === undefined)
    return failed(`CHANGELOG.md has no section for ${version}. Rename "## [Unreleased]" to "## [${version}] - DATE".`)
  const [heading = '', ...lines] = section.split('\n')
  const text = lines.join('\n').trim()
  if (text === '') return failed(`CHANGELOG.md has an empty section for ${version}. Write what changes for users.`)
  return ok({ text: `${text}\n`, isDated: /\d{4}-\d{2}-\d{2}\s*$/.test(heading) })
}
