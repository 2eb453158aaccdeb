import { expect, it } from 'vitest'
import { openPage, useBrowser } from './testing/browser.ts'
import { useGateway } from '../../testing/use.ts'

const browser = useBrowser()
const gateway = useGateway({ SOCKET_PATH_PREFIX: '/team-a/wss', API_PATH_PREFIX: '/team-a/api' })

it('the console of a gateway with prefixes of its own connects, emits, and offers snippets and a description, below them', async () => {
  const { page, complaints } = await openPage(browser)
  await page.goto(`${gateway.origin}/console`)
  await page.locator('.pill[data-state="open"]').waitFor()
  await page.locator('#connect-transport').selectOption('sse')
  await page.getByRole('button', { name: /^Connect$/ }).click()
  await page.waitForFunction(() => document.querySelectorAll('.pill[data-state="open"]').length === 2)
  await page.locator('#emit-type').fill('hello')
  await page.getByRole('button', { name: /^Emit$/ }).click()
  await page.locator('.outcome.good').waitFor()
  await page.waitForFunction(() => document.querySelectorAll('.event.event:not(.control) .recipient').length === 2)
  await expect.poll(() => page.locator('#snippet-socket').textContent()).toContain(`ws://localhost:${gateway.port}/team-a/wss/v1/ws`)
  await expect.poll(() => page.locator('#snippet-emit').textContent()).toContain('fetch("/team-a/api/v1/emit-message"')
  await expect.poll(() => page.locator('a.quiet-link').getAttribute('href')).toBe('/team-a/api/v1/openapi.json')
  expect(complaints).toEqual([])
  await page.context().close()
})
