import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const artifacts = join(here, '..', 'artifacts')

/** In the repository, so that the program finds cdk8s. */
let directory = ''
beforeAll(async () => {
  await mkdir(artifacts, { recursive: true })
  directory = await mkdtemp(join(artifacts, 'readme-'))
})
afterAll(() => rm(directory, { recursive: true }))

describe('the program in the README', () => {
  it('prints a manifest, and the addresses in its comments', async () => {
    const [, program = ''] = /```ts\n(.*?)```/s.exec(readFileSync(join(here, 'README.md'), 'utf8')) ?? []
    const file = join(directory, 'app.ts')
    await writeFile(file, program.replace("'@carillon/cdk8s'", `'${join(here, 'index.ts')}'`))
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    expect(stdout).toContain('kind: RealtimeChannel')
    const said = [...program.matchAll(/`(\w+): .*\/\/ (\S+)$/gm)].map(([, who, address]) => `${who}: ${address}`)
    expect(said).toHaveLength(2)
    expect(stderr.trim().split('\n')).toEqual(said)
  })
})
