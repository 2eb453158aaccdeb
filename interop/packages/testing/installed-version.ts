import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { UserProject } from '../../../scripts/packages/testing/user-project.ts'

/** Returns the version of a package in a project. */
export async function installedVersion({ folder }: UserProject, name: string): Promise<string> {
  const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version // npm's own format
}
