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

describe('the class in the README', () => {
  it('is a manifest that the construct accepts', async () => {
    const [, block = ''] = [...readFileSync(join(here, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code)
    const file = join(directory, 'class.ts')
    const head = `import { App, Chart } from 'cdk8s'\nimport { RealtimeChannelClass } from '${join(here, 'index.ts')}'\nconst app = new App()\nconst chart = new Chart(app, 'classes')\n`
    await writeFile(file, `${head}${block}\nconsole.log(app.synthYaml())\n`)
    const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    expect([stdout, stderr]).toEqual([expect.stringMatching(/kind: RealtimeChannelClass\n[^]*maxReplicas: 20\n/), ''])
  })
})
