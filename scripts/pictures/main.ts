/** Takes the pictures of the console that the pages show: `make pictures`. */
import { writeFile } from 'node:fs/promises'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { launchBrowser } from '../../gateway/console/testing/browser.ts'
import { type OpenConsole, openConsole } from '../../gateway/console/testing/open-console.ts'
import { type StartedGateway, startGateway } from '../../testing/processes/gateway-process.ts'
import { samples } from './samples.ts'

interface Picture {
  readonly name: string
  readonly options: BrowserContextOptions
  /** Brings the page into the state that the picture shows. */
  readonly pose: (opened: OpenConsole) => Promise<void>
}

const ben = 'ben · org-1 · viewer'
const chloe = 'chloé · org-2 · admin, billing'

async function emitFromPage(
  { emit, page, recipientsOf }: OpenConsole,
  message: Parameters<OpenConsole['emit']>[0] & { type: string },
): Promise<void> {
  await emit(message)
  await page.locator('.outcome.good').waitFor()
  await recipientsOf(message.type)
}

async function connectOthers({ connectAs, isOpen }: OpenConsole): Promise<void> {
  await connectAs(ben)
  await isOpen(2)
  await connectAs(chloe, 'sse')
  await isOpen(3)
}

const pictures: readonly Picture[] = [
  {
    name: 'console-1366',
    options: { viewport: { width: 1366, height: 768 } },
    pose: async (opened) => {
      await connectOthers(opened)
      await emitFromPage(opened, {
        type: 'access.permissions.changed',
        payload: { title: 'Admins may export reports' },
        organizations: 'org-1, org-2',
        roles: 'admin',
      })
      await emitFromPage(opened, {
        type: 'notifications.drawer',
        payload: { title: 'Report is ready', description: 'Sales of last week, 12 pages', read: false },
      })
    },
  },
  {
    name: 'console-1440',
    options: { viewport: { width: 1440, height: 900 } },
    pose: async (opened) => {
      const { page } = opened
      await connectOthers(opened)
      await page.locator('#form-event').check({ force: true })
      await page.locator('#emit-source').fill('/orders')
      await page.locator('#emit-subject').fill('order-4711')
      await page.locator('#emit-extensions').fill('{"tenant": "north", "priority": 3}')
      await emitFromPage(opened, {
        type: 'order.shipped',
        payload: {
          title: 'Order 4711 is on its way',
          carrier: 'Post',
          parcels: [
            { id: 'P-1', kg: 1.2 },
            { id: 'P-2', kg: 0.4 },
          ],
        },
      })
      await page.locator('.event', { hasText: 'order-4711' }).locator('summary').first().click()
      await page.locator('.json').waitFor()
    },
  },
  {
    name: 'console-phone',
    options: { viewport: { width: 390, height: 844 } },
    pose: async (opened) => {
      const { page, recipientsOf } = opened
      await page.locator('#emit-submit').click()
      await page.locator('.outcome.good').waitFor()
      await recipientsOf('notifications.drawer')
    },
  },
  {
    name: 'console-dark',
    options: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
    pose: async (opened) => {
      const { page, press } = opened
      await connectOthers(opened)
      await press(/^Stop connection 3/)
      await emitFromPage(opened, { type: 'jobs.progress', payload: { title: 'Export 42', done: 640, total: 1000 } })
      await emitFromPage(opened, { type: 'notifications.drawer', payload: { title: 'Two people are waiting for you' } })
      await page.locator('#filter-text').focus()
    },
  },
]

async function take(browser: Browser, gateway: StartedGateway, { name, options, pose }: Picture): Promise<void> {
  for (const sample of samples)
    await fetch(`${gateway.origin}/api/orders/v1/emit-message`, { method: 'POST', body: JSON.stringify({ broadcast: true, ...sample }) })
  const opened = await openConsole(browser, gateway, { reducedMotion: 'reduce', ...options })
  await pose(opened)
  await opened.press(/^Format$/)
  await opened.page.mouse.move(0, 0)
  const png = await opened.page.screenshot()
  await writeFile(new URL(`../../docs/pictures/${name}.png`, import.meta.url), png)
  console.log(`docs/pictures/${name}.png has ${png.length.toLocaleString('en')} bytes.`)
  await opened.page.context().close()
}

/** Each picture has a gateway of its own, with nothing of the others in its replay log. */
async function takeAll(browser: Browser): Promise<void> {
  for (const picture of pictures) {
    // No bookmark comes while a picture is taken.
    const gateway = await startGateway(0, { CHANNEL: 'orders', HEARTBEAT_INTERVAL_MS: '60000' })
    await take(browser, gateway, picture).finally(() => gateway.kill())
  }
}

const browser = await launchBrowser()
await takeAll(browser).finally(() => browser.close())
