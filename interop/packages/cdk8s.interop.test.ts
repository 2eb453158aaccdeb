import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channelProgram } from '../../scripts/packages/testing/user-programs.ts'
import { compileWith, type UserProject } from '../../scripts/packages/testing/user-project.ts'
import { installedVersion } from './testing/installed-version.ts'
import { openProject } from './testing/open-project.ts'
import { addRow } from './testing/results.ts'

/** The app that `cdk8s init typescript-app` writes, from its own template. Its other steps import the API of Kubernetes from GitHub. */

const name = '@carillon/cdk8s'

let project: UserProject
beforeAll(async () => {
  project = await openProject('cdk8s', [name])
  const template = (file: string): Promise<string> =>
    readFile(join(project.folder, 'node_modules/cdk8s-cli/templates/typescript-app', file), 'utf8')
  const construct = "new RealtimeChannel(this, 'news', { metadata: { name: 'news' }, route: { host: 'live.example.com', tls: {} } })"
  const main = (await template('main.ts')).replace('{{ $base }}', 'shop').replace('// define resources here', construct)
  await project.write({
    'main.ts': `import { RealtimeChannel } from '${name}'\n${main}`,
    'tsconfig.json': await template('tsconfig.json'),
    'cdk8s.yaml': await template('cdk8s.yaml'),
  })
})

afterAll(() => project.remove())

it('an app of `cdk8s init` compiles with its own settings, and `cdk8s synth` writes the channel', async () => {
  expect(await readFile(join(project.folder, 'main.ts'), 'utf8')).toContain('new RealtimeChannel(')
  expect(await project.run('node_modules/.bin/tsc', '--build')).toEqual({ code: 0, output: '' })
  const { code, output } = await project.run('node_modules/.bin/cdk8s', 'synth', '--check-upgrade=false')
  expect([code, output]).toEqual([0, expect.stringContaining('dist/shop.k8s.yaml')])
  const written = await readFile(join(project.folder, 'dist/shop.k8s.yaml'), 'utf8')
  addRow(
    name,
    `cdk8s-cli ${await installedVersion(project, 'cdk8s-cli')}, cdk8s init and synth`,
    /^kind: .*$/m.exec(written)?.[0] ?? written,
  )
  expect(written).toMatch(/^apiVersion: carillon\.dev\/v1alpha1\nkind: RealtimeChannel$/m)
})

describe('the types of @carillon/cdk8s', () => {
  const typed = `declare const console: { log(...words: unknown[]): void }\n${channelProgram}`
  it.each([
    ['NodeNext', { module: 'nodenext' }, ['app.mts', 'app.cts']],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['app.mts', 'app.cts']],
    ['classic', { module: 'commonjs', moduleResolution: 'node' }, ['app.ts']],
  ] as const)('compile at the strictest by the resolution %s', async (resolution, options, files) => {
    await project.write(Object.fromEntries(files.map((file) => [`strict/${file}`, typed])))
    const complaint = await compileWith(
      'node_modules/.bin/tsc',
      project,
      options,
      files.map((file) => `strict/${file}`),
    )
    addRow(name, `TypeScript ${await installedVersion(project, 'typescript')}, ${resolution}`, complaint === '' ? 'compiles' : complaint)
    expect(complaint).toBe('')
  })
})
