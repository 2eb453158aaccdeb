import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

interface Entry {
  /** File of the bundle. */
  readonly file: string
  readonly source: string
  /** Lines at the beginning of the bundle, behind the first. */
  readonly banner: string
  readonly minify: boolean
}

/** Every program of the package `carillon`. */
export const entries = {
  carillon: { file: 'carillon.js', source: '../../cli/main.ts', banner: '', minify: false },
  // The Kubernetes client has parts in CommonJS, which need a `require`. It is large, so it stays out of `carillon`, and its names are shortened.
  // White space stays: esbuild's comments name the packages in the bundle, and the SBOM reads them.
  'kubectl-carillon': {
    file: 'kubectl-carillon.js',
    source: '../../cli/kubectl/main.ts',
    banner:
      "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    minify: true,
  },
} as const satisfies Readonly<Record<string, Entry>>

export type EntryName = keyof typeof entries

/** Bundles a program into one module that Node 20 runs without a package beside it. */
export async function bundleCli(name: EntryName = 'carillon'): Promise<CliBundle> {
  const { source, banner, minify } = entries[name]
  // Our own file.
  const { version } = JSON.parse(await readFile(path('../../package.json'), 'utf8')) as { readonly version: string }
  const result = await build({
    entryPoints: [path(source)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: `#!/usr/bin/env node\n${banner}` },
    define: { CARILLON_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    minifyIdentifiers: minify,
    minifySyntax: minify,
    write: false,
    metafile: true,
  })
  const code = result.outputFiles[0]?.text
  if (code === undefined) throw new Error(`esbuild wrote no bundle of ${source}.`)
  return { code, version, sources: Object.keys(result.metafile.inputs) }
}

export interface CliBundle {
  readonly code: string
  readonly version: string
  /** Files of the module, from the root of the repository. */
  readonly sources: readonly string[]
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Writes the bundle as an executable file. @param directory made if it is missing */
export async function writeCli(directory: string, name: EntryName = 'carillon'): Promise<CliBundle> {
  const bundle = await bundleCli(name)
  const file = `${directory}/${entries[name].file}`
  await mkdir(directory, { recursive: true })
  await writeFile(file, bundle.code)
  await chmod(file, 0o755)
  return bundle
}

if (import.meta.main) {
  // The keys of the table.
  for (const name of Object.keys(entries) as EntryName[]) {
    const { code } = await writeCli(path('../../cli/dist'), name)
    process.stdout.write(`cli/dist/${entries[name].file}: ${code.length} bytes\n`)
  }
}
