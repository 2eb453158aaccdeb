import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { StartedGateway } from '../../../testing/processes/gateway-process.ts'
import { openPage } from './browser.ts'
import { consoleActions } from './console-actions.ts'

export type OpenConsole = ReturnType<typeof consoleActions> & {
  readonly page: Page
  /** Errors, warnings and violations of the page's policy. */
  readonly complaints: readonly string[]
}

/** Opens the console, and waits for the end of its first replay. */
export async function openConsole(browser: Browser, gateway: StartedGateway, options: BrowserContextOptions = {}): Promise<OpenConsole> {
  const { page, complaints } = await openPage(browser, options)
  const actions = consoleActions(() => page)
  await page.goto(`${gateway.origin}/console`)
  await actions.isOpen(1)
  await actions.replayEnded()
  return { ...actions, page, complaints }
}

/** Emits events as a service does, in the order in which they are to arrive. */
export async function emitInOrder(gateway: StartedGateway, events: readonly object[]): Promise<void> {
  for (let first = 0; first < events.length; first += maxBatch) await emitBatch(gateway, events.slice(first, first + maxBatch))
}

/** The default of `EMIT_MAX_BATCH`. */
const maxBatch = 100

async function emitBatch(gateway: StartedGateway, events: readonly object[]): Promise<void> {
  const response = await fetch(`${gateway.origin}/api/chrome-service/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(
      events.map((event) => ({
        specversion: '1.0',
        id: randomUUID(),
        source: '/test',
        partitionkey: 'k',
        audience: '{"broadcast":true}',
        ...event,
      })),
    ),
  })
  if (response.status !== 202) throw new Error(`The gateway refused the events: ${await response.text()}`)
}
