import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createUserProject } from '../../scripts/packages/testing/user-project.ts'
import { tarballOf } from './testing/open-project.ts'
import { addRow } from './testing/results.ts'

it.each([
  ['@carillon/client', ['@carillon/client'], []],
  ['@carillon/react', ['@carillon/client', '@carillon/react'], ['@carillon/client', 'react']],
  ['@carillon/cdk8s', ['@carillon/cdk8s'], ['cdk8s', 'constructs']],
  ['carillon', ['carillon'], []],
] as const)('npm installs %s into an empty project with its peers alone', async (name, packages, peers) => {
  const project = await createUserProject()
  try {
    await project.install(packages.map(tarballOf), { isOnline: true })
    const { output } = await project.run('npm', 'ls', '--all', '--parseable')
    const modules = join(project.folder, 'node_modules')
    const names = output
      .trim()
      .split('\n')
      .map((path) => path.slice(modules.length + 1))
      .filter((path) => path !== '' && !path.includes('/node_modules/'))
    expect(names.toSorted()).toEqual([name, ...peers].toSorted())
    addRow(name, 'npm install', `${kilobytes(join(modules, name))} kB installed, ${peers.length} peers, ${kilobytes(modules)} kB with them`)
  } finally {
    await project.remove()
  }
})

/** Returns the size of all files below a folder, in kilobytes. */
function kilobytes(folder: string): number {
  const files = globSync('**/*', { cwd: folder }).map((path) => statSync(join(folder, path)))
  return Math.round(files.reduce((total, file) => total + (file.isFile() ? file.size : 0), 0) / 1000)
}
