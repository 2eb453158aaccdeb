/** Measures how plain the English of this repository is. `node scripts/words/main.ts --help` lists the flags. */
import { messageOf } from '../../program/message-of.ts'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { excerptKinds } from './excerpt.ts'
import { countIn, findIn, findingKinds, folderOf, groupBy, type Passage } from './measure.ts'
import { readPassages } from './read-passages.ts'
import { renderFinding, renderTable } from './render.ts'

const help = `Measures how plain the English of comments, pages, messages and test titles is.

Usage: node scripts/words/main.ts [flags] [PATH...]

Prints a table by folder and one by kind of text:
  per 1,000      words and phrases of a translated voice (scripts/words/markers.ts) in 1,000 words; at most 1
  fragments      share of the comments that open with a word such as What, Of or Whether
  over 25 words  share of the sentences in comments and pages that are longer

PATH...          measure these folders and files only, with a row for each folder below them
--list           print each finding as PATH:LINE with its sentence, instead of the tables
--only KIND      list only ${findingKinds.join(', ')}; may be repeated
--root DIR       measure the checkout at DIR; default: this one
--help           print this help
`

function main(argv: readonly string[]): void {
  const { values, positionals } = readFlags(argv)
  if (values.help) return void process.stdout.write(help)
  const root = resolve(values.root ?? fileURLToPath(new URL('../..', import.meta.url)))
  const within = positionals.map((path) => relative(root, resolve(root, path))).filter((path) => path !== '')
  const passages = readPassages(root, within)
  if (values.list || values.only !== undefined) return printFindings(passages, values.only ?? findingKinds)
  const depth = 1 + Math.max(0, ...within.map((path) => path.split('/').length))
  const byFolder = groupBy(passages, ({ path }) => folderOf(path, depth))
  const byKind = new Map(excerptKinds.map((kind) => [kind, passages.filter((passage) => passage.kind === kind)] as const))
  console.log(`${renderTable('folder', countAll(new Map([...byFolder, ['all', passages]])))}\n\n${renderTable('kind', countAll(byKind))}`)
}

function readFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        list: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        root: { type: 'string' },
      },
    })
  } catch (error) {
    // An unknown flag, or a flag without its value. The message names it.
    console.error(`${messageOf(error)}\n\n${help}`)
    return process.exit(2)
  }
}

function printFindings(passages: readonly Passage[], kinds: readonly string[]): void {
  for (const finding of passages.flatMap(findIn)) if (kinds.includes(finding.kind)) console.log(renderFinding(finding))
}

const countAll = (groups: ReadonlyMap<string, readonly Passage[]>) =>
  new Map([...groups].map(([name, passages]) => [name, countIn(passages)]))

main(process.argv.slice(2))
