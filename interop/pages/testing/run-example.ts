import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FileBlock } from '../../../scripts/docs/file-examples.ts'
import { kafkaLibraries } from '../../kafka/testing/console-producer.ts'
import { runCommand } from '../../run-command.ts'
import { places } from '../places.ts'

/** Addresses of the pages, each with the one that takes its place. */
export type Addresses = Readonly<Record<string, string>>

interface Language {
  /** Folder below which the file is written: it finds its packages there. */
  readonly home: string
  /** Name of the file, where the language demands one. */
  readonly file?: string
  /** Files of the home that the program needs beside it. */
  readonly beside?: readonly string[]
  readonly command: (folder: string, file: string) => readonly [command: string, ...args: string[]]
  readonly environment?: Readonly<Record<string, string>>
}

const node: Language = { home: places.node, command: (folder, file) => [process.execPath, join(folder, file)] }

/** Languages by the endings of their files. */
const languages: Readonly<Record<string, Language>> = {
  '.py': {
    home: places.python,
    command: (folder, file) => ['python3', join(folder, file)],
    environment: { PYTHONPATH: places.python, PYTHONDONTWRITEBYTECODE: '1' },
  },
  '.go': { home: places.go, file: 'main.go', beside: ['go.mod', 'go.sum'], command: (folder) => ['go', 'run', '-C', folder, '.'] },
  '.java': {
    home: places.folder,
    command: (folder, file) => ['java', '-XX:TieredStopAtLevel=1', '-cp', join(kafkaLibraries(), '*'), join(folder, file)],
  },
  '.mjs': node,
  '.ts': node,
}

/** A file of a page in a folder of its own, ready to run. */
export interface WrittenExample {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Runs the code of a page to its end. @throws with its output when it fails */
export async function runExample(example: FileBlock, addresses: Addresses): Promise<void> {
  const { command, args, environment } = await writeExample(example, addresses)
  await runCommand(command, args, { environment, input: '' })
}

/** Writes the code of a page as it stands, except for the addresses. */
export async function writeExample({ page, file, code }: FileBlock, addresses: Addresses): Promise<WrittenExample> {
  const language = languages[extname(file)]
  if (language === undefined) throw new Error(`${page}: ${file} has an ending that no language of this suite has`)
  const folder = join(language.home, 'examples', page, file)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of language.beside ?? []) await cp(join(language.home, name), join(folder, name))
  const name = language.file ?? file
  const text = Object.entries(addresses).reduce((left, [from, to]) => left.replaceAll(from, to), code)
  await writeFile(join(folder, name), text)
  const [command, ...args] = language.command(folder, name)
  return { command, args, environment: language.environment ?? {} }
}
