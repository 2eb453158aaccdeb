import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Format, type Plugin } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface BundleOptions {
  /** File name without an extension. */
  readonly entry: string
  /** Path from the root of the repository. */
  readonly source: string
  readonly external: readonly string[]
  /** Names of packages that replace imports of sources, by the path of the source from the root of the repository. */
  readonly packages?: Readonly<Record<string, string>>
  readonly platform: 'neutral' | 'node'
}

const formats: readonly (readonly [Format, string])[] = [
  ['esm', 'js'],
  ['cjs', 'cjs'],
]

/** Returns the modules of an entry, and their source maps, by file name. They are not minified: the user's bundler does that. */
export async function bundleEntry(options: BundleOptions): Promise<ReadonlyMap<string, string>> {
  const files = await Promise.all(formats.map((format) => bundle(options, ...format)))
  return new Map(files.flat())
}

async function bundle({ entry, source, external, packages = {}, platform }: BundleOptions, format: Format, extension: string) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { [entry]: source },
    outdir: '.',
    outExtension: { '.js': `.${extension}` },
    bundle: true,
    external: [...external],
    plugins: [importPackages(packages)],
    format,
    platform,
    target: 'es2022',
    legalComments: 'none',
    sourcemap: true,
    write: false,
  })
  return outputFiles.map(({ path, text }) => [path.slice(path.lastIndexOf('/') + 1), text] as const)
}

const importPackages = (packages: Readonly<Record<string, string>>): Plugin => ({
  name: 'import-packages',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const name = packages[relative(root, resolve(resolveDir, path))]
      return name === undefined ? undefined : { path: name, external: true }
    }),
})
