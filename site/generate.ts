import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderApiPage } from './api-page.ts'
import { generatedFolder, root } from './pages.ts'
import { writeTypeReference } from './type-reference.ts'

/** Pages that the build writes, with their places in the sidebar. */
export const generatedPages = [
  { group: 'Reference', text: 'HTTP API (OpenAPI)', path: 'reference/http-api.md' },
  { group: 'Reference', text: '@carillon/client', path: 'reference/packages/@carillon/client.md' },
  { group: 'Reference', text: '@carillon/client/testing', path: 'reference/packages/@carillon/client/testing.md' },
  { group: 'Reference', text: '@carillon/client/filters', path: 'reference/packages/@carillon/client/filters.md' },
  { group: 'Reference', text: '@carillon/client/send', path: 'reference/packages/@carillon/client/send.md' },
  { group: 'Reference', text: '@carillon/client/share', path: 'reference/packages/@carillon/client/share.md' },
  { group: 'Reference', text: '@carillon/react', path: 'reference/packages/@carillon/react.md' },
  { group: 'Reference', text: '@carillon/cdk8s', path: 'reference/packages/@carillon/cdk8s.md' },
] as const

/** The repository has no file to edit for a page that is made of code. */
const head = '---\neditLink: false\n---\n\n'

/** Writes the pages that have no Markdown in the repository: the HTTP API, and the types of the packages. */
export async function generatePages(): Promise<void> {
  const folder = join(root, generatedFolder)
  await rm(folder, { recursive: true, force: true })
  await writeTypeReference(join(folder, 'reference/packages'))
  // A list of modules, which the sidebar has already.
  await rm(join(folder, 'reference/packages/index.md'))
  await writeFile(join(folder, generatedPages[0].path), await renderApiPage())
  for (const { path } of generatedPages) await writeFile(join(folder, path), head + (await readFile(join(folder, path), 'utf8')))
}
