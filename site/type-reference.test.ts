import { expect, it } from 'vitest'
import { builders } from '../scripts/packages/write-packages.ts'
import { generatedPages } from './generate.ts'

interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, unknown>>
}

it('the reference of types has a page for each entry point of the published packages', async () => {
  const folders = await Promise.all(builders.map((build) => build()))
  const manifests = folders.map(({ files }) => JSON.parse(files.get('package.json') ?? '{}') as Manifest) // made by the builders
  const entries = manifests.flatMap(({ name, exports = {} }) =>
    Object.keys(exports)
      .filter((entry) => entry !== './package.json')
      .map((entry) => entry.replace('.', name)),
  )
  expect(entries.length).toBeGreaterThan(3)
  expect(generatedPages.map(({ text }) => text).filter((text) => text.startsWith('@'))).toEqual(expect.arrayContaining(entries))
  expect(generatedPages.filter(({ text }) => text.startsWith('@'))).toHaveLength(entries.length)
})
