import type { Passage } from './measure.ts'
import { readFile } from './read-file.ts'
import { readText, trackedFiles } from './tracked-files.ts'

/** Reads what people read of all files below `root` that git tracks. @param within paths from `root`; none: all */
export function readPassages(root: string, within: readonly string[] = []): readonly Passage[] {
  const isWithin = (path: string): boolean =>
    within.length === 0 || within.some((folder) => path === folder || path.startsWith(`${folder}/`))
  return trackedFiles(root)
    .filter(isWithin)
    .flatMap((path) => readFile(path, readText(root, path)).map((excerpt) => ({ path, ...excerpt })))
}
