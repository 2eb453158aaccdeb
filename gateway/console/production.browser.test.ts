import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { renderProblem } from '../request/problem.ts'
import { loadConsole } from './load-console.ts'
import { findViolations } from './testing/accessibility.ts'
import { launchBrowser, openPage, type WatchedPage } from './testing/browser.ts'

let browser: Browser
let server: Server
let watched: WatchedPage
let page: Page
/** Subprotocols of each socket, `Authorization` of each emit. */
const protocols: string[] = []
const authorizations: (string | undefined)[] = []

/** Serves the console as production would, and notes which credentials arrive. */
async function serve(): Promise<Server> {
  const assets = await loadConsole({ channel: 'drawer', isDevelopment: false })
  const made = createServer((request, response) => {
    const asset = assets.get(request.url ?? '')
    if (asset !== undefined) return response.writeHead(200, { 'content-type': asset.contentType, ...asset.headers }).end(asset.body)
    authorizations.push(request.headers.authorization)
    const problem = renderProblem({ type: 'forbidden', detail: 'The token has none of the scopes that may emit.' })
    return response.writeHead(problem.status, { ...problem.headers }).end(problem.body)
  })
  const sockets = new WebSocketServer({ server: made, handleProtocols: () => 'cloudevents.json' })
  sockets.on('connection', (socket, request) => {
    protocols.push(request.headers['sec-websocket-protocol'] ?? '')
    socket.send(
      JSON.stringify({ specversion: '1.0', id: '1', source: 's', type: 'dev.carillon.resumed', data: { replayed: 0 }, cursor: 'c' }),
    )
  })
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  return made
}

beforeAll(async () => {
  browser = await launchBrowser()
  server = await serve()
  watched = await openPage(browser)
  page = watched.page
  // A server that listens on TCP has an address of this kind.
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/console`)
})

afterAll(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})

const token = `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify({ user_id: 'u7', username: 'Jürgen', org_id: 'o7', roles: ['owner'] })).toString('base64url')}.c2lnbmF0dXJl`

describe('the console in production', () => {
  it('signs no user in, and opens no connection by itself', async () => {
    await page.locator('#connections-empty').waitFor()
    await expect.poll(() => page.locator('#signed-in').isHidden()).toBe(true)
    expect(await page.evaluate(() => document.cookie)).toBe('')
    await expect.poll(() => page.locator('#mode').textContent()).toBe('production')
    expect(protocols).toEqual([])
    expect(await findViolations(page)).toEqual([])
  })

  it('connects with the cookie alone when that is chosen', async () => {
    await page.getByRole('button', { name: /^Connect$/ }).click()
    await page.locator('.pill[data-state="open"]').waitFor()
    expect(protocols).toEqual(['cloudevents.json'])
  })

  it('refuses a text that is not a token', async () => {
    await page.locator('#connect-identity').selectOption({ label: 'Paste a token…' })
    await page.locator('#token-text').fill('my password')
    await page.getByRole('button', { name: 'Use it' }).click()
    await page.locator('#error-token', { hasText: 'three parts' }).waitFor()
    await expect.poll(() => page.locator('#token-dialog').isVisible()).toBe(true)
  })

  it('connects with a token that was pasted, shows who it is of, and sends it as a subprotocol', async () => {
    await page.locator('#token-text').fill(`Bearer ${token}\n`)
    await page.getByRole('button', { name: 'Use it' }).click()
    await page.getByRole('button', { name: /^Connect$/ }).click()
    await page.locator('#connections > li', { hasText: 'Jürgen' }).locator('.pill[data-state="open"]').waitFor()
    expect(protocols.at(-1)).toMatch(/^cloudevents\.json, ?bearer\./)
    expect(protocols.at(-1)).toContain(token)
  })

  it('emits with the token that is chosen, and shows the refusal', async () => {
    // It is the one that was pasted: the cookie would be answered with 401.
    await expect.poll(() => page.locator('#emit-identity option:checked').textContent()).toBe('Jürgen · o7 · owner')
    await page.getByRole('button', { name: /^Emit$/ }).click()
    const outcome = page.locator('.outcome.bad')
    await outcome.waitFor()
    await expect.poll(() => outcome.textContent()).toContain('The token has none of the scopes that may emit.')
    expect(authorizations).toEqual([`Bearer ${token}`])
  })

  it('keeps no token where it would outlive the page', async () => {
    await page.reload()
    await page.locator('#connections-empty').waitFor()
    expect(await page.evaluate(() => JSON.stringify([sessionStorage, localStorage, document.cookie]))).not.toContain(token)
    expect(watched.complaints.filter((complaint) => !complaint.includes('403'))).toEqual([])
  })
})
