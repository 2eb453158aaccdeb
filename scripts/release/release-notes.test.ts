import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { cutReleaseNotes } from './release-notes.ts'

const changelog = `# Changelog

## [Unreleased]

- Later.

## [0.2.0] - 2026-11-30

### Added

- Two.

## [0.2.0-rc.1] - 2026-11-01

- Candidate.

## [0.1.0] - unreleased

- One.

## [0.0.1] - 2026-01-01
`

it('cuts the notes of a release between its heading and the next one', () => {
  expect(cutReleaseNotes(changelog, '0.2.0')).toEqual({ ok: true, value: { text: '### Added\n\n- Two.\n', isDated: true } })
})

it('does not take a version for another that begins with it', () => {
  expect(cutReleaseNotes(changelog, '0.2.0-rc.1')).toEqual({ ok: true, value: { text: '- Candidate.\n', isDated: true } })
})

it('says that a heading has no date', () => {
  expect(cutReleaseNotes(changelog, '0.1.0')).toEqual({ ok: true, value: { text: '- One.\n', isDated: false } })
})

it.each([
  ['0.3.0', 'CHANGELOG.md has no section for 0.3.0. Rename "## [Unreleased]" to "## [0.3.0] - DATE".'],
  ['0.0.1', 'CHANGELOG.md has an empty section for 0.0.1. Write what changes for users.'],
])('refuses the version %s, which has no notes', (version, error) => {
  expect(cutReleaseNotes(changelog, version)).toEqual({ ok: false, error })
})

it('cuts the notes of the version of package.json from the changelog of this repository', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const { version } = JSON.parse(read('package.json')) as { readonly version: string } // a file of ours
  expect(cutReleaseNotes(read('CHANGELOG.md'), version)).toMatchObject({ ok: true })
})
