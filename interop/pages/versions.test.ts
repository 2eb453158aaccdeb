import { describe, expect, it } from 'vitest'
import { readPages } from '../../scripts/docs/pages.ts'
import { versionOf } from './versions.ts'

/** `Tested with requests 2.34.2`, as the pages about languages say it. */
const named = readPages().flatMap(({ path, text }) =>
  [...text.matchAll(/^Tested with (\S+) (\d+\.\d+\.\d+)/gm), ...text.matchAll(/\. Tested with (\S+) (\d+\.\d+\.\d+)/g)].map(
    ([, name = '', version = '']) => ({ path, name, version }),
  ),
)

/** Names that the npm registry and PyPI share. */
const pinOf = (path: string, name: string): string =>
  versionOf(path.endsWith('node.md') && name === 'cloudevents' ? 'cloudevents (npm)' : name)

describe('a version that a page names', () => {
  it.each(named)('of $name in $path is the one that the suite installs: $version', ({ path, name, version }) => {
    expect(pinOf(path, name)).toBe(version)
  })

  it('is on each page about a language with packages', () => {
    expect(new Set(named.map(({ path }) => path))).toEqual(
      new Set(['docs/emit-from-python.md', 'docs/emit-from-go.md', 'docs/emit-from-node.md']),
    )
    expect(named).toHaveLength(7)
  })

  it('of a library before a migration is the one whose types the code has', () => {
    const textOf = (page: string): string => readPages().find(({ path }) => path === page)?.text ?? ''
    expect(textOf('docs/migrate-from-socketio.md')).toContain(`Socket.IO ${versionOf('socket.io').replace(/\.\d+$/, '')}.`)
    expect(textOf('docs/migrate-from-centrifugo.md')).toContain(`centrifuge-js ${versionOf('centrifuge').replace(/\..*$/, '')}.`)
  })
})
