import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findViolations } from './testing/accessibility.ts'
import { launchBrowser, openPage, type WatchedPage } from './testing/browser.ts'
import { consoleActions } from './testing/console-actions.ts'
import { type StartedGateway, startGateway } from '../../testing/processes/gateway-process.ts'

let browser: Browser
let gateway: StartedGateway
let watched: WatchedPage
let page: Page

beforeAll(async () => {
  browser = await launchBrowser()
  gateway = await startGateway()
})

afterAll(async () => {
  await browser.close()
  await gateway.kill()
})

async function open(options: Parameters<typeof openPage>[1] = {}): Promise<void> {
  watched = await openPage(browser, options)
  page = watched.page
  await page.goto(`${gateway.origin}/console`)
  await isOpen(1)
  // The page begins with what earlier tests emitted.
  await replayEnded()
  await press(/^Clear$/)
}

const { card, connectAs, emit, events, isOpen, press, recipientsOf, replayEnded, stat } = consoleActions(() => page)

afterEach(async () => {
  await page.context().close()
})

const ada = 'ada · org-1 · admin'
const ben = 'ben · org-1 · viewer'
const chloe = 'chloé · org-2 · admin, billing'

describe('the console', () => {
  beforeEach(() => open())

  afterEach(() => {
    if (watched.complaints.length > 0) throw new Error(`The page complained: ${watched.complaints.join('\n')}`)
  })

  it('signs in and connects by itself, and says so', async () => {
    await expect.poll(() => page.title()).toBe('chrome-service · Carillon console')
    await expect.poll(() => page.locator('#browser-identity').inputValue()).toContain('user-1')
    await expect.poll(() => page.evaluate(() => document.cookie)).toMatch(/^cs_jwt=[\w-]+\.[\w-]+\.[\w-]+$/)
    await expect.poll(() => card(1).locator('.pill').textContent()).toBe('Open · WebSocket')
    await expect.poll(() => page.locator('#events-empty').textContent()).toContain('Nothing has arrived yet')
  })

  it('runs the two snippets unchanged', async () => {
    // Only the port differs: a test takes a free one.
    const socket = `new WebSocket("ws://localhost:8000/wss/chrome-service/v1/ws", "cloudevents.json")`.replace('8000', String(gateway.port))
    const fetchSnippet =
      'fetch("/api/chrome-service/v1/emit-message", {method: "POST", body: JSON.stringify({id: "message-id", type: "notifications.drawer", ' +
      'broadcast: true, users: [], roles: [], organizations: [], payload: {title: "New notification", description: "Some longer body"}})})'
    const received = await page.evaluate(`new Promise((resolve, reject) => {
      const socket = ${socket}
      socket.onopen = () => { ${fetchSnippet}.then(({ status }) => { globalThis.emitStatus = status }) }
      socket.onmessage = ({ data }) => resolve({ protocol: socket.protocol, event: JSON.parse(data) })
      socket.onclose = ({ code, reason }) => reject(new Error(code + reason))
    })`)
    expect(received).toMatchObject({
      protocol: 'cloudevents.json',
      event: {
        specversion: '1.0',
        id: 'message-id',
        type: 'notifications.drawer',
        data: { title: 'New notification', description: 'Some longer body' },
      },
    })
    await page.waitForFunction(() => Object(globalThis).emitStatus === 202)
    await expect.poll(() => recipientsOf('notifications.drawer')).toEqual(['1'])
  })

  it('offers snippets that run when they are pasted', async () => {
    await press(/^Help/)
    await page.getByText('Try it without the client').click()
    const [listen, send] = [await page.locator('#snippet-socket').textContent(), await page.locator('#snippet-emit').textContent()]
    const data = await page.evaluate(`new Promise((resolve) => { ${listen}\n console = { log: resolve }\n socket.onopen = () => ${send} })`)
    expect(data).toMatchObject({ type: 'notifications.drawer', data: { title: 'New notification' } })
  })

  it('delivers to every recipient, and shows the recipients and the latency', async () => {
    await connectAs(ben)
    await connectAs(chloe, 'sse')
    await isOpen(2)
    await isOpen(3)
    await expect.poll(() => card(3).locator('.pill').textContent()).toBe('Open · SSE')
    await emit({ type: 'to.all' })
    await page.locator('.outcome.good').waitFor()
    await expect.poll(async () => (await recipientsOf('to.all')).toSorted()).toEqual(['1', '2', '3'])
    await emit({ type: 'to.admins', organizations: 'org-1, org-2', roles: 'admin' })
    await emit({ type: 'to.ben', usernames: 'ben' })
    await expect.poll(() => recipientsOf('to.ben')).toEqual(['2'])
    await expect.poll(async () => (await recipientsOf('to.admins')).toSorted()).toEqual(['1', '3'])
    await expect.poll(() => stat(1, 'Latency')).toMatch(/^[\d.]+ ms$/)
    await expect.poll(() => page.locator('#emit-reach').textContent()).toBe('to 1 of 3 connections here')
  })

  it('signs the browser in as another user, whose cookie it has then', async () => {
    await page.locator('#browser-identity').selectOption({ label: ben })
    await page.waitForFunction(() =>
      atob((document.cookie.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')).includes('"ben"'),
    )
    const types = page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket("ws://localhost:${gateway.port}/wss/chrome-service/v1/ws", "cloudevents.json")
      const seen = []
      socket.onopen = () => { globalThis.isListening = true }
      socket.onmessage = ({ data }) => { seen.push(JSON.parse(data).type); if (seen.length === 2) resolve(seen) }
    })`)
    await page.waitForFunction(() => Object(globalThis).isListening === true)
    await emit({ type: 'for.ada', usernames: 'ada' })
    await emit({ type: 'for.ben', usernames: 'ben' })
    await emit({ type: 'for.both' })
    expect(await types).toEqual(['for.ben', 'for.both'])
  })

  it('connects with any claims, with text of any script', async () => {
    await page.locator('#connect-identity').selectOption({ label: 'Another user…' })
    await page.locator('#claims-user-id').fill('名+%-_')
    await page.locator('#claims-username').fill('Zoë 👋')
    await page.locator('#claims-organization').fill('org-9')
    await page.locator('#claims-roles').fill('owner')
    await press(/^Add$/)
    await press(/^Connect$/)
    await isOpen(2)
    await expect.poll(() => card(2).locator('h3').textContent()).toBe('Zoë 👋')
    await emit({ type: 'for.zoe', usernames: 'Zoë 👋' })
    await expect.poll(() => recipientsOf('for.zoe')).toEqual(['2'])
  })

  it('changes nothing when the user cancels the dialog', async () => {
    await page.locator('#browser-identity').selectOption({ label: 'Another user…' })
    await page.keyboard.press('Escape')
    await page.locator('#claims-dialog').waitFor({ state: 'hidden' })
    // The page hears of it a moment after the dialog is gone.
    await expect.poll(() => page.locator('#browser-identity option:checked').textContent()).toBe(ada)
  })

  it('resumes after a cut, and replays the missed events once', async () => {
    await connectAs(ben)
    await isOpen(2)
    await press(/^Cut connection 2/)
    await card(2).locator('.pill[data-state="waiting"]').waitFor()
    await emit({ type: 'while.away' })
    await isOpen(2)
    await page.locator('.event.control', { hasText: '1 event replayed' }).waitFor()
    await expect.poll(async () => (await recipientsOf('while.away')).toSorted()).toEqual(['1', '2'])
    await expect.poll(() => stat(2, 'Replayed')).toBe('1')
    await expect.poll(() => stat(2, 'Gaps')).toBe('0')
    await expect
      .poll(() => page.locator('.event', { hasText: 'while.away' }).locator('.recipient', { hasText: 'replayed' }).count())
      .toBe(1)
  })

  it('resumes an event stream after a cut, too', async () => {
    await connectAs(ben, 'sse')
    await isOpen(2)
    await press(/^Cut connection 2/)
    await emit({ type: 'while.away' })
    await page.locator('.event.control', { hasText: '1 event replayed' }).waitFor()
    await expect.poll(() => stat(2, 'Replayed')).toBe('1')
  })

  it('goes on from the cursor after a stop, however long', async () => {
    await press(/^Stop connection 1/)
    await card(1).locator('.pill', { hasText: 'Stopped' }).waitFor()
    for (const type of ['one', 'two', 'three']) await emit({ type })
    await press(/^Start connection 1/)
    await page.locator('.event.control', { hasText: '3 events replayed' }).waitFor()
    await expect.poll(() => events().locator('b').allTextContents()).toEqual(['three', 'two', 'one'])
  })

  it('shows a gap when the cursor is refused, and goes on', async () => {
    await press(/^Stop connection 1/)
    await page.locator('#cursor-1').fill('no cursor of this channel')
    await press(/^Start connection 1/)
    await page.getByRole('alert').getByText('Gap on connection 1').waitFor()
    await expect.poll(() => stat(1, 'Gaps')).toBe('1')
    await emit({ type: 'after.gap' })
    await expect.poll(() => recipientsOf('after.gap')).toEqual(['1'])
    await press(/^Dismiss: Gap/)
    await expect.poll(() => page.locator('.banner').count()).toBe(0)
    await expect.poll(() => page.locator('.event.gap').count()).toBe(1)
  })

  it('keeps its connections over a reload, and misses nothing', async () => {
    await connectAs(ben, 'sse')
    await isOpen(2)
    await emit({ type: 'before' })
    await recipientsOf('before')
    await page.goto('about:blank')
    await fetch(`${gateway.origin}/api/chrome-service/v1/emit-message`, {
      method: 'POST',
      body: JSON.stringify({ type: 'meanwhile', broadcast: true, payload: 1 }),
    })
    await page.goto(`${gateway.origin}/console`)
    await isOpen(1)
    await isOpen(2)
    await page.waitForFunction(() => document.querySelectorAll('.event .recipient').length >= 4)
    await expect.poll(async () => (await recipientsOf('meanwhile')).toSorted()).toEqual(['1', '2'])
    await expect.poll(() => events().count()).toBe(1)
  })

  it('emits by keyboard, and shows what the log said', async () => {
    await page.locator('#emit-payload').focus()
    await page.keyboard.press('Control+Enter')
    await page.locator('.outcome.good', { hasText: '202' }).waitFor()
    await expect.poll(() => page.locator('#emit-outcome').textContent()).toMatch(/In the topic after [\d.]+ ms/)
    await page.locator('#emit-submit').focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelectorAll('.event.event:not(.control)').length === 2)
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('emit-submit')
  })

  it('emits many copies, each an event of its own', async () => {
    const before = Number(await stat(1, 'Events'))
    await page.locator('#emit-copies').fill('20')
    await emit({ type: 'many' })
    await page.locator('.outcome.good', { hasText: '20 events are in the topic' }).waitFor()
    await page.waitForFunction(() => document.querySelectorAll('.event.event:not(.control)').length === 20)
    await expect.poll(() => stat(1, 'Events')).toBe(String(before + 20))
  })

  it('delivers an id that is emitted twice once', async () => {
    await emit({ type: 'twice', id: 'same-id' })
    await page.locator('.outcome.good').waitFor()
    await emit({ type: 'twice', id: 'same-id' })
    await emit({ type: 'last' })
    await recipientsOf('last')
    await expect.poll(() => recipientsOf('twice')).toEqual(['1'])
  })

  it('points at what is wrong with a message, and does not send it', async () => {
    await page.locator('#reach-some').check({ force: true })
    await page.locator('#audience-roles').fill('admin')
    await page.locator('#emit-payload').fill('{"a": }')
    await press(/^Emit$/)
    await expect.poll(() => page.locator('#error-roles').textContent()).toContain('Roles narrow organizations')
    await expect.poll(() => page.locator('#error-payload').textContent()).toContain('This is not JSON')
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('audience-roles')
    await expect.poll(() => page.locator('#emit-payload').getAttribute('aria-invalid')).toBe('true')
    await page.locator('#emit-payload').fill('{}')
    await expect.poll(() => page.locator('#error-payload').textContent()).toBe('')
    await expect.poll(() => page.locator('#emit-outcome').isHidden()).toBe(true)
  })

  it('shows every payload as text', async () => {
    const title = '<img src=x onerror="document.title=\'broken\'"><script>document.title="broken"</script>'
    await emit({ type: '<b>type</b>', payload: { title } })
    await events().locator('summary').click()
    await events().locator('.json').waitFor()
    await expect.poll(() => events().locator('.json').textContent()).toContain(JSON.stringify(title))
    await expect.poll(() => events().locator('img, script').count()).toBe(0)
    await expect.poll(() => page.title()).not.toBe('broken')
  })

  it('filters, pauses and clears', async () => {
    for (const type of ['apples', 'pears']) await emit({ type })
    await recipientsOf('pears')
    await page.locator('#filter-text').fill('apples')
    await page.waitForFunction(() => document.querySelectorAll('.event').length === 1)
    await expect.poll(() => page.locator('#events-summary').textContent()).toMatch(/^1 of \d+ lines$/)
    await page.locator('#filter-text').fill('')
    await press(/^Pause$/)
    await emit({ type: 'plums' })
    // A bookmark may be held back as well.
    await page.getByRole('button', { name: /^Go on \(\d+\)$/ }).waitFor()
    await expect.poll(() => events().count()).toBe(2)
    await press(/^Go on/)
    await recipientsOf('plums')
    await press(/^Clear$/)
    await page.waitForFunction(() => document.querySelectorAll('.event').length === 0)
    await expect.poll(() => page.locator('#events-empty').isVisible()).toBe(true)
  })

  it('removes a connection, and the gateway loses it', async () => {
    await connectAs(ben)
    await isOpen(2)
    await press(/^Remove connection 2/)
    await page.waitForFunction(() => document.querySelectorAll('#connections > li').length === 1)
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('connect-identity')
    await emit({ type: 'later' })
    await expect.poll(() => recipientsOf('later')).toEqual(['1'])
  })
})

describe('the console, when something fails', () => {
  it('shows a problem of the gateway in its own words', async () => {
    await open()
    await emit({ payload: { filler: 'x'.repeat(300_000) } })
    const outcome = page.locator('.outcome.bad')
    await outcome.waitFor()
    await expect.poll(() => outcome.textContent()).toMatch(/413.*The event is larger than the limit/)
  })

  it('waits for a gateway that is gone, resumes on the next, and shows the gap that its new log makes', async () => {
    await open()
    await emit({ type: 'first.life' })
    await recipientsOf('first.life')
    await gateway.kill()
    await card(1).locator('.pill[data-state="waiting"]').waitFor()
    await expect.poll(() => card(1).locator('.pill').textContent()).toMatch(/^Back in \d+ s$/)
    await emit({ type: 'nobody.hears' })
    await page.locator('.outcome.bad', { hasText: 'The gateway did not answer' }).waitFor()
    gateway = await startGateway(gateway.port)
    await page.getByRole('alert').getByText('Gap on connection 1').waitFor({ timeout: 45_000 })
    // The answer that did not come is history by now.
    await expect.poll(() => page.locator('#emit-outcome').isHidden()).toBe(true)
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('a topic that was recreated')
    await emit({ type: 'second.life' })
    await expect.poll(() => recipientsOf('second.life')).toEqual(['1'])
  })
})

describe.each(['light', 'dark'] as const)('the console is accessible, %s', (colorScheme) => {
  beforeEach(() => open({ colorScheme, reducedMotion: 'reduce' }))

  /** Every kind of thing that the page can show, at once. */
  async function showEverything(): Promise<void> {
    await connectAs(ben)
    await connectAs(chloe)
    await isOpen(2)
    await isOpen(3)
    await press(/^Stop connection 1/)
    await page.locator('#cursor-1').fill('no cursor')
    await press(/^Start connection 1/)
    await page.locator('.banner').waitFor()
    await emit({ organizations: 'org-1' })
    await page.locator('.outcome.good').waitFor()
    await events().locator('summary').first().click()
    await press(/^Cut connection 2/)
    await press(/^Stop connection 3/)
    await page.locator('#emit-payload').fill('{')
    await press(/^Pause$/)
  }

  it('has no violation of WCAG 2.2 AA, with everything shown', async () => {
    await showEverything()
    expect(await findViolations(page)).toEqual([])
    await page.screenshot({ path: fileURLToPath(new URL(`../../artifacts/console-${colorScheme}.png`, import.meta.url)) })
    await page.locator('#connect-identity').selectOption({ label: 'Another user…' })
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await press(/^Help/)
    await page.getByText('Try it without the client').click()
    expect(await findViolations(page)).toEqual([])
  })

  it('has no violation of WCAG 2.2 AA on a phone, with the form of a CloudEvent and its problems', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('#form-event').check({ force: true })
    await page.locator('#emit-extensions').fill('[')
    await emit({ organizations: 'org-1' })
    await page.locator('#error-extensions:not(:empty)').waitFor()
    await connectAs(ben)
    await isOpen(2)
    expect(await findViolations(page)).toEqual([])
  })
})

describe('the console by keyboard', () => {
  it('reaches everything with Tab, and always shows where one is', async () => {
    await open()
    await page.locator('body').focus()
    const seen: { readonly name: string; readonly isMarked: boolean }[] = []
    for (let step = 0; step < 45; step += 1) {
      await page.keyboard.press('Tab')
      seen.push(
        await page.evaluate(() => {
          const element = document.activeElement ?? document.body
          const marked = element instanceof HTMLInputElement && element.type === 'radio' ? (element.nextElementSibling ?? element) : element
          return {
            name: element === document.body ? '' : element.id || (element.getAttribute('aria-label') ?? element.textContent ?? '').trim(),
            isMarked: getComputedStyle(marked).outlineStyle === 'solid',
          }
        }),
      )
    }
    const names = seen.map(({ name }) => name)
    for (const name of [
      'browser-identity',
      'connect-identity',
      'Connect',
      'cursor-1',
      'Cut connection 1, ada · org-1 · admin',
      'reach-everybody',
      'emit-type',
      'emit-payload',
      'emit-submit',
      'events-pause',
      'filter-text',
    ])
      expect(names).toContain(name)
    expect(seen.filter(({ isMarked, name }) => !isMarked && name !== '' && !name.startsWith('Carillon'))).toEqual([])
  })

  it('moves the focus along when a button turns into another', async () => {
    await open()
    await page.getByRole('button', { name: /^Stop connection 1/ }).focus()
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Start')
    await page.keyboard.press('Enter')
    await isOpen(1)
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Stop')
  })
})

describe('the console on any screen', () => {
  it.each([360, 600, 900, 1200, 2200])('fits into %i pixels', async (width) => {
    await open({ viewport: { width, height: 800 } })
    await connectAs(chloe)
    await isOpen(2)
    await emit({ type: 'com.example.a.rather.long.type.of.an.event.that.somebody.made.up', payload: { title: 'long '.repeat(80) } })
    await page.locator('.outcome.good').waitFor()
    await page.locator('#reach-some').check({ force: true })
    await events().first().locator('summary').click()
    const overflowing = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      [...document.querySelectorAll<HTMLElement>('main *')]
        .filter(
          (element) =>
            element.checkVisibility() &&
            element.closest('pre, .visually-hidden, .segments') === null &&
            element.getBoundingClientRect().right > innerWidth + 1,
        )
        .map(({ id, className, tagName }) => `${tagName}#${id}.${className}`),
    ])
    expect(overflowing).toEqual([width, []])
  })
})
