import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core'
import type { Control, Engine, EnginePage } from './engine.ts'
import { controlExpression, waitForControl } from './find-control.ts'

const defaultViewport = { width: 1366, height: 900 }

type PuppeteerEngine = 'chromium' | 'firefox'

/** Starts Chromium or Firefox without a window. */
export async function launchPuppeteer(name: PuppeteerEngine, executablePath: string): Promise<Engine> {
  const browser =
    name === 'firefox'
      ? await puppeteer.launch({ browser: 'firefox', executablePath, defaultViewport })
      : await puppeteer.launch({ browser: 'chrome', executablePath, defaultViewport, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  return { openPage: () => openPage(browser, name), close: () => browser.close() }
}

async function openPage(browser: Browser, name: PuppeteerEngine): Promise<EnginePage> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  await page.evaluateOnNewDocument(`addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    console.error('policy: ' + violatedDirective + ' ' + blockedURI))`)
  return {
    goto: async (url) => void (await page.goto(url)),
    goBack: async () => void (await page.goBack()),
    click: async (control) => (await find(page, control)).click(),
    type: async (control, text) => {
      const handle = await find(page, control)
      await handle.evaluate((element) => (element as HTMLInputElement).select()) // a field of text
      await handle.type(text)
    },
    evaluate: (expression) => page.evaluate(expression),
    collectGarbage: async () => {
      if (name === 'chromium') await (await page.createCDPSession()).send('HeapProfiler.collectGarbage')
    },
    complaints: () => Promise.resolve(complaints),
    close: () => page.close(),
  }
}

function find(page: Page, control: Control): Promise<ElementHandle> {
  // The expression is an element or null.
  return waitForControl(control, async () => (await page.evaluateHandle(controlExpression(control))).asElement() as ElementHandle | null)
}
