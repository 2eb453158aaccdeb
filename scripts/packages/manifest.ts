import { readFileSync } from 'node:fs'

/** The root's package.json, which has what all packages share. */
const shared = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string
  readonly homepage: string
  readonly bugs: string
  readonly license: string
  readonly repository: { readonly type: string; readonly url: string }
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
} // our own file

/** Version of all packages. */
export const { version } = shared

interface CommonParts {
  readonly name: string
  readonly description: string
  readonly keywords: readonly string[]
  /** Folder of the sources. The registry resolves relative links of the README from there. */
  readonly directory: string
}

export interface ManifestParts extends CommonParts {
  /** Entry points, by file name without an extension; `index` is the package itself. */
  readonly entries: readonly string[]
  /** Packages that the user's project brings, with the range of their versions. */
  readonly peers: Readonly<Record<string, string>>
}

/** Returns the package.json of a package whose entries each have an ES module, a CommonJS module, and types of both. */
export function renderManifest({ entries, peers, ...common }: ManifestParts): string {
  return render({
    ...commonFields(common),
    sideEffects: false,
    // The classic resolution of TypeScript reads these two, and not `exports`.
    main: './index.cjs',
    types: './index.d.cts',
    exports: {
      ...Object.fromEntries(entries.map((entry) => [entry === 'index' ? '.' : `./${entry}`, conditions(entry)])),
      './package.json': './package.json',
    },
    files: ['*.js', '*.cjs', '*.map', '*.d.ts', '*.d.cts'],
    ...(Object.keys(peers).length === 0 ? {} : { peerDependencies: peers }),
  })
}

export interface ProgramParts extends CommonParts {
  /** File names of the programs. Each command has the name of its file without `.js`. */
  readonly programs: readonly string[]
}

/** Returns the package.json of a package that has commands alone: no code can import it. */
export function renderProgramManifest({ programs, ...common }: ProgramParts): string {
  return render({
    ...commonFields(common),
    bin: Object.fromEntries(programs.map((file) => [file.replace(/\.js$/, ''), `./${file}`])),
    exports: { './package.json': './package.json' },
    files: programs,
  })
}

const commonFields = ({ name, description, keywords, directory }: CommonParts): object => ({
  name,
  version,
  description,
  homepage: `${shared.homepage}/tree/main/${directory}#readme`,
  bugs: shared.bugs,
  license: shared.license,
  repository: { ...shared.repository, directory },
  keywords,
  type: 'module',
  engines: shared.engines,
})

const render = (manifest: object): string => `${JSON.stringify(manifest, null, 2)}\n`

const conditions = (entry: string): object => ({
  import: { types: `./${entry}.d.ts`, default: `./${entry}.js` },
  require: { types: `./${entry}.d.cts`, default: `./${entry}.cjs` },
})

/** Returns the range of a peer in the major version that this repository uses. */
export function majorRange(peer: string): string {
  const used = shared.dependencies[peer]
  if (used === undefined) throw new Error(`${peer}: package.json does not name this package`)
  return `^${used.split('.')[0]}.0.0`
}

/** Returns the range of another package of this repository: versions that npm takes as compatible with this one. */
export const sameRange = (): string => `^${version}`
