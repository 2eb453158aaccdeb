import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { version } from '../../../scripts/packages/manifest.ts'
import { openUserProject, type UserProject } from '../../../scripts/packages/testing/user-project.ts'
import { places, type ProjectName } from '../places.ts'

/** Returns the path of the tarball of a package, as `npm install` takes it. */
export const tarballOf = (name: string): string => join(places.tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)

/**
 * Makes a fresh copy of a project with all that its lock file names, and installs packages of this checkout into it, as a user does. The copy
 * is outside of the repository: compilers look for packages in every folder above. The caller removes it.
 */
export async function openProject(name: ProjectName, packages: readonly string[]): Promise<UserProject> {
  const folder = mkdtempSync(join(tmpdir(), `carillon-${name}-`))
  copy(places.project(name), folder)
  const project = openUserProject(folder)
  await project.install(packages.map(tarballOf), { isOnline: true })
  return project
}

/** Copies what a folder has by hard links, because npm replaces files and does not write into them. */
function copy(from: string, to: string): void {
  try {
    execFileSync('cp', ['-al', `${from}/.`, to], { stdio: 'pipe' })
  } catch {
    // The folders are on two file systems, or this system has no hard links.
    execFileSync('cp', ['-a', `${from}/.`, to])
  }
}
