import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Command, type ConsoleBlock, consoleBlocks, filesOf } from './console-blocks.ts'
import { type RunPlace, runOf } from './console-runs.ts'
import { isAsShown } from './match-output.ts'
import { readPages } from './pages.ts'
import { root } from '../../e2e/platform/open-platform.ts'
import type { Place } from '../../e2e/platform/place.ts'
import type { Platform } from '../../e2e/platform/platform-steps.ts'
import { openTerminal, type Terminal } from './terminal.ts'
import { sleep } from '../../program/waiting.ts'

export interface ReadOptions {
  readonly page: string
  /** Sections of other places are left out. */
  readonly place: Exclude<RunPlace, 'nowhere'>
  readonly platform: () => Platform
  /** Replaces names of the page, as a reader would. @default nothing */
  readonly inPlaceOf?: Readonly<Record<string, string>>
  /** Variables of the terminal from the beginning. */
  readonly env?: () => Readonly<Record<string, string>>
}

const commandTimeoutMs = 240_000

/**
 * Makes a test for each block of commands of a page: typed in one terminal, from the page's top to its end, in a checkout. Call it inside a
 * `describe`.
 */
export function readPage({ page: path, place, platform, inPlaceOf = {}, env = () => ({}) }: ReadOptions): void {
  const page = readPages().find((each) => each.path === path)
  if (page === undefined) throw new Error(`there is no ${path}`)
  const blocks = consoleBlocks(page).filter((block) => runOf(block)?.places.includes(place))
  const withNames = (text: string): string => Object.entries(inPlaceOf).reduce((left, [from, to]) => left.replaceAll(from, to), text)
  let checkout: string
  let terminal: Terminal
  /** Block that ended the shell: later blocks can no longer be right. */
  let broken: string | null = null
  beforeAll(async () => {
    checkout = await makeCheckout(platform().place)
    await Promise.all(filesOf(page).map(({ name, text }) => writeFile(join(checkout, name), withNames(text))))
    terminal = openTerminal(checkout, { ...readerEnv(), ...env() })
  })
  afterAll(async () => {
    terminal?.close()
    if (checkout !== undefined) await rm(checkout, { recursive: true })
  })
  const typed = blocks.filter(({ notRun }) => notRun === null)
  for (const block of blocks) if (block.notRun !== null) console.log(`${titleOf(block)}: not run, ${block.notRun}`)
  it.for(typed.map((block) => [titleOf(block), block] as const))('%s', async ([title, block], { skip }) => {
    skip(broken !== null, `${broken ?? ''} failed, and this follows from it`)
    broken = title
    const commands = block.commands.map((command) => placed(command, platform().place, withNames))
    expect(await performAll(commands, { terminal, block })).toBe(commands.length)
    broken = null
  })
}

const titleOf = ({ page, line, section }: ConsoleBlock): string => `${page}:${line}${section === '' ? '' : `, ${section}`}`

interface Stand {
  readonly terminal: Terminal
  readonly block: ConsoleBlock
}

/**
 *
 * @returns their number @throws Error that names the place on the page where reality differs
 */
async function performAll(commands: readonly Command[], stand: Stand): Promise<number> {
  for (const command of commands) await perform(command, stand)
  return commands.length
}

async function perform({ line, text, shown }: Command, { terminal, block }: Stand): Promise<void> {
  const deadlineMs = Date.now() + block.againForS * 1000
  for (;;) {
    const { code, output } = await terminal.type(text, { timeoutMs: commandTimeoutMs, areSeveral: !block.hasPrompts })
    if (code === 0 && (shown === null || isAsShown(shown, output))) return
    if (Date.now() >= deadlineMs)
      throw new Error([`${block.page}:${line}: ${whatIsWrong(code, shown)}`, `$ ${text}`, output.trimEnd()].join('\n'))
    await sleep(1000)
  }
}

function whatIsWrong(code: number | null, shown: readonly string[] | null): string {
  if (code === null) return `the command did not come back within ${commandTimeoutMs / 1000} s`
  if (code !== 0) return `the command exited with ${code}`
  return ['the page shows another output:', ...(shown ?? []).map((each) => `  ${each}`), 'than this:'].join('\n')
}

/** The pages are written for the cluster of `make up` with default options. */
function placed({ line, text, shown }: Command, place: Place, withNames: (text: string) => string): Command {
  const here = (words: string): string =>
    withNames(words)
      .replaceAll('carillon.localhost:8443', place.origin.replace('https://', ''))
      .replaceAll(/\bcarillon-(worker2?|control-plane)\b/g, `${place.cluster}-$1`)
      .replaceAll('make token ARGS="', `make token ARGS="--name ${place.cluster} `)
  return { line, text: here(text), shown: shown?.map(here) ?? null }
}

/**
 * Makes the reader's folder: the whole repository, but with a `.infra` that has the platform's files under the names of the pages. The
 * kubeconfig is a copy: a page may change it, and others use it at the same time.
 */
async function makeCheckout({ files }: Place): Promise<string> {
  const checkout = await mkdtemp(join(tmpdir(), 'carillon-docs-'))
  const names = (await readdir(root)).filter((name) => !['.infra', '.git', 'artifacts'].includes(name))
  await Promise.all(names.map((name) => symlink(join(root, name), join(checkout, name))))
  const folder = join(checkout, '.infra/kind-carillon')
  await mkdir(folder, { recursive: true })
  await copyFile(files.kubeconfig, join(folder, 'kubeconfig'))
  await symlink(files.caCertificate, join(folder, 'ca.crt'))
  return checkout
}

/**
 * The environment of this process, without variables of the test runner, of a `make` above it (which prints the folder that it enters), and
 * of a cluster of the developer.
 */
function readerEnv(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|KUBECONFIG$|npm_|MAKE|MFLAGS$|ARGS$)/.test(name),
    ),
  )
}
