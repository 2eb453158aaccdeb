import { describe, expect, it } from 'vitest'
import { previousRevision } from './previous-release.ts'
import { scriptedRun } from './scripted-run.ts'

describe('the previous release', () => {
  it.each([
    ['v0.2.0\nv0.1.0\n', '0.2.0', 'v0.1.0'],
    ['v0.3.0-rc.1\nv0.2.0\nv0.1.0\n', '0.3.0', 'v0.2.0'],
    ['v0.10.0\nv0.9.0\n', '0.11.0', 'v0.10.0'],
    ['v0.1.0\n', '0.1.0', 'de5fdf8019a6ed30edb735f3f7186e6980c112ee'],
    ['', '0.1.0', 'de5fdf8019a6ed30edb735f3f7186e6980c112ee'],
  ])('of the tags %j is, for version %s, %s', async (tags, version, revision) => {
    const { run } = scriptedRun({ git: tags })
    expect(await previousRevision({ run, root: '/repository' }, version)).toBe(revision)
  })
})
