import { createHash, X509Certificate } from 'node:crypto'
import { type Browser, chromium, type Page } from 'playwright-core'
import { bundleClient } from '../../scripts/build/client.ts'
import type { Stage } from './stage.ts'

/** Launches a headless Chromium that trusts the ingress' own certificate beside the public ones. */
export function launchTrustingBrowser(
  { platform }: Stage,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Browser> {
  const key = new X509Certificate(platform.own.tls.certificate).publicKey.export({ type: 'spki', format: 'der' })
  const trusted = createHash('sha256').update(key).digest('base64')
  // An empty variable counts as unset.
  const executablePath = env['CHROMIUM'] === undefined || env['CHROMIUM'] === '' ? '/usr/bin/chromium' : env['CHROMIUM']
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-dev-shm-usage', `--ignore-certificate-errors-spki-list=${trusted}`],
  })
}

export interface ShopPage {
  readonly page: Page
  /** Returns the lines of the page: one for each event, and for each change of the connection. */
  lines(): Promise<readonly string[]>
}

/** Opens a page of an application as a user has it: signed in by a cookie, connected with the client from its own origin. */
export async function openShop(
  browser: Browser,
  { platform: { place } }: Stage,
  { channel, token, origin = place.origin }: { readonly channel: string; readonly token: string; readonly origin?: string },
): Promise<ShopPage> {
  const context = await browser.newContext({ viewport: { width: 800, height: 500 } })
  await context.addCookies([{ name: 'cs_jwt', value: token, url: place.origin, httpOnly: true, secure: true, sameSite: 'None' }])
  // A page that is fulfilled here has no address, and such a page may not reach this machine without permission.
  await context.grantPermissions(['local-network-access'], { origin })
  const page = await context.newPage()
  const { code } = await bundleClient()
  // Page and script are the application's own; sockets go their normal way.
  await page.route(`${origin}/shop/**`, (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: Buffer.from(code) })
      : route.fulfill({ contentType: 'text/html; charset=utf-8', body: shopHtml(place.origin, channel) }),
  )
  await page.goto(`${origin}/shop/`)
  return { page, lines: () => page.locator('li').allTextContents() }
}

const shopHtml = (base: string, channel: string): string => `<!doctype html><title>Shop</title>
<style>body { font: 16px system-ui; margin: 2rem } li { margin: .3rem 0 }</style>
<h1>Shop</h1><p>Connected to <code>${channel}</code> by the cookie of this page.</p><ul></ul>
<script type="module">
  import { connect } from './carillon-client.js'
  const show = (text) => document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: text }))
  connect({
    base: '${base}', channel: '${channel}', transport: 'websocket',
    onEvent: (event) => show(event.type + ' ' + JSON.stringify(event.data)),
    onGap: ({ reason }) => show('gap ' + reason),
    onStateChange: (state) => show([state.kind, state.code, state.reason].filter((part) => part !== undefined && part !== '').join(' ')),
  })
</script>`
