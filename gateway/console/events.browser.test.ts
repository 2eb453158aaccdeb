import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { useBrowser } from './testing/browser.ts'
import { emitInOrder, type OpenConsole, openConsole } from './testing/open-console.ts'
import { useGateway } from '../../testing/use.ts'

const browser = useBrowser()
// No bookmark comes between the events, even on a slow machine.
const gateway = useGateway({ EMIT_BURST: '10000', HEARTBEAT_INTERVAL_MS: '600000' })
let opened: OpenConsole

afterEach(async () => {
  await opened.page.context().close()
  if (opened.complaints.length > 0) throw new Error(`The page complained: ${opened.complaints.join('\n')}`)
})

/** Opens the console. Its list has what earlier tests emitted. */
async function openFull(): Promise<OpenConsole> {
  opened = await openConsole(browser, gateway, { viewport: { width: 1366, height: 768 } })
  return opened
}

async function open(): Promise<OpenConsole> {
  const { press } = await openFull()
  await press(/^Clear$/)
  return opened
}

const summary = (): Promise<string | null> => opened.page.locator('#events-summary').textContent()
const focusedType = (): Promise<string | null> =>
  opened.page.evaluate(() => document.activeElement?.closest('.event')?.querySelector('b')?.textContent ?? null)

describe('the list of events', () => {
  it('begins with the events of the last minutes, and marks them as replayed', async () => {
    await emitInOrder(gateway, [
      { type: 'before.opening', data: { title: 'Earlier' } },
      { type: 'for.another', audience: '{"users":["another"]}' },
    ])
    const { events, emit, page, recipientsOf } = await openFull()
    await expect.poll(() => events().filter({ hasText: 'before.opening' }).locator('.recipient').textContent()).toContain('replayed')
    await expect.poll(() => events().filter({ hasText: 'for.another' }).count()).toBe(0)
    await emit({ type: 'live' })
    await recipientsOf('live')
    await expect.poll(() => events().first().locator('.recipient').textContent()).toMatch(/ms$/)
    expect(await page.locator('.event.gap').count()).toBe(0)
  })

  it('gets the last minutes again, for every connection, after it was cleared', async () => {
    const { connectAs, emit, events, isOpen, press, recipientsOf } = await open()
    await connectAs('ben · org-1 · viewer', 'sse')
    await isOpen(2)
    await emit({ type: 'kept' })
    await recipientsOf('kept')
    await press(/^Clear$/)
    await expect.poll(() => events().count()).toBe(0)
    await press(/^Last 5 min$/)
    await expect.poll(async () => (await recipientsOf('kept')).toSorted()).toEqual(['1', '2'])
  })

  it('shows a connection the last minutes when it is asked to, and nothing earlier when it is not', async () => {
    const { connectAs, emit, isOpen, page, recipientsOf, stat } = await open()
    await emit({ type: 'seen.before' })
    await recipientsOf('seen.before')
    await connectAs('ben · org-1 · viewer')
    await isOpen(2)
    await page.locator('#connect-from').selectOption('earliest')
    await connectAs('ben · org-1 · viewer')
    await isOpen(3)
    await expect.poll(() => recipientsOf('seen.before')).toEqual(['1', '3'])
    await expect.poll(() => stat(2, 'Events')).toBe('0')
  })

  it('stays at what the user reads while events arrive, and at its top shows them', async () => {
    const { page } = await open()
    await emitInOrder(
      gateway,
      Array.from({ length: 100 }, (_, n) => ({ type: 'first', data: { a: n } })),
    )
    const row = page.locator('.event', { hasText: '{"a":50}' })
    await page.locator('.event', { hasText: '{"a":99}' }).waitFor()
    await page.locator('#event-scroll').evaluate((list) => list.scrollTo(0, list.scrollHeight / 2))
    const placeOf = async (): Promise<number> => Math.round((await row.boundingBox())?.y ?? -1)
    await row.waitFor()
    const before = await placeOf()
    await emitInOrder(
      gateway,
      Array.from({ length: 50 }, (_, n) => ({ type: 'second', data: { b: n } })),
    )
    await expect.poll(summary).toBe('150 lines')
    expect(Math.abs((await placeOf()) - before)).toBeLessThanOrEqual(2)
    await page.locator('#event-scroll').evaluate((list) => list.scrollTo(0, 0))
    await emitInOrder(gateway, [{ type: 'newest' }])
    await expect.poll(() => page.locator('.event b').first().textContent()).toBe('newest')
    expect(await page.locator('#event-scroll').evaluate((list) => list.scrollTop)).toBe(0)
  })

  it('keeps a line open that leaves the view and comes back', async () => {
    const { page, events } = await open()
    await emitInOrder(
      gateway,
      Array.from({ length: 200 }, (_, n) => ({ type: 'many', data: { n } })),
    )
    await page.locator('.event', { hasText: '{"n":199}' }).waitFor()
    await events().locator('summary').first().click()
    await page.locator('.json').waitFor()
    await page.locator('#filter-text').focus()
    // The line that was clicked stays in the page. Another one is the tab stop after this.
    await page.locator('#event-scroll').evaluate((list) => list.scrollTo(0, 3_000))
    await page.locator('.event', { hasText: '{"n":120}' }).locator('summary').click()
    await expect.poll(() => page.locator('.event', { hasText: '"n": 199' }).count()).toBe(0)
    await page.locator('#event-scroll').evaluate((list) => list.scrollTo(0, 0))
    await page.locator('.event', { hasText: '{"n":199}' }).locator('.json').waitFor()
  })

  it('shows a payload that is a string in its line', async () => {
    const { emit, events } = await open()
    await emit({ type: 'text', payload: 'Backup is done' })
    await expect.poll(() => events().locator('.about').textContent()).toContain('Backup is done')
  })

  it('folds JSON, and shows the rest of long texts and lists when it is asked to', async () => {
    const { emit, events, page } = await open()
    await emit({
      type: 'large',
      payload: { nested: { a: { b: { c: 1 } } }, text: `${'x'.repeat(5_000)}end`, list: Array.from({ length: 250 }, (_, n) => n) },
    })
    await events().locator('summary').first().click()
    const json = page.locator('.json')
    await json.waitFor()
    await expect.poll(() => json.textContent()).not.toContain('xend')
    await json.getByRole('button', { name: /^Show all 5,005 characters$/ }).click()
    await expect.poll(() => json.textContent()).toContain('xend')
    const lines = (): Promise<number> => json.locator('.number:visible').count()
    await expect.poll(lines).toBeLessThan(110)
    await json.locator('summary', { hasText: '"list"' }).evaluate((line) => line.parentElement?.setAttribute('open', ''))
    await json.getByRole('button', { name: /^Show 100 more of 150/ }).click()
    await json.getByRole('button', { name: /^Show 50 more of 50/ }).click()
    await expect.poll(() => json.locator('.number').allTextContents()).toContain('249')
    await json.locator('summary', { hasText: '"nested"' }).click()
    await expect.poll(() => json.locator('summary', { hasText: '"nested"' }).locator('.folded').isVisible()).toBe(true)
  })

  it('saves the events that are shown as lines of JSON', async () => {
    const { emit, page, recipientsOf } = await open()
    for (const type of ['apples', 'pears']) await emit({ type, payload: { title: `ü ${type}` } })
    await recipientsOf('pears')
    await page.locator('#filter-text').fill('apples')
    await expect.poll(summary).toMatch(/^1 of /)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Export$/ }).click()])
    expect(download.suggestedFilename()).toBe('events.ndjson')
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ type: 'apples', data: { title: 'ü apples' } }])
  })
})

describe('the keys of the console', () => {
  it('filter, walk through the events, unfold one, and begin to emit', async () => {
    const { events, page, recipientsOf } = await open()
    await emitInOrder(gateway, [{ type: 'one' }, { type: 'two' }, { type: 'three' }])
    await recipientsOf('three')
    await page.locator('#events-pause').focus()
    await page.keyboard.press('/')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('filter-text')
    // Within a field, a key is a letter.
    await page.keyboard.type('j/e')
    await expect.poll(() => page.locator('#filter-text').inputValue()).toBe('j/e')
    // The list follows the filter a frame later.
    await expect.poll(() => events().count()).toBe(0)
    await page.locator('#filter-text').fill('')
    await recipientsOf('three')
    await page.locator('#events-pause').focus()
    for (const [key, type] of [
      ['j', 'three'],
      ['j', 'two'],
      ['j', 'one'],
      ['k', 'two'],
    ] as const) {
      await page.keyboard.press(key)
      await expect.poll(focusedType).toBe(type)
    }
    await page.keyboard.press('Enter')
    await page.getByRole('group', { name: 'JSON of two' }).waitFor()
    await page.keyboard.press('e')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('emit-payload')
  })

  it('make the list one tab stop, at the line that had the focus last', async () => {
    const { page, recipientsOf } = await open()
    await emitInOrder(gateway, [{ type: 'one' }, { type: 'two' }, { type: 'three' }])
    await recipientsOf('three')
    // Lines are made in the frames after their events, so a Tab may come before.
    const tabbedTo = async (): Promise<string | null> => {
      await page.locator('#filter-control').focus()
      await page.keyboard.press('Tab')
      return focusedType()
    }
    await expect.poll(tabbedTo).toBe('three')
    await page.keyboard.press('j')
    await expect.poll(focusedType).toBe('two')
    await expect.poll(tabbedTo).toBe('two')
    expect(await page.locator('.event > details > summary[tabindex="0"]').count()).toBe(1)
  })

  it('bring events into view that were not in the page', async () => {
    const { page } = await open()
    await emitInOrder(
      gateway,
      Array.from({ length: 100 }, (_, n) => ({ type: `type.${n}` })),
    )
    await expect.poll(() => page.locator('.event b').first().textContent()).toBe('type.99')
    await page.locator('#events-pause').focus()
    for (let step = 0; step < 60; step += 1) await page.keyboard.press('j')
    await expect.poll(focusedType).toBe('type.40')
    const box = await page.locator(':focus').boundingBox()
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(768)
  })

  it('are listed in a dialog, and can be turned off for good', async () => {
    const { page } = await open()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Help' })
    await dialog.getByText('Next and previous event').waitFor()
    await page.locator('#keys-on').uncheck()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('?')
    await page.reload()
    await opened.isOpen(1)
    await page.keyboard.press('?')
    await page.locator('#filter-text').focus()
    await expect.poll(() => dialog.isVisible()).toBe(false)
  })
})

// The last, because a page that is opened after it replays all of its events.
describe('the list of 5,000 events', () => {
  it('has few elements with 5,000 events, and makes few to show them', async () => {
    const { page, press } = await open()
    await press(/^Pause$/)
    const all = Array.from({ length: 5_100 }, (_, n) => ({ type: 'order.shipped', data: { n } }))
    for (let first = 0; first < all.length; first += 100) await emitInOrder(gateway, all.slice(first, first + 100))
    await page.getByRole('button', { name: 'Go on (5000)' }).waitFor()
    await page.evaluate(() => {
      const { createElement } = document
      Object(globalThis).made = 0
      document.createElement = (...parts: Parameters<typeof createElement>) => {
        Object(globalThis).made += 1
        return createElement.apply(document, parts)
      }
    })
    await press(/^Go on/)
    await page.locator('.event', { hasText: '{"n":5099}' }).waitFor()
    await expect.poll(summary).toMatch(/^5,000 lines, 10\d older ones dropped$/)
    expect(await page.locator('.event').count()).toBeLessThan(60)
    expect(await page.evaluate(() => Number(Object(globalThis).made))).toBeLessThan(1_500)
    await page.locator('#filter-text').fill('"n":4321')
    await expect.poll(summary).toMatch(/^1 of 5,000 lines/)
    await page.locator('.event', { hasText: '{"n":4321}' }).waitFor()
    await page.locator('#filter-text').fill('')
    await page.locator('#event-scroll').evaluate((list) => list.scrollTo(0, list.scrollHeight))
    await page.locator('.event', { hasText: '{"n":101}' }).waitFor()
    expect(await page.locator('.event').count()).toBeLessThan(60)
  })
})
