import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { renderApiPage } from './api-page.ts'
import { generatedFolder, root } from './pages.ts'
import { writeTypeReference } from './type-reference.ts'

/** Pages that the build writes, with their places in the sidebar. */
export const generatedPages = [
  { group: 'Reference', text: 'HTTP API (OpenAPI)', path: 'reference/http-api.md' },
  { group: 'Reference', text: '@carillon/client', path: 'reference/packages/@carillon/client.md' },
  { group: 'Reference', text: '@carillon/client/testing', path: 'reference/packages/@carillon/client/testing.md' },
  { group: 'Reference', text: '@carillon/cdk8s', path: 'reference/packages/@carillon/cdk8s.md' },
] as const

/** Writes the pages that have no Markdown in the repository: the HTTP API, and the types of the packages. */
export async function generatePages(): Promise<void> {
  const folder = join(root, generatedFolder)
  await rm(folder, { recursive: true, force: true })
  await writeTypeReference(join(folder, 'reference/packages'))
  // A list of modules, which the sidebar has already.
  await rm(join(folder, 'reference/packages/index.md'))
  const page = join(folder, generatedPages[0].path)
  await mkdir(dirname(page), { recursive: true })
  await writeFile(page, await renderApiPage())
}
