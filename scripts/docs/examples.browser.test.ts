import type { Browser, Page as BrowserPage } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadConsole } from '../../gateway/console/load-console.ts'
import { launchBrowser, openPage } from '../../gateway/console/testing/browser.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { isProvedElsewhere } from './file-examples.ts'
import { type CodeBlock, codeBlocks, readPages } from './pages.ts'

/** The JavaScript examples of the documentation, pasted into the developer tools of the console's page. */

const blocks = readPages()
  .flatMap(codeBlocks)
  .filter((block) => block.language === 'js' && !isProvedElsewhere(block))
/** Settings of other tools. */
const isModule = ({ code }: CodeBlock): boolean => code.includes('module.exports')

let gateway: TestGateway
let browser: Browser
let page: BrowserPage
let origin: string
beforeAll(async () => {
  const consoleAssets = await loadConsole({ channel: 'chrome-service', isDevelopment: true })
  gateway = await startTestGateway({ adapters: { consoleAssets } })
  origin = gateway.url.replace('127.0.0.1', 'localhost')
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await gateway.stop()
})

beforeEach(async () => {
  ;({ page } = await openPage(browser))
  await page.goto(`${origin}/console`)
  await page.waitForFunction(() => document.cookie.startsWith('cs_jwt='))
  // Records without a change: what was logged, which sockets and streams were opened, how requests were answered.
  await page.evaluate(() => {
    const seen = { logged: [] as string[], opened: [] as { readyState: number }[], statuses: [] as number[] }
    Object.assign(globalThis, { seen })
    console.log = (...words) => seen.logged.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '))
    const [Socket, Stream, request] = [WebSocket, EventSource, fetch]
    globalThis.WebSocket = class extends Socket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        seen.opened.push(this)
      }
    }
    globalThis.EventSource = class extends Stream {
      constructor(url: string | URL, init?: EventSourceInit) {
        super(url, init)
        seen.opened.push(this)
      }
    }
    globalThis.fetch = async (...words) => {
      const answer = await request(...words)
      seen.statuses.push(answer.status)
      return answer
    }
  })
})
afterEach(() => page.context().close())

interface Seen {
  readonly logged: readonly string[]
  readonly opened: readonly number[]
  readonly statuses: readonly number[]
  readonly cookie: string
}

const look = (): Promise<Seen> =>
  page.evaluate(() => {
    const { logged, opened, statuses } = Reflect.get(globalThis, 'seen') as {
      readonly logged: string[]
      readonly opened: readonly { readonly readyState: number }[]
      readonly statuses: number[]
    } // set above
    return { logged, opened: opened.map(({ readyState }) => readyState), statuses, cookie: document.cookie }
  })

/** Puts our gateway in the place of the example's. */
const here = (code: string): string => code.replaceAll(/localhost:8000|example\.com/g, new URL(origin).host).replaceAll('wss://', 'ws://')

describe('a JavaScript example', () => {
  it('exists', () => {
    expect(blocks.filter((block) => !isModule(block)).length).toBeGreaterThan(4)
  })

  it.each(blocks.filter((block) => !isModule(block)).map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s works in the page as it stands',
    async (_title, { code }) => {
      const cookie = (await look()).cookie
      await page.evaluate(`(async () => {\n${here(code)}\n})()`)
      const open = 1 // a member of WebSocket and EventSource
      await vi.waitFor(async () => {
        const { opened, statuses } = await look()
        expect(opened.filter((state) => state !== open)).toEqual([])
        expect(statuses.filter((status) => status >= 300)).toEqual([])
        expect(opened.length + statuses.length).toBeGreaterThan(0)
      }, 10_000)
      await gateway.emit({ type: 'shown.in.the.log', broadcast: true, payload: 1 })
      const logs = code.includes('console.log')
      await vi.waitFor(async () => expect((await look()).logged.some((line) => line.includes('shown.in.the.log'))).toBe(logs), 10_000)
      expect((await look()).cookie !== cookie).toBe(code.includes('document.cookie'))
    },
  )
})
