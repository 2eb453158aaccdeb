import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from '../gateway/console/testing/browser.ts'
import { codeBlocks, readPages } from '../scripts/docs/pages.ts'
import { listPages, root } from './pages.ts'
import { buildSite, type BuiltSite } from './testing/build-site.ts'
import { serveFolder, type ServedFolder } from './testing/serve-folder.ts'

/** The built site in Chromium, below a base as on a host of pages. Its pictures go to artifacts/site. */

const base = '/carillon/'
const pictures = join(root, 'artifacts/site')

let site: BuiltSite
let served: ServedFolder
let browser: Browser
beforeAll(async () => {
  mkdirSync(pictures, { recursive: true })
  site = await buildSite(base)
  served = await serveFolder(site.folder, base)
  browser = await launchBrowser()
}, 600_000)
afterAll(async () => {
  await browser.close()
  await served.stop()
  await site.remove()
})

interface Visit extends WatchedPage {
  /** URLs of other hosts that the page asked for. */
  readonly foreign: readonly string[]
}

async function visit(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> {
  const watched = await openPage(browser, { colorScheme, viewport: { width: 1440, height: 1000 } })
  const foreign: string[] = []
  watched.page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(served.url) && !url.startsWith('data:')) foreign.push(url)
  })
  await watched.page.goto(`${served.url}${path}`, { waitUntil: 'networkidle' })
  return { ...watched, foreign }
}

const picture = (page: Page, name: string): Promise<Buffer> => page.screenshot({ path: join(pictures, `${name}.png`) })

/** Pages with diagrams, and the number of them. */
const drawn = listPages()
  .map(({ source, path }) => ({
    path: path.replace(/\.md$/, '.html'),
    count: readPages()
      .filter((page) => page.path === source)
      .flatMap(codeBlocks)
      .filter(({ language }) => language === 'mermaid').length,
  }))
  .filter(({ count }) => count > 0)

describe('the site in a browser', () => {
  it.each([
    ['start', '', 'Events from Kafka, to exactly the right browsers'],
    ['tutorial', 'first-channel.html', 'Your first channel'],
    ['reference', 'reference/configuration.html', 'Configuration'],
    ['http-api', 'reference/http-api.html', 'HTTP API'],
    ['packages', 'reference/packages/@carillon/client.html', '@carillon/client'],
  ])('shows the page "%s" without a complaint, and sends no request to another host', async (name, path, heading) => {
    const { page, complaints, foreign } = await visit(path)
    await expect.poll(() => page.locator('h1').first().textContent()).toContain(heading)
    await picture(page, name)
    expect([complaints, foreign]).toEqual([[], []])
    await page.context().close()
  })

  it('leads from the start page along three roads', async () => {
    const { page } = await visit('')
    const roads = await page.locator('.VPFeature').evaluateAll((features) => features.map((feature) => feature.getAttribute('href')))
    expect(roads).toEqual([`${base}try-it.html#try-it`, `${base}emit-api.html`, `${base}first-channel.html`])
    for (const [title, heading] of [
      ['Try it in two minutes', 'Carillon'],
      ['Emit from my service', 'Emitting events'],
      ['Run it on Kubernetes', 'Your first channel'],
    ] as const) {
      await page.goto(served.url, { waitUntil: 'networkidle' })
      await page.locator('.VPFeature', { hasText: title }).click()
      await expect.poll(() => page.locator('h1').first().textContent()).toContain(heading)
    }
    await page.context().close()
  })

  it('finds "resume", and leads to the place that the reader chooses', async () => {
    const { page, complaints, foreign } = await visit('')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('#localsearch-input').fill('resume')
    const results = page.locator('.result')
    await expect.poll(() => results.count()).toBeGreaterThan(3)
    const chosen = results.filter({ hasText: 'Resuming' }).first()
    // The sections about it come first.
    await expect.poll(() => results.first().textContent()).toContain('Resuming')
    await picture(page, 'search')
    const target = await chosen.getAttribute('href')
    await chosen.click()
    await expect.poll(() => page.url()).toBe(new URL(target ?? '', served.url).href)
    await expect.poll(() => page.locator('main').textContent()).toMatch(/resume/i)
    expect([complaints, foreign]).toEqual([[], []])
    await page.context().close()
  })

  it.each(drawn.flatMap((each) => (['light', 'dark'] as const).map((scheme) => ({ ...each, scheme }))))(
    'draws all diagrams of $path in $scheme colours',
    async ({ path, count, scheme }) => {
      const { page, complaints } = await visit(path, scheme)
      await expect.poll(() => page.locator('figure.diagram svg').count()).toBe(count)
      // A diagram that mermaid cannot read is a picture of a bomb with this class.
      expect([await page.locator('.error-icon').count(), await page.locator('pre.diagram-text').count(), complaints]).toEqual([0, 0, []])
      await page.locator('figure.diagram').first().scrollIntoViewIfNeeded()
      await picture(page, `diagram-${path.replace('.html', '')}-${scheme}`)
      await page.context().close()
    },
  )

  it('draws diagrams of more than three pages', () => {
    expect(drawn.length).toBeGreaterThan(3)
  })

  it('keeps dark colours from one page to the next', async () => {
    const { page } = await visit('kafka.html', 'dark')
    const isDark = (): Promise<boolean> => page.evaluate(() => document.documentElement.classList.contains('dark'))
    expect(await isDark()).toBe(true)
    await page.goto(`${served.url}protocol.html`)
    expect(await isDark()).toBe(true)
    await page.context().close()
  })
})
