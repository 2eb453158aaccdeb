import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Program } from '../../testing/processes/program.ts'
import { spawnGateway } from '../../testing/processes/gateway-process.ts'
import { consoleBlocks } from './console-blocks.ts'
import { isAsShown } from './match-output.ts'
import { type Page, readPages, root } from './pages.ts'
import { openTerminal, type Terminal } from './terminal.ts'

/** The page and the gateway that its reader has started. */
export interface DeskRun {
  readonly page: Page
  readonly gateway: () => Program
  /** Puts the gateway of the test in the place of the reader's. */
  readonly here: (text: string) => string
}

/**
 * Makes a test for each command of a page: typed in one terminal, from the page's top to its end, with a gateway in development mode that
 * logs as `LOG_LEVEL=debug make start` does. Call it inside a `describe`.
 */
export function readAtDesk(path: string): DeskRun {
  const page = readPages().find((each) => each.path === path)
  if (page === undefined) throw new Error(`there is no ${path}`)
  const typed = consoleBlocks(page).flatMap((block) => block.commands)
  let gateway: Program
  let folder: string
  let terminal: Terminal
  let here: (text: string) => string
  beforeAll(async () => {
    gateway = spawnGateway({ env: { PORT: '0', INTERNAL_PORT: '0', LOG_LEVEL: 'debug' } })
    const { port, internalPort } = await gateway.line('listening')
    here = (text) =>
      text
        .replaceAll('localhost:8000', `localhost:${String(port)}`)
        .replaceAll('port 8000', `port ${String(port)}`)
        .replaceAll('localhost:9000', `localhost:${String(internalPort)}`)
    folder = mkdtempSync(join(tmpdir(), 'carillon-docs-desk-'))
    symlinkSync(join(root, 'cli'), join(folder, 'cli'))
    terminal = openTerminal(folder, { PATH: process.env['PATH'] })
  })
  afterAll(async () => {
    terminal?.close()
    await gateway?.kill()
    rmSync(folder, { recursive: true })
  })

  it('shows commands and their outputs', () => {
    expect(typed.length).toBeGreaterThan(3)
    expect(typed.filter(({ shown }) => shown !== null).length).toBeGreaterThan(1)
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
  return { page, gateway: () => gateway, here: (text) => here(text) }
}
