import puppeteer, { type Browser, type BrowserContext, type Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../gateway/testing/test-gateway.ts'
import { chromiumPath } from '../testing/engines/commands.ts'
import { type SeenByTab, startTabsServer, type TabOptions, type TabsServer } from './testing/tabs-server.ts'

// Its pages are tabs of one window, so that the browser hides and freezes them as it does a user's.
const launchTabs = (): Promise<Browser> =>
  puppeteer.launch({ browser: 'chrome', executablePath: chromiumPath(process.env), args: ['--no-sandbox', '--disable-dev-shm-usage'] })

/** Tabs of a real Chromium, and a real gateway. */
describe.each(['websocket', 'sse'] as const)('eight tabs over %s', (transport) => {
  let browser: Browser
  let gateway: TestGateway
  let server: TabsServer
  let context: BrowserContext
  let tabs: Page[] = []

  beforeAll(async () => {
    ;[browser, gateway] = await Promise.all([launchTabs(), startTestGateway()])
    server = await startTabsServer(gateway.url.replace('127.0.0.1', 'localhost'), (user) =>
      gateway.token({ user_id: user, username: user, org_id: 'org-1' }),
    )
  })

  afterAll(async () => {
    await browser.close()
    await Promise.all([server.stop(), gateway.stop()])
  })

  beforeEach(async () => {
    context = await browser.createBrowserContext()
    tabs = []
  })

  afterEach(() => context.close())

  // The app sets it.
  const seen = (page: Page): Promise<SeenByTab> => page.evaluate('globalThis.seen') as Promise<SeenByTab>
  const all = (pages: readonly Page[]): Promise<readonly SeenByTab[]> => Promise.all(pages.map(seen))

  async function open(count: number, options: Partial<TabOptions> = {}): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const page = await context.newPage()
      await page.goto(server.url({ transport, user: 'ann', share: true, ...options }))
      await expect.poll(() => seen(page)).toMatchObject({ state: 'open' })
      tabs.push(page)
    }
  }

  const emit = async (type: string): Promise<void> => {
    await gateway.emit({ type, broadcast: true, payload: 1 })
  }

  const sockets = (): number => gateway.metrics.value('sessions', { transport })

  async function findLeader(): Promise<Page> {
    const links = await all(tabs)
    const leader = tabs[links.findIndex((each) => each.links === 1)]
    if (leader === undefined || links.filter((each) => each.links > 0).length > 1) throw new Error(`leaders: ${JSON.stringify(links)}`)
    return leader
  }

  const expectAll = (pages: readonly Page[], events: readonly string[]) =>
    expect
      .poll(() => all(pages))
      .toEqual(pages.map((): unknown => expect.objectContaining({ events, gaps: [], errors: [], state: 'open' })))

  it('have one connection at the gateway, and see each event once', async () => {
    await open(8)
    await emit('a')
    await expectAll(tabs, ['a'])
    expect(sockets()).toBe(1)
  })

  it.each(['closed', 'crashed'])('lose nothing when the tab that leads is %s, and go on within half a second', async (how) => {
    await open(8)
    await emit('before')
    await expectAll(tabs, ['before'])
    const leader = await findLeader()
    tabs = tabs.filter((page) => page !== leader)
    const opened = gateway.metrics.value('sessionsOpened', { transport })
    const since = Date.now()
    if (how === 'closed') await leader.close()
    else void (await leader.createCDPSession()).send('Page.crash').catch(() => {}) // a page that crashes does not answer
    await emit('during')
    await expect.poll(() => gateway.metrics.value('sessionsOpened', { transport }), { interval: 5 }).toBeGreaterThan(opened)
    const tookMs = Date.now() - since
    await emit('after')
    await expectAll(tabs, ['before', 'during', 'after'])
    expect(tabs).toHaveLength(7)
    await expect.poll(sockets).toBe(1)
    process.stdout.write(`another tab was connected over ${transport} ${tookMs} ms after the leader was ${how}\n`)
    expect(tookMs).toBeLessThan(5_000)
  })

  it('go on when the tab that leads is frozen, which has everything when it is thawed', async () => {
    await open(8)
    const leader = await findLeader()
    // Chromium freezes hidden pages alone. The last tab is in front, and does not lead.
    expect(await leader.evaluate('document.visibilityState')).toBe('hidden')
    const session = await leader.createCDPSession()
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    const others = tabs.filter((page) => page !== leader)
    await expect.poll(async () => (await all(others)).reduce((sum, { links }) => sum + links, 0)).toBe(1)
    await emit('while.frozen')
    await expectAll(others, ['while.frozen'])
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await emit('after')
    await expectAll(tabs, ['while.frozen', 'after'])
    await expect.poll(sockets).toBe(1)
  })

  it('come back to where they were when a page is loaded again', async () => {
    await open(3)
    await emit('before')
    await expectAll(tabs, ['before'])
    const leader = await findLeader()
    await leader.goto('about:blank')
    await emit('while.away')
    await expectAll(
      tabs.filter((page) => page !== leader),
      ['before', 'while.away'],
    )
    await leader.goto(server.url({ transport, user: 'ann', share: true }))
    await expectAll([leader], ['while.away'])
    await expect.poll(sockets).toBe(1)
  })

  it('of two users have two connections', async () => {
    await open(2)
    await open(2, { user: 'bob' })
    await emit('a')
    await expectAll(tabs, ['a'])
    expect(sockets()).toBe(2)
  })
})
