import { afterAll, beforeAll, expect, it } from 'vitest'
import { namedExamples } from '../../scripts/docs/named-examples.ts'
import { typedClientProgram, typedReactProgram } from '../../scripts/packages/testing/user-programs.ts'
import { compileWith, type UserProject } from '../../scripts/packages/testing/user-project.ts'
import { installedVersion } from './testing/installed-version.ts'
import { openProject } from './testing/open-project.ts'
import { addRow } from './testing/results.ts'

let project: UserProject
beforeAll(async () => {
  project = await openProject('web', ['@carillon/client', '@carillon/react'])
})

afterAll(() => project.remove())

const bundler = { module: 'esnext', moduleResolution: 'bundler' }
const resolutions = {
  NodeNext: { module: 'nodenext' },
  'NodeNext, without the DOM': { module: 'nodenext', lib: ['es2022'] },
  bundler,
  'bundler, without the DOM': { ...bundler, lib: ['es2022'] },
}
const newest = 'typescript'
const cases = [newest, 'typescript-5'].flatMap((compiler) =>
  Object.entries(resolutions).map(([resolution, options]) => [compiler, resolution, options] as const),
)
const classic = ['typescript-5', 'classic', { module: 'commonjs', moduleResolution: 'node' }] as const

it.each([...cases, classic])(
  'the types for pages and for React compile with %s at its strictest, by the resolution %s',
  async (compiler, resolution, options) => {
    const modules = { 'client.ts': typedClientProgram, 'react.ts': typedReactProgram }
    const common = { 'client.cts': typedClientProgram, 'react.cts': typedReactProgram }
    const files = resolution === 'classic' ? modules : { ...modules, ...common }
    await project.write(files)
    const complaint = await compileWith(`node_modules/${compiler}/bin/tsc`, project, options, Object.keys(files))
    const user = `TypeScript ${await installedVersion(project, compiler)}, ${resolution}`
    for (const name of ['@carillon/client', '@carillon/react']) addRow(name, user, complaint === '' ? 'compiles' : complaint)
    expect(complaint).toBe('')
  },
)

it("the README's examples for React compile, with the libraries that they name", async () => {
  const examples = namedExamples('react/README.md')
  await project.write(examples)
  const options = { ...bundler, jsx: 'react-jsx' }
  expect(Object.keys(examples)).toContain('use-fresh-orders.ts')
  expect(await compileWith(`node_modules/${newest}/bin/tsc`, project, options, Object.keys(examples))).toBe('')
})
