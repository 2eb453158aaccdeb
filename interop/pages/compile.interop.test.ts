import { join } from 'node:path'
import { beforeAll, describe } from 'vitest'
import { runCommand } from '../run-command.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { blocksByPage, writeProjects } from './testing/write-projects.ts'
import { versionOf } from './versions.ts'

/** Compilers, with the endings of the files that only they read. */
const compilers = [
  { name: 'typescript', command: 'tsc', args: ['--project'], reads: ['.ts', '.tsx'] },
  { name: 'vue-tsc', command: 'vue-tsc', args: ['--project'], reads: ['.vue'] },
  { name: '@angular/compiler-cli', command: 'ngc', args: ['--project'], reads: ['.component.ts'] },
  { name: 'svelte-check', command: 'svelte-check', args: ['--output', 'human', '--fail-on-warnings', '--tsconfig'], reads: ['.svelte'] },
] as const

describe('an example of a page', () => {
  const trial = tabulateInto(places.results, 'compile')

  let folderOf: (page: string) => string
  beforeAll(async () => {
    folderOf = await writeProjects('compiled')
  })

  for (const [page, blocks] of blocksByPage) {
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
