import { readFileSync } from 'node:fs'

/** The root's package.json, which has what all packages share. */
const shared = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
  readonly license: string
  readonly repository: { readonly type: string; readonly url: string }
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
} // our own file

export interface ManifestParts {
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
  /** Folder of the sources. The registry resolves relative links of the README from there. */
  readonly directory: string
  /** Entry points, by file name without an extension; `index` is the package itself. */
  readonly entries: readonly string[]
  /** Names of packages that the user's project brings, in the major version that this repository uses. */
  readonly peers: readonly string[]
}

/** Returns the package.json of a package whose entries each have an ES module, a CommonJS module, and types of both. */
export function renderManifest({ name, description, keywords, directory, entries, peers }: ManifestParts): string {
  const manifest = {
    name,
    version: shared.version,
    description,
    license: shared.license,
    repository: { ...shared.repository, directory },
    keywords,
    type: 'module',
    sideEffects: false,
    engines: shared.engines,
    // The classic resolution of TypeScript reads these two, and not `exports`.
    main: './index.cjs',
    types: './index.d.cts',
    exports: {
      ...Object.fromEntries(entries.map((entry) => [entry === 'index' ? '.' : `./${entry}`, conditions(entry)])),
      './package.json': './package.json',
    },
    files: ['*.js', '*.cjs', '*.map', '*.d.ts', '*.d.cts'],
    ...(peers.length === 0 ? {} : { peerDependencies: Object.fromEntries(peers.map((peer) => [peer, majorRange(peer)])) }),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

const conditions = (entry: string): object => ({
  import: { types: `./${entry}.d.ts`, default: `./${entry}.js` },
  require: { types: `./${entry}.d.cts`, default: `./${entry}.cjs` },
})

function majorRange(peer: string): string {
  const version = shared.dependencies[peer]
  if (version === undefined) throw new Error(`${peer}: package.json does not name this package`)
  return `^${version.split('.')[0]}.0.0`
}
