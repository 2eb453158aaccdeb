import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { useBrowser } from './testing/browser.ts'
import { type OpenConsole, openConsole } from './testing/open-console.ts'
import { useGateway } from '../../testing/use.ts'

const run = promisify(execFile)
const browser = useBrowser()
const gateway = useGateway()
let opened: OpenConsole

beforeEach(async () => {
  opened = await openConsole(browser, gateway, {
    viewport: { width: 1366, height: 768 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await opened.press(/^Clear$/)
})

afterEach(async () => {
  await opened.page.context().close()
  if (opened.complaints.length > 0) throw new Error(`The page complained: ${opened.complaints.join('\n')}`)
})

/** Empties the clipboard, runs an action, and returns what the action copied. */
async function copiedBy(action: () => Promise<void>): Promise<string> {
  await opened.page.evaluate(() => navigator.clipboard.writeText(''))
  await action()
  await expect.poll(clipboard).not.toBe('')
  return clipboard()
}

const clipboard = (): Promise<string> => opened.page.evaluate(() => navigator.clipboard.readText())

/** Opens the line of an event, and returns the event as it arrived. */
async function arrived(type: string): Promise<Record<string, unknown>> {
  const row = opened.events().filter({ hasText: type })
  await row.locator('summary').first().click()
  return JSON.parse(await copiedBy(() => row.getByRole('button', { name: 'Copy event' }).click()))
}

async function fillEvent(mode: 'structured' | 'binary'): Promise<void> {
  const { page } = opened
  await page.locator('#form-event').check({ force: true })
  await page.locator('#emit-type').fill('order.shipped')
  await page.locator('#emit-source').fill('/orders')
  await page.locator('#emit-subject').fill('Bestellung "42" 👋')
  await page.locator('#emit-partition-key').fill('order-42')
  await page.locator('#emit-mode').selectOption(mode)
  await page.locator('#emit-extensions').fill('{"tenant": "a", "priority": 3}')
  await page.locator('#emit-payload').fill('{"n": 1}')
}

describe('the form of a CloudEvent', () => {
  it.each([
    ['structured', 3],
    ['binary', '3'],
  ] as const)('emits an event with all of its attributes, %s', async (mode, priority) => {
    await fillEvent(mode)
    await opened.press(/^Emit$/)
    await opened.page.locator('.outcome.good').waitFor()
    expect(await arrived('order.shipped')).toMatchObject({
      source: '/orders',
      subject: 'Bestellung "42" 👋',
      partitionkey: 'order-42',
      tenant: 'a',
      priority,
      datacontenttype: 'application/json',
      data: { n: 1 },
    })
  })

  it('emits bytes and text to chosen people', async () => {
    const { emit, page, recipientsOf } = opened
    await page.locator('#form-event').check({ force: true })
    await page.locator('#emit-data-kind').selectOption('base64')
    await page.locator('#reach-some').check({ force: true })
    await page.locator('#audience-usernames').fill('ada')
    await page.locator('#emit-type').fill('some.bytes')
    await page.locator('#emit-payload').fill('AAECAw==')
    await opened.press(/^Emit$/)
    await expect.poll(() => recipientsOf('some.bytes')).toEqual(['1'])
    expect(await arrived('some.bytes')).toMatchObject({ data_base64: 'AAECAw==', datacontenttype: 'application/octet-stream' })
    await page.locator('#emit-data-kind').selectOption('text')
    await emit({ type: 'some.text', payload: 'in quotes', usernames: 'ada' })
    expect(await arrived('some.text')).toMatchObject({ data: '"in quotes"', datacontenttype: 'text/plain' })
  })

  it('sends one like an event that arrived', async () => {
    const { events, page } = opened
    await fillEvent('structured')
    await opened.press(/^Emit$/)
    await arrived('order.shipped')
    await page.locator('#form-short').check({ force: true })
    await page.locator('#emit-template').selectOption('1')
    await events().getByRole('button', { name: 'Edit and emit' }).click()
    await expect.poll(() => page.locator('#emit-subject').inputValue()).toBe('Bestellung "42" 👋')
    await opened.press(/^Emit$/)
    await expect.poll(() => events().filter({ hasText: 'order.shipped' }).count()).toBe(2)
  })

  it('puts the cursor at the character of the extensions that is wrong', async () => {
    const { page } = opened
    await page.locator('#form-event').check({ force: true })
    await page.locator('#emit-extensions').fill('{\n "tenant": }')
    await opened.press(/^Emit$/)
    await expect.poll(() => page.locator('#error-extensions').textContent()).toContain('line 2, column 12')
    expect(
      await page.locator('#emit-extensions').evaluate((field) => (field instanceof HTMLTextAreaElement ? field.selectionStart : -1)),
    ).toBe(13)
  })
})

async function send(type: string, payload: string): Promise<void> {
  const { page, press } = opened
  await page.locator('#form-send').check({ force: true })
  await page.locator('#emit-type').fill(type)
  await page.locator('#emit-payload').fill(payload)
  await press(/^Send$/)
}

describe('the form of a send', () => {
  it('sends over a connection, shows the acknowledgement, and the event comes back to its user alone', async () => {
    const { connectAs, isOpen, page, recipientsOf } = opened
    await connectAs('ben · org-1 · viewer')
    await isOpen(2)
    await page.locator('#form-send').check({ force: true })
    await page.locator('#send-over').selectOption('2')
    await send('chat.message', '{"text": "hi"}')
    await page.locator('.outcome.good', { hasText: 'ack' }).waitFor()
    await expect.poll(() => recipientsOf('chat.message')).toEqual(['2'])
    expect(await arrived('chat.message')).toMatchObject({ data: { text: 'hi' }, authtype: 'app_user', authid: 'user-2' })
  })

  it('shows the problem of an event that the gateway refuses', async () => {
    await send('x'.repeat(1_025), '1')
    await expect.poll(() => opened.page.locator('.outcome.bad').textContent()).toContain('type')
  })

  it('names the field that is wrong, and sends nothing', async () => {
    await send('chat.message', '{')
    await expect.poll(() => opened.page.locator('#error-payload').textContent()).toContain('line 1')
    expect(await opened.page.locator('#emit-outcome').isVisible()).toBe(false)
  })

  it('gives a line of JavaScript that sends from any page of the site', async () => {
    const { page, recipientsOf } = opened
    await page.locator('#form-send').check({ force: true })
    await page.locator('#emit-type').fill('by.hand')
    await page.locator('#emit-payload').fill('{"n": 1}')
    const code = await copiedBy(() => page.getByRole('button', { name: 'Copy as JavaScript' }).click())
    await page.evaluate(
      `new Promise((resolve) => { const socket = new WebSocket(location.origin.replace('http', 'ws') + '/wss/chrome-service/v1/ws'); socket.onopen = () => { ${code}; resolve() } })`,
    )
    await expect.poll(() => recipientsOf('by.hand')).toEqual(['1'])
  })
})

describe('filters of a connection', () => {
  it('narrow what it gets', async () => {
    const { connectAs, emit, isOpen, page, recipientsOf } = opened
    await page.locator('#connect-filters').fill('{"prefix": {"type": "order."}}')
    await connectAs('ben · org-1 · viewer')
    await isOpen(2)
    await emit({ type: 'order.paid' })
    await emit({ type: 'jobs.done' })
    await expect.poll(() => recipientsOf('order.paid')).toEqual(['1', '2'])
    await expect.poll(() => recipientsOf('jobs.done')).toEqual(['1'])
  })

  it('that are no JSON are named, and nothing connects', async () => {
    const { page, press } = opened
    await page.locator('#connect-filters').fill('type = 1')
    await press(/^Connect$/)
    await expect.poll(() => page.locator('#error-connect-filters').textContent()).not.toBe('')
    expect(await page.locator('#connections > li').count()).toBe(1)
  })
})

describe('Copy as', () => {
  it('gives a curl command and JavaScript that emit the event, and says so in the button', async () => {
    const { page, recipientsOf } = opened
    await fillEvent('structured')
    await page.locator('#emit-payload').fill(`{"nasty": "'\\"$(id) \\n👋"}`)
    for (const [language, type, command] of [
      ['curl', 'by.curl', (code: string) => run('sh', ['-c', code])],
      ['JavaScript', 'by.javascript', (code: string) => run(process.execPath, ['--input-type=module', '--eval', code])],
    ] as const) {
      await page.locator('#emit-type').fill(type)
      const button = page.getByRole('button', { name: `Copy as ${language}` })
      // The button says so for two seconds: too short for a slow machine to look.
      await button.evaluate((element) => {
        Object(globalThis).said = []
        new MutationObserver(() => Object(globalThis).said.push(element.textContent)).observe(element, { childList: true })
      })
      const { stdout } = await command(await copiedBy(() => button.click()))
      await expect.poll(() => page.evaluate(() => Object(globalThis).said)).toContain('✓ Copied')
      expect(stdout).toContain('202')
      await recipientsOf(type)
    }
    expect(await arrived('by.curl')).toMatchObject({ data: { nasty: `'"$(id) \n👋` }, tenant: 'a' })
  })
})

describe('what a user typed', () => {
  it('is there after a reload', async () => {
    const { page } = opened
    await fillEvent('binary')
    await page.locator('#reach-some').check({ force: true })
    await page.locator('#audience-organizations').fill('org-1')
    await page.locator('#emit-payload').fill('{"half": ')
    await page.reload()
    await opened.isOpen(1)
    await expect.poll(() => page.locator('#emit-payload').inputValue()).toBe('{"half": ')
    for (const [field, value] of [
      ['#emit-type', 'order.shipped'],
      ['#emit-subject', 'Bestellung "42" 👋'],
      ['#emit-mode', 'binary'],
      ['#audience-organizations', 'org-1'],
    ] as const)
      await expect.poll(() => page.locator(field).inputValue()).toBe(value)
    await expect.poll(() => page.locator('#form-event').isChecked()).toBe(true)
    await expect.poll(() => page.locator('#reach-some').isChecked()).toBe(true)
  })
})
