import { describe, expect, it } from 'vitest'
import { folders, withFolderTable } from './render-folders.ts'

const page =
  '# Page\n\nBefore.\n\n<!-- folders: rendered from scripts/boundaries/folders.cjs by make docs -->\nstale row\n<!-- end of folders -->\n\nAfter.\n'

describe('the table of folders in a page', () => {
  it('replaces what stands between the markers and leaves the rest of the page', () => {
    const rendered = withFolderTable(page)
    expect(rendered).toMatch(/^# Page\n\nBefore\.\n[^]*\nAfter\.\n$/)
    expect(rendered).not.toContain('stale row')
    expect(withFolderTable(rendered)).toBe(rendered)
  })

  it('has one row per folder, with what its code may import', () => {
    const rows = withFolderTable(page)
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows).toHaveLength(folders.length)
    expect(rows).toContainEqual(expect.stringMatching(/^\| `client` \| .+ \| nothing \|$/))
    expect(rows).toContainEqual(
      expect.stringMatching(/^\| `gateway\/replay` \| .+ \| `program`, `gateway\/audience`, `gateway\/event` \|$/),
    )
  })

  it('names a group of rows instead of its members, where a row imports all of them', () => {
    expect(withFolderTable(page)).toMatch(/^- \*the core\*: `gateway\/audience`, /m)
    expect(withFolderTable(page)).toMatch(/^\| `gateway\/adapters\/ws` \| .+\*the core\* \|$/m)
  })

  it('refuses a page without the markers', () => {
    expect(() => withFolderTable('# Page\n')).toThrow('The page lacks the markers')
  })
})
