import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Compiles the declarations of source files, and of the files that they import.
 *
 * @param sources paths from the root of the repository
 * @returns the text of each declaration, by the path of its source. Relative imports still end in `.ts`
 * @throws when the compiler reports an error
 */
export async function emitDeclarations(sources: readonly string[]): Promise<ReadonlyMap<string, string>> {
  await mkdir(join(root, 'artifacts'), { recursive: true })
  const directory = await mkdtemp(join(root, 'artifacts', 'declarations-'))
  try {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: root, outDir: directory },
      include: sources.map((source) => join(root, source)),
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
    const { status, stdout } = spawnSync(join(root, 'node_modules/typescript/bin/tsc'), ['--project', directory], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`The compiler refuses ${sources.join(', ')}:\n${stdout}`)
    return await readTree(directory, sources)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Reads the declarations of sources and of what they import, each once. */
async function readTree(directory: string, sources: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  const wanted = [...sources]
  for (let source = wanted.pop(); source !== undefined; source = wanted.pop()) {
    const text = await readFile(join(directory, source.replace(/\.ts$/, '.d.ts')), 'utf8')
    texts.set(source, text)
    wanted.push(...relativeImports(text, source).filter((path) => !texts.has(path)))
  }
  return texts
}

/** Returns the paths of the sources that a declaration imports. */
const relativeImports = (text: string, source: string): readonly string[] =>
  [...text.matchAll(relativeImport)].map(([, , specifier = '']) => posix.join(posix.dirname(source), specifier))

const relativeImport = /(from |import\()["'](\.{1,2}\/[^"']+\.ts)["']/g

/** Rewrites the relative imports of a declaration. @param rename gives the new specifier of the source with a path */
export function renameImports(text: string, source: string, rename: (path: string) => string): string {
  return text.replaceAll(
    relativeImport,
    (_, before: string, specifier: string) => `${before}'${rename(posix.join(posix.dirname(source), specifier))}'`,
  )
}
