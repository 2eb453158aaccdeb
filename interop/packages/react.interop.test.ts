import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { launchBrowser, openPage } from '../../gateway/console/testing/browser.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { namedExamples } from '../../scripts/docs/named-examples.ts'
import { codeBlocks, readPages } from '../../scripts/docs/pages.ts'
import type { UserProject } from '../../scripts/packages/testing/user-project.ts'
import { installedVersion } from './testing/installed-version.ts'
import { openProject } from './testing/open-project.ts'
import { addRow } from './testing/results.ts'
import { startServer, type Server } from './testing/start-server.ts'

/** The app of react/README.md, behind the server of docs/browser.md, in Chromium: built, and in development, where StrictMode mounts twice. */

const { 'carillon.ts': carillon = '', 'orders.tsx': orders = '', 'App.tsx': app = '' } = namedExamples('react/README.md')
const { 'vite.config.ts': settings = '' } = namedExamples('docs/browser.md')
const signIn = readPages()
  .filter(({ path }) => path === 'docs/browser.md')
  .flatMap(codeBlocks)
  .find(({ code }) => code.includes('document.cookie'))?.code

/** As `npm create vite` writes it. */
const main = `
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import App from './App'
createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>)
`

let gateway: TestGateway
let browser: Browser
beforeAll(async () => {
  gateway = await startTestGateway()
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await gateway.stop()
})

describe.each([
  ['19', 'web'],
  ['18', 'react-18'],
] as const)('the app of the README with React %s', (major, name) => {
  let project: UserProject
  beforeAll(async () => {
    project = await openProject(name, ['@carillon/client', '@carillon/react'])
    const here = settings
      .replaceAll('localhost:8000', new URL(gateway.url).host)
      .replace('defineConfig({', 'defineConfig({ plugins: [react()],')
    await project.write({
      'vite.config.ts': `import react from '@vitejs/plugin-react'\n${here}`,
      'index.html':
        '<!doctype html><title>orders</title><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/src/main.tsx"></script>',
      'src/main.tsx': main,
      'src/App.tsx': app,
      'src/orders.tsx': orders,
      'src/carillon.ts': carillon,
    })
    const { code, output } = await project.run('node_modules/.bin/vite', 'build')
    if (code !== 0) throw new Error(`vite cannot build the app:\n${output}`)
  })
  afterAll(() => project.remove())

  describe.each([
    ['built', ['preview']],
    // StrictMode mounts the provider twice: the connection of the first time ends before it has dialled.
    ['in development', []],
  ] as const)('%s', (kind, words) => {
    let server: Server
    let page: Page
    let complaints: readonly string[]
    let dialled: readonly string[]
    beforeEach(async () => {
      server = await startServer(project.folder, 'node_modules/.bin/vite', words)
      ;({ page, complaints } = await openPage(browser))
      dialled = []
      page.on('websocket', (socket) => (dialled = [...dialled, socket.url()]))
    })
    afterEach(async () => {
      await page.context().close()
      await server.stop()
    })

    it('opens one socket, says why it is refused, and shows what arrives once the user has signed in', async () => {
      await page.goto(server.url)
      const again = page.getByRole('button', { name: 'Connect again' })
      await again.waitFor()
      const own = (): readonly string[] => dialled.filter((url) => url.includes('/wss/chrome-service/'))
      expect(own()).toHaveLength(1)
      await page.evaluate(`(async () => {\n${signIn}\n})()`)
      await again.click()
      await page.getByText('open', { exact: true }).waitFor()
      await vi.waitFor(async () => {
        await gateway.emit({ id: `order-${major}-${kind}`, type: 'order.shipped', users: ['user-1'], payload: { order: 'seven' } })
        expect(await page.getByRole('listitem').allTextContents()).toEqual(['seven'])
      })
      addRow(
        '@carillon/react',
        `React ${await installedVersion(project, 'react')}, Vite ${await installedVersion(project, 'vite')}, ${kind}`,
        `${own().length} sockets, shows seven`,
      )
      expect(own()).toHaveLength(2)
      // The app has no `onStateChange`, so the console has the reason, too.
      expect(complaints).toEqual([expect.stringContaining('Carillon: closed, will not reconnect (4001).')])
    })
  })
})
