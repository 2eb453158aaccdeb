import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of everything that these suites install or write. Git ignores it. */
const folder = fileURLToPath(new URL('../../.interop/packages', import.meta.url))

/** Projects of users, each with a folder in `projects/` that pins what it brings. */
export const projectNames = ['node', 'web', 'react-18', 'cdk8s'] as const
export type ProjectName = (typeof projectNames)[number]

export const places = {
  tarballs: join(folder, 'tarballs'),
  /** Returns the folder of a project's package.json and package-lock.json in the repository. */
  source: (name: ProjectName): string => fileURLToPath(new URL(`projects/${name}`, import.meta.url)),
  /** Returns the folder of a project after `npm ci`. */
  project: (name: ProjectName): string => join(folder, 'projects', name),
  /** Folder with the rows of the table. */
  results: join(folder, 'results'),
}
