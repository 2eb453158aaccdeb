import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the command `carillon` into one module that Node 20 runs without a package beside it. */
export async function bundleCli(): Promise<CliBundle> {
  // Our own file.
  const { version } = JSON.parse(await readFile(path('../../package.json'), 'utf8')) as { readonly version: string }
  const result = await build({
    entryPoints: [path('../../cli/main.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    define: { CARILLON_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    write: false,
    metafile: true,
  })
  const code = result.outputFiles[0]?.text
  if (code === undefined) throw new Error('esbuild wrote no bundle of cli/main.ts.')
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
export async function writeCli(directory: string): Promise<CliBundle> {
  const bundle = await bundleCli()
  await mkdir(directory, { recursive: true })
  await writeFile(`${directory}/carillon.js`, bundle.code)
  await chmod(`${directory}/carillon.js`, 0o755)
  return bundle
}

if (import.meta.main) {
  const { code } = await writeCli(path('../../cli/dist'))
  process.stdout.write(`cli/dist/carillon.js: ${code.length} bytes\n`)
}
