import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { emitDeclarations } from '../packages/declarations.ts'
import { renderSpecInterfaces } from './cdk8s-types.ts'

/**
 * Bundles the constructs as they are published: Node.js strips no types below node_modules. One module, and its types with the schema's description
 * at every field. cdk8s and constructs are the user's own: two copies of them would not know each other's constructs.
 */
export async function bundleCdk8s(): Promise<Cdk8sBundle> {
  const result = await build({
    entryPoints: [path('../../cdk8s/index.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['cdk8s', 'constructs'],
    legalComments: 'none',
    write: false,
    metafile: true,
  })
  const code = result.outputFiles[0]?.text
  if (code === undefined) throw new Error('esbuild wrote no bundle of cdk8s/index.ts.')
  return { code, types: await cdk8sTypes(), sources: Object.keys(result.metafile.inputs) }
}

export interface Cdk8sBundle {
  readonly code: string
  readonly types: string
  /** Files of the module, from the root of the repository. */
  readonly sources: readonly string[]
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const typesHead = "import { ApiObject, type ApiObjectMetadata } from 'cdk8s'\nimport type { Construct } from 'constructs'\n\n"

/** Returns the types of the module: the specs, and the compiler's declarations of the constructs without what they import. */
export async function cdk8sTypes(): Promise<string> {
  const declarations = await emitDeclarations(['cdk8s/index.ts'])
  const constructs = ['cdk8s/realtime-channel.ts', 'cdk8s/realtime-channel-class.ts'].map((source) => declarations.get(source) ?? '')
  return `${typesHead}${renderSpecInterfaces()}\n${constructs.join('\n').replaceAll(/^import .*\n/gm, '')}`
}

/** @param directory of the module and its types */
export async function writeCdk8s(directory: string): Promise<Cdk8sBundle> {
  const bundle = await bundleCdk8s()
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'carillon-cdk8s.js'), bundle.code)
  await writeFile(join(directory, 'carillon-cdk8s.d.ts'), bundle.types)
  return bundle
}

if (import.meta.main) {
  const { code, types } = await writeCdk8s(path('../../cdk8s/dist'))
  process.stdout.write(`cdk8s/dist/carillon-cdk8s.js: ${code.length} bytes; carillon-cdk8s.d.ts: ${types.length} bytes\n`)
}
