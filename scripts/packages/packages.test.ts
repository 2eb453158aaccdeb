import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { build } from 'esbuild'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { namedExamples } from '../docs/named-examples.ts'
import { isProvedElsewhere } from '../docs/file-examples.ts'
import { codeBlocks, readPages } from '../docs/pages.ts'
import { version } from './manifest.ts'
import { channelProgram, receiverProgram, runReceiver, typedClientProgram, typedReactProgram } from './testing/user-programs.ts'
import { compile, compileClassic, createUserProject, type UserProject } from './testing/user-project.ts'
import { writePackages, type WrittenPackage } from './write-packages.ts'

/**
 * Each package is packed, put into a fresh project, and used there. No test needs the network: bundlers, compilers and peers are those of
 * this repository.
 */

const root = fileURLToPath(new URL('../..', import.meta.url))

// Compilers and bundlers run beside other tests.
vi.setConfig({ testTimeout: 60_000 })

let directory = ''
let packages: Readonly<Record<string, WrittenPackage>> = {}
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carillon-packages-'))
  packages = Object.fromEntries((await writePackages(directory)).map((each) => [each.name, each]))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

function written(name: string): WrittenPackage {
  const found = packages[name]
  if (found === undefined) throw new Error(`${name}: writePackages() wrote no package of this name`)
  return found
}

const libraries = ['@carillon/client', '@carillon/react', '@carillon/cdk8s']

describe.each([...libraries, 'carillon'])('the package %s', (name) => {
  it('passes publint', async () => {
    const { messages } = await publint({ pkgDir: written(name).folder, strict: true })
    expect(messages).toEqual([])
  })

  it('has README, license, repository and keywords, the version of the repository, and no dependency of its own', async () => {
    const manifest: unknown = JSON.parse(await readFile(join(written(name).folder, 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({ name, version, license: 'Apache-2.0', type: 'module', repository: { type: 'git' } })
    expect(Object.keys(Object(manifest))).toEqual(expect.arrayContaining(['description', 'keywords', 'files']))
    expect(Object.keys(Object(manifest))).not.toContain('dependencies')
    expect(written(name).files).toEqual(expect.arrayContaining(['LICENSE', 'README.md']))
  })

  it('holds no path of the machine that made it', async () => {
    const { folder, files } = written(name)
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    expect(files.filter((_, index) => texts[index]?.includes(root))).toEqual([])
  })
})

it('the packages are the same, byte for byte, when they are built again', async () => {
  const again = await mkdtemp(join(tmpdir(), 'carillon-packages-'))
  try {
    const second = await writePackages(again)
    expect(second.map(({ name }) => name)).toEqual(Object.keys(packages))
    for (const { name, tarball } of second) expect(await readFile(tarball)).toEqual(await readFile(written(name).tarball))
  } finally {
    await rm(again, { recursive: true })
  }
})

describe.each(libraries)('the library %s', (name) => {
  it('passes are-the-types-wrong in each kind of resolution', async () => {
    const tarball = new Uint8Array(await readFile(written(name).tarball))
    const analysis = await checkPackage(createPackageFromTarballData(tarball))
    expect(analysis).toMatchObject({ packageName: name, types: { kind: 'included' }, problems: [] })
  })

  it('holds source maps with the sources inside, and loads nothing that is not used', async () => {
    const { folder, files } = written(name)
    const maps = files.filter((file) => file.endsWith('.map'))
    expect(maps).toEqual(expect.arrayContaining(['index.cjs.map', 'index.js.map']))
    // esbuild's own format.
    const parsed = await Promise.all(
      maps.map(async (file) => JSON.parse(await readFile(join(folder, file), 'utf8')) as { sources: string[]; sourcesContent: string[] }),
    )
    expect(parsed.map(({ sources, sourcesContent }) => sources.length === sourcesContent.length && sources.length > 0)).not.toContain(false)
    const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({ sideEffects: false })
  })
})

describe('@carillon/client in a project of a user', () => {
  let gateway: TestGateway
  let project: UserProject
  let token = ''
  beforeAll(async () => {
    gateway = await startTestGateway()
    token = await gateway.token({ user_id: 'u1', username: 'ada', org_id: 'o1' })
    project = await createUserProject()
    await project.install([written('@carillon/client').tarball])
  })
  afterAll(async () => {
    await project.remove()
    await gateway.stop()
  })

  const program = (): string => receiverProgram(gateway, token)
  const runAgainstGateway = (...words: readonly string[]): Promise<string> =>
    runReceiver(gateway, () => project.run(process.execPath, ...words))

  it('is one package, without another', async () => {
    const { output } = await project.run('npm', 'ls', '--all', '--parseable')
    expect(output.trim().split('\n')).toHaveLength(2)
  })

  it('receives events in Node.js as an ES module', async () => {
    await project.write({ 'esm.js': `import { connect } from '@carillon/client'\n${program()}` })
    expect(await runAgainstGateway('esm.js')).toBe('hello by websocket\n')
  })

  it('receives events in Node.js as a CommonJS module', async () => {
    await project.write({ 'common.cjs': `const { connect } = require('@carillon/client')\n${program()}` })
    expect(await runAgainstGateway('common.cjs')).toBe('hello by websocket\n')
  })

  it('receives events over SSE in a runtime without WebSockets, such as Node.js 20', async () => {
    await project.write({
      'old.js': `import { connect } from '@carillon/client'\n${program()}`,
    })
    expect(await runAgainstGateway('--no-experimental-websocket', 'old.js')).toBe('hello by sse\n')
  })

  it('receives events in a bundle of esbuild', async () => {
    await project.write({ 'main.js': `import { connect } from '@carillon/client'\n${program()}` })
    await build({ absWorkingDir: project.folder, entryPoints: ['main.js'], bundle: true, format: 'esm', outfile: 'esbuild/main.js' })
    expect(await runAgainstGateway('esbuild/main.js')).toBe('hello by websocket\n')
  })

  it('receives events in a bundle of Vite', async () => {
    await project.write({
      'vite/main.js': `import { connect } from '@carillon/client'\n${program()}`,
      'vite/index.html': '<script type="module" src="/main.js"></script>',
      'vite/vite.config.js':
        "export default { build: { modulePreload: { polyfill: false }, rollupOptions: { output: { entryFileNames: 'main.js' } } } }",
    })
    const { code, output } = await project.run(process.execPath, join(root, 'node_modules/vite/bin/vite.js'), 'build', 'vite')
    expect([code, output]).toEqual([0, expect.stringContaining('main.js')])
    expect(await runAgainstGateway('vite/dist/main.js')).toBe('hello by websocket\n')
  })

  it("has a memory gateway, which the README's example uses", async () => {
    const example = readPages()
      .flatMap(codeBlocks)
      .find(({ code }) => code.includes('createMemoryGateway'))
    await project.write({ 'memory.js': `const show = (...words) => console.log('shown', ...words)\n${example?.code}` })
    const { output } = await project.run(process.execPath, 'memory.js')
    expect(output).toBe('shown event-1\n')
  })

  it('leaves nothing in a bundle that does not use it', async () => {
    await project.write({ 'unused.js': "import { connect } from '@carillon/client'\n" })
    const { outputFiles } = await build({
      absWorkingDir: project.folder,
      entryPoints: ['unused.js'],
      bundle: true,
      format: 'esm',
      write: false,
    })
    expect(outputFiles[0]?.text).not.toContain('WebSocket')
  })

  describe('with strict TypeScript', () => {
    const resolutions = {
      NodeNext: { module: 'nodenext' },
      bundler: { module: 'esnext', moduleResolution: 'bundler' },
      'bundler, without the DOM': { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022'] },
      'NodeNext, without the DOM': { module: 'nodenext', lib: ['es2022'] },
    }
    it.each(Object.entries(resolutions))('compiles by the resolution %s', async (_title, options) => {
      await project.write({ 'main.ts': typedClientProgram, 'common.cts': typedClientProgram })
      expect(await compile(project, options, ['main.ts', 'common.cts'])).toBe('')
    })

    // interop/pages compiles the others, with the packages that they name.
    const examples = readPages()
      .flatMap(codeBlocks)
      .filter((block) => ['ts', 'tsx'].includes(block.language) && /connect(<\w+>)?\(/.test(block.code) && !isProvedElsewhere(block))

    it('compiles every example of the pages', async () => {
      const files = Object.fromEntries(
        examples.map(({ code, language }, index) => [
          `example-${index}.${language}`,
          code.includes('import { connect }') ? code : `import { connect } from '@carillon/client'\n${code}`,
        ]),
      )
      await project.write({ ...files, 'page.d.ts': page })
      expect(Object.keys(files).length).toBeGreaterThan(4)
      expect(await compile(project, resolutions.bundler, ['page.d.ts', ...Object.keys(files)])).toBe('')
    })

    it('compiles by the classic resolution', async () => {
      await project.write({ 'main.ts': typedClientProgram })
      expect(await compileClassic(project, { module: 'commonjs', moduleResolution: 'node' }, ['main.ts'])).toBe('')
    })
  })
})

/** Names that examples use without a declaration, because a page has its own. */
const page = `
declare const store: { apply(event: { readonly id: string }): void; refetch(): void }
declare const badge: { (kind: string): void; show(kind: string): void }
declare const session: { freshToken(): Promise<string> }
declare function show(...words: unknown[]): void
declare function refetch(reason?: string): void
declare function dispatch(event: { readonly type: string; readonly data?: unknown }): void
declare function useEffect(effect: () => () => void, needs: readonly unknown[]): void
`

describe('@carillon/react in a project of a user', () => {
  let project: UserProject
  beforeAll(async () => {
    project = await createUserProject()
    await project.install([written('@carillon/client').tarball])
    await project.unpack(written('@carillon/react').tarball, '@carillon/react', [
      'react',
      'react-dom',
      '@types/react',
      '@types/react-dom',
      'happy-dom',
    ])
    await project.write(readme)
  })
  afterAll(() => project.remove())

  const readme = namedExamples('react/README.md')

  const onServer = `
const { CarillonProvider, useConnection } = require('@carillon/react')
const { createElement } = require('react')
const { renderToString } = require('react-dom/server')
const Badge = () => createElement('p', null, useConnection().state.kind)
console.log(renderToString(createElement(CarillonProvider, { channel: 'news' }, createElement(Badge))))
`

  it.each(['mjs', 'cjs'])('renders on a server, in a file that ends in .%s', async (extension) => {
    const code = extension === 'mjs' ? onServer.replaceAll(/const (.*) = require\((.*)\)/g, 'import $1 from $2') : onServer
    await project.write({ [`server.${extension}`]: code })
    expect(await project.run(process.execPath, `server.${extension}`)).toEqual({ code: 0, output: '<p>idle</p>\n' })
  })

  it("runs the README's test with the memory gateway", async () => {
    const dom = `
import { Window } from 'happy-dom'
const window = new Window()
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true })
`
    await project.write({ 'dom.js': dom })
    await build({
      absWorkingDir: project.folder,
      entryPoints: ['orders.test.tsx'],
      bundle: true,
      packages: 'external',
      format: 'esm',
      jsx: 'automatic',
      outfile: 'orders.test.js',
    })
    expect(await project.run(process.execPath, '--import', './dom.js', 'orders.test.js')).toEqual({ code: 0, output: '7\n' })
  })

  it('leaves nothing in a bundle that does not use it, and marks itself as code of browsers', async () => {
    await project.write({ 'unused.js': "import { useEvents } from '@carillon/react'\n" })
    const { outputFiles } = await build({
      absWorkingDir: project.folder,
      entryPoints: ['unused.js'],
      bundle: true,
      format: 'esm',
      write: false,
    })
    expect(outputFiles[0]?.text).not.toContain('useEvents')
    for (const file of ['index.js', 'index.cjs'])
      expect(await readFile(join(written('@carillon/react').folder, file), 'utf8')).toMatch(/^(?:"use strict";\n)?"use client";/)
  })

  const resolutions = {
    NodeNext: { module: 'nodenext' },
    bundler: { module: 'esnext', moduleResolution: 'bundler' },
    'bundler, without the DOM': { module: 'esnext', moduleResolution: 'bundler', lib: ['es2022'] },
  }
  it.each(Object.entries(resolutions))('compiles in strict TypeScript by the resolution %s', async (_title, options) => {
    await project.write({ 'main.ts': typedReactProgram, 'common.cts': typedReactProgram })
    expect(await compile(project, options, ['main.ts', 'common.cts'])).toBe('')
  })

  it('compiles by the classic resolution', async () => {
    await project.write({ 'main.ts': typedReactProgram })
    expect(await compileClassic(project, { module: 'commonjs', moduleResolution: 'node' }, ['main.ts'])).toBe('')
  })

  it("compiles the README's examples", async () => {
    // Another library, which `make interop` installs.
    const files = Object.keys(readme).filter((name) => !readme[name]?.includes('@tanstack/react-query'))
    expect(files).toEqual(['carillon.ts', 'orders.tsx', 'App.tsx', 'chat.tsx', 'orders.test.tsx'])
    expect(await compile(project, { ...resolutions.bundler, jsx: 'react-jsx' }, files)).toBe('')
  })
})

describe('the command carillon in a project of a user', () => {
  let project: UserProject
  beforeAll(async () => {
    project = await createUserProject()
    await project.install([written('carillon').tarball])
  })
  afterAll(() => project.remove())

  it.each([
    [['--version'], 0, `${version}\n`],
    [['doctor', '--help'], 0, expect.stringContaining('carillon doctor')],
    [['fly'], 2, expect.stringContaining('There is no command "fly"')],
  ])('answers `npx carillon` with %j as it does in the repository', async (words, code, output) => {
    expect(await project.run('npx', '--offline', 'carillon', ...words)).toEqual({ code, output })
  })

  it('is one package, without another, and no code can import it', async () => {
    expect((await project.run('npm', 'ls', '--all', '--parseable')).output.trim().split('\n')).toHaveLength(2)
    const { output } = await project.run(process.execPath, '--eval', "import('carillon').catch(({ code }) => console.log(code))")
    expect(output).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n')
  })
})

describe('@carillon/cdk8s in an app of a user', () => {
  let project: UserProject
  beforeAll(async () => {
    // As `cdk8s init` makes it: CommonJS, and the classic resolution.
    project = await createUserProject('commonjs')
    await project.unpack(written('@carillon/cdk8s').tarball, '@carillon/cdk8s', ['cdk8s', 'constructs'])
  })
  afterAll(() => project.remove())

  it.each(['mjs', 'cjs'])('makes a channel in Node.js, in a file that ends in .%s', async (extension) => {
    const code = extension === 'mjs' ? channelProgram : channelProgram.replaceAll(/import (.*) from (.*)/g, 'const $1 = require($2)')
    await project.write({ [`app.${extension}`]: code })
    const { output } = await project.run(process.execPath, `app.${extension}`)
    expect(output).toBe('shop.news wss://live.example.com/wss/news/v1/ws 2\n')
  })

  const resolutions = {
    NodeNext: { module: 'nodenext' },
    bundler: { module: 'esnext', moduleResolution: 'bundler' },
  }
  const declared = 'declare const console: { log(...words: unknown[]): void }\n'

  it.each(Object.entries(resolutions))('compiles by the resolution %s', async (_title, options) => {
    await project.write({ 'app.mts': declared + channelProgram, 'app.cts': declared + channelProgram })
    expect(await compile(project, options, ['app.mts', 'app.cts'])).toBe('')
  })

  it('compiles by the classic resolution of `cdk8s init`, and refuses a field that does not exist', async () => {
    const wrong = "// @ts-expect-error -- no such field\nnew RealtimeChannel(chart, 'other', { rout: { host: 'live.example.com' } })\n"
    await project.write({ 'main.ts': declared + channelProgram + wrong })
    expect(await compileClassic(project, { module: 'commonjs', moduleResolution: 'node' }, ['main.ts'])).toBe('')
  })
})
