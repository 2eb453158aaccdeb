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

export interface PublishedTypes {
  /** Folder of the sources that belong to the package. */
  readonly directory: string
  /** Sources of the entry points, by the name of the entry. */
  readonly entries: Readonly<Record<string, string>>
  /** Names of packages that replace imports of sources, by the path of the source from the root of the repository. */
  readonly packages?: Readonly<Record<string, string>>
}

/**
 * Returns the declarations of a package by file name, once for each kind of module. An entry's file has the name of the entry.
 * @throws when a declaration imports a source that is neither of the package nor of one of the others
 */
export async function publishTypes({ directory, entries, packages = {} }: PublishedTypes): Promise<ReadonlyMap<string, string>> {
  const nameOf = (source: string): string =>
    Object.entries(entries).find(([, path]) => path === source)?.[0] ?? posix.relative(directory, source).replace(/\.ts$/, '')
  const declarations = [...(await emitDeclarations(Object.values(entries)))].filter(([source]) => source.startsWith(`${directory}/`))
  const files = declarations.flatMap(([source, text]) =>
    (['', 'c'] as const).map((kind) => {
      const rename = (path: string): string => {
        const specifier = packages[path] ?? `./${nameOf(path)}.${kind}js`
        if (specifier.startsWith('./../')) throw new Error(`${source}: its types import ${path}, which is in no package. Name the type.`)
        return specifier
      }
      return [`${nameOf(source)}.d.${kind}ts`, renameImports(text, source, rename)] as const
    }),
  )
  return new Map(files)
}

/** Rewrites the relative imports of a declaration. @param rename gives the new specifier of the source with a path */
function renameImports(text: string, source: string, rename: (path: string) => string): string {
  return text.replaceAll(
    relativeImport,
    (_, before: string, specifier: string) => `${before}'${rename(posix.join(posix.dirname(source), specifier))}'`,
  )
}
