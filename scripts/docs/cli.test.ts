import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { commands } from '../../cli/run.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { consoleBlocks } from './console-blocks.ts'
import { isAsShown } from './match-output.ts'
import { type Page, readPages, root } from './pages.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** Types the commands of a page in one terminal, from the page's top to its end, against a gateway in development mode. */

const pageAt = (wanted: string): Page => readPages().find(({ path }) => path === wanted) ?? { path: wanted, text: '' }
const typedOf = (page: Page) => consoleBlocks(page).flatMap((block) => block.commands)

describe.each(['docs/cli.md', 'docs/conformance.md'])('the page %s', (path) => {
  const page = pageAt(path)
  const typed = typedOf(page)
  let gateway: TestGateway
  let folder: string
  let terminal: Terminal
  beforeAll(async () => {
    gateway = await startTestGateway()
    folder = mkdtempSync(join(tmpdir(), 'carillon-docs-cli-'))
    symlinkSync(join(root, 'cli'), join(folder, 'cli'))
    terminal = openTerminal(folder, { PATH: process.env['PATH'] })
  })
  afterAll(async () => {
    terminal.close()
    await gateway.stop()
    rmSync(folder, { recursive: true })
  })

  const here = (text: string): string => {
    const { port } = new URL(gateway.url)
    return text.replaceAll('localhost:8000', `localhost:${port}`).replaceAll('port 8000', `port ${port}`)
  }

  it('shows commands and their outputs', () => {
    expect(typed.length).toBeGreaterThan(path === 'docs/cli.md' ? 8 : 3)
    expect(typed.filter(({ shown }) => shown !== null).length).toBeGreaterThan(path === 'docs/cli.md' ? 5 : 1)
  })

  it.each(typed.map((command) => [command.text.split('\n')[0] ?? '', command] as const))(
    '%s prints what the page shows',
    async (_text, { text, shown }) => {
      const { code, output } = await terminal.type(here(text), { timeoutMs: 25_000 })
      expect({ code, output, isShown: shown === null || isAsShown(shown.map(here), output) }).toEqual({ code: 0, output, isShown: true })
      // A reader needs some seconds for the next command, in which this one connects.
      const isListening = (): boolean => !text.endsWith('&') || readFileSync(join(folder, 'messages'), 'utf8').includes('connected (')
      await vi.waitFor(() => expect(isListening()).toBe(true))
    },
  )

  it('names only flags of the commands', () => {
    // The last two are of the kubectl plugin.
    const known = new Set(['help', 'context', 'create-paused', ...commands.flatMap(({ flags }) => Object.keys(flags))])
    const named = [...page.text.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, flag = '']) => flag)
    expect(named.length).toBeGreaterThan(path === 'docs/cli.md' ? 20 : 8)
    expect(named.filter((flag) => !known.has(flag))).toEqual([])
  })
})
