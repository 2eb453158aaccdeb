import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Entry points of the client for pages, with the maximum size of each, minified and gzipped. Each holds all that it needs. */
export const clientEntries = {
  index: 3072,
  filters: 400,
  send: 6400,
  share: 12_288,
} as const

export type ClientEntry = keyof typeof clientEntries

/** Maximum size of the client, minified and gzipped. */
export const maxClientBytes = clientEntries.index

/** Bundles an entry point of the browser client into one minified module. */
export async function bundleClient(entry: ClientEntry = 'index'): Promise<ClientBundle> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../client/${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    legalComments: 'none',
    write: false,
  })
  const code = result.outputFiles[0]?.contents
  if (code === undefined) throw new Error(`esbuild wrote no bundle of client/${entry}.ts.`)
  return { code, gzippedBytes: gzipSync(code, { level: 9 }).length }
}

export interface ClientBundle {
  readonly code: Uint8Array
  readonly gzippedBytes: number
}

async function main(): Promise<void> {
  const { code, gzippedBytes } = await bundleClient()
  const directory = new URL('../../client/dist/', import.meta.url)
  await mkdir(directory, { recursive: true })
  await writeFile(new URL('carillon-client.js', directory), code)
  process.stdout.write(`client/dist/carillon-client.js: ${code.length} bytes, ${gzippedBytes} gzipped (at most ${maxClientBytes})\n`)
  if (gzippedBytes > maxClientBytes) process.exitCode = 1
}

if (import.meta.main) await main()
