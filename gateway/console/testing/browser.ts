import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { useStarted } from '../../../testing/use.ts'

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
}

/** Starts Chromium before the tests of a file, and ends it after them. */
export const useBrowser = (): Browser => useStarted('browser', launchBrowser, (browser) => browser.close())

/** A page, and everything it complained about: errors, warnings, violations of its policy. */
export interface WatchedPage {
  readonly page: Page
  readonly complaints: string[]
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`pageerror: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`)
  })
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (violation) =>
      reportError(new Error(`policy: ${violation.violatedDirective} ${violation.blockedURI}`)),
    )
    // The back-off is random; here it is always as long as it can be, so that there is time to emit while a connection is away.
    Math.random = () => 0.999
  })
  return { page, complaints }
}
