import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { examplesOf, type FileBlock } from '../../../scripts/docs/file-examples.ts'
import { writePackages } from '../../../scripts/packages/write-packages.ts'
import { places } from '../places.ts'

/** Blocks that compilers read, by their pages. */
export const blocksByPage: ReadonlyMap<string, readonly FileBlock[]> = Map.groupBy(
  [...examplesOf('compiles'), ...examplesOf('receives'), ...examplesOf('emits')].filter(({ file }) =>
    ['.ts', '.tsx', '.vue', '.svelte'].includes(extname(file)),
  ),
  ({ page }) => page,
)

/** As strict as TypeScript is, and with the DOM, as the projects of all frameworks are. */
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

/**
 * Makes a project of each page, with our packages as they are published. All other packages are those of the pins.
 *
 * @param name of the folder of the projects
 * @returns the folder of a page's project
 */
export async function writeProjects(name: string): Promise<(page: string) => string> {
  const projects = join(places.node, name)
  const folderOf = (page: string): string => join(projects, page.replaceAll('/', '-'))
  await rm(projects, { recursive: true, force: true })
  for (const { name: packageName, folder } of await writePackages(join(projects, 'packages')))
    await cp(folder, join(projects, 'node_modules', packageName), { recursive: true })
  for (const [page, blocks] of blocksByPage) await writeProject(folderOf(page), blocks)
  return folderOf
}

async function writeProject(folder: string, blocks: readonly FileBlock[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { file, code } of blocks) await writeFile(join(folder, file), code)
  const options = { compilerOptions, angularCompilerOptions: { strictTemplates: true }, include: ['*'] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(options))
}
