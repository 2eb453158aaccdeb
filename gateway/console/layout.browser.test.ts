import { afterEach, describe, expect, it } from 'vitest'
import { findHiddenControls } from './testing/controls.ts'
import { useBrowser } from './testing/browser.ts'
import { type OpenConsole, openConsole } from './testing/open-console.ts'
import { useGateway } from '../../testing/use.ts'

const browser = useBrowser()
const gateway = useGateway()
let opened: OpenConsole

afterEach(async () => {
  await opened.page.context().close()
})

async function open(width: number, height: number): Promise<OpenConsole> {
  opened = await openConsole(browser, gateway, { viewport: { width, height }, reducedMotion: 'reduce' })
  return opened
}

/** The top and the bottom of an element, in pixels below the top of the window. */
async function edgesOf(selector: string): Promise<{ readonly top: number; readonly bottom: number }> {
  const box = await opened.page.locator(selector).first().boundingBox()
  if (box === null) throw new Error(`${selector} is not visible.`)
  return { top: box.y, bottom: box.y + box.height }
}

async function makeGap(): Promise<void> {
  await opened.page.locator('#connections-panel').evaluate((details) => details.setAttribute('open', ''))
  await opened.press(/^Stop connection 1/)
  await opened.page.locator('#cursor-1').fill('no cursor')
  await opened.press(/^Start connection 1/)
  await opened.page.locator('.banner').waitFor()
}

describe('the layout of the console', () => {
  it.each([
    [1366, 768],
    [1440, 900],
  ])('has emit, a connection and its events in view together at %i x %i', async (width, height) => {
    const { page, emit, recipientsOf } = await open(width, height)
    await emit({ type: 'in.view' })
    await page.locator('.outcome.good').waitFor()
    await recipientsOf('in.view')
    for (const part of ['#emit-payload', '#emit-submit', '#emit-outcome', '#connections > li', '.event:not(.control)']) {
      const { top, bottom } = await edgesOf(part)
      expect([part, top >= 0, bottom <= height]).toEqual([part, true, true])
    }
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThanOrEqual(height)
  })

  it('has the event in view that a phone emits, and the button stays where it was', async () => {
    const { page, recipientsOf } = await open(390, 844)
    await page.locator('#emit-type').fill('from.phone')
    const { top: before } = await edgesOf('#emit-submit')
    await page.locator('#emit-submit').click()
    await page.locator('.outcome.good').waitFor()
    await recipientsOf('from.phone')
    expect((await edgesOf('#emit-submit')).top).toBe(before)
    expect((await edgesOf('.event:not(.control)')).bottom).toBeLessThan((await edgesOf('.jump')).top)
    expect(await page.evaluate(() => scrollY)).toBe(0)
    await expect.poll(() => page.locator('#jump-count').textContent()).toMatch(/^[1-9]/)
  })

  it.each([
    [1366, 768],
    [1440, 900],
    [390, 844],
    [320, 640],
  ])('covers and cuts no control at %i x %i, with a gap and both forms', async (width, height) => {
    const { page } = await open(width, height)
    await page.locator('#emit-more').evaluate((details) => details.setAttribute('open', ''))
    await makeGap()
    expect(await findHiddenControls(page)).toEqual([])
    await page.locator('#form-event').check({ force: true })
    await page.locator('#reach-some').check({ force: true })
    expect(await findHiddenControls(page)).toEqual([])
  })

  // The numbers of four connections had the place of the time: their column was as wide as they wanted to be.
  it('keeps the time of an event free of its recipients on a phone', async () => {
    const { page, connectAs, emit, isOpen } = await open(390, 844)
    for (const id of [2, 3, 4, 5]) {
      await connectAs('ben · org-1 · viewer')
      await isOpen(id)
    }
    await emit({ type: 'to.five' })
    const row = page.locator('.event', { hasText: 'to.five' })
    await expect.poll(() => row.locator('.recipient').count()).toBe(5)
    // The text, because a box that is too narrow does not hold it.
    const timeEnds = await row.locator('time').evaluate((time) => {
      const text = document.createRange()
      text.selectNodeContents(time)
      return text.getBoundingClientRect().right
    })
    const chipsBegin = await row
      .locator('.recipient')
      .evaluateAll((chips) => Math.min(...chips.map((chip) => chip.getBoundingClientRect().left)))
    expect(timeEnds).toBeLessThanOrEqual(chipsBegin)
  })
})

it('findHiddenControls finds a control that is covered, and a list whose text is cut', async () => {
  const { page } = await open(1366, 768)
  await page.evaluate(() => {
    document.getElementById('events-pause')?.style.setProperty('pointer-events', 'none')
    document.getElementById('connect-transport')?.style.setProperty('width', '4rem')
  })
  expect(await findHiddenControls(page)).toEqual(
    ['cut: select#connect-transport Automatic', 'covered: button#events-pause Pause'].map((text) => expect.stringContaining(text)),
  )
})
