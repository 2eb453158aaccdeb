import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { examplesOf, type FileBlock } from '../../scripts/docs/file-examples.ts'
import { writePackages } from '../../scripts/packages/write-packages.ts'
import { runCommand } from '../run-command.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { versionOf } from './versions.ts'

/** Each page is a project of its own, with our packages as they are published and the real types of all others. */

const projects = join(places.node, 'projects')
const sources = examplesOf('compiles').concat(examplesOf('receives'), examplesOf('emits'))
const byPage = Map.groupBy(
  sources.filter(({ file }) => ['.ts', '.tsx', '.vue', '.svelte'].includes(extname(file))),
  ({ page }) => page,
)

/** As strict as TypeScript is, and of the DOM, as the projects of all frameworks are. */
const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noEmit: true,
  skipLibCheck: true,
  target: 'es2022',
  module: 'preserve',
  moduleResolution: 'bundler',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: ['node'],
  jsx: 'react-jsx',
  experimentalDecorators: true,
}

const folderOf = (page: string): string => join(projects, page.replaceAll('/', '-'))

async function writeProject(page: string, blocks: readonly FileBlock[]): Promise<void> {
  const folder = folderOf(page)
  await mkdir(folder, { recursive: true })
  for (const { file, code } of blocks) await writeFile(join(folder, file), code)
  const options = { compilerOptions, angularCompilerOptions: { strictTemplates: true }, include: ['*'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
}

/** Compilers, with the endings of the files that only they read. */
const compilers = [
  { name: 'typescript', command: 'tsc', args: ['--project'], reads: ['.ts', '.tsx'] },
  { name: 'vue-tsc', command: 'vue-tsc', args: ['--project'], reads: ['.vue'] },
  { name: '@angular/compiler-cli', command: 'ngc', args: ['--project'], reads: ['.component.ts'] },
  { name: 'svelte-check', command: 'svelte-check', args: ['--output', 'human', '--fail-on-warnings', '--tsconfig'], reads: ['.svelte'] },
] as const

describe('an example of a page', () => {
  const trial = tabulateInto(places.results, 'compile')

  beforeAll(async () => {
    await rm(projects, { recursive: true, force: true })
    for (const { name, folder } of await writePackages(join(places.folder, 'packages')))
      await cp(folder, join(projects, 'node_modules', name), { recursive: true })
    for (const [page, blocks] of byPage) await writeProject(page, blocks)
  })

  for (const [page, blocks] of byPage) {
    for (const { name, command, args, reads } of compilers) {
      const files = blocks.map(({ file }) => file).filter((file) => reads.some((ending) => file.endsWith(ending)))
      if (files.length === 0) continue
      trial({
        client: { name, version: versionOf(name) },
        what: `compiles ${files.join(', ')} of ${page} under strict`,
        arrives: '',
        act: async () => {
          const project = join(folderOf(page), 'tsconfig.json')
          const run = { environment: {}, input: '' }
          return runCommand(process.execPath, [join(places.node, 'node_modules/.bin', command), ...args, project], run).then(
            () => '',
            String,
          )
        },
      })
    }
  }
})
