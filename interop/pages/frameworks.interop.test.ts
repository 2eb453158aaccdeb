import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { launchBrowser, openPage } from '../../gateway/console/testing/browser.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { tabulateInto } from '../trials.ts'
import { places } from './places.ts'
import { bundleExample } from './testing/bundle-example.ts'
import { writeProjects } from './testing/write-projects.ts'
import { versionOf } from './versions.ts'

/** Frameworks of docs/frameworks.md, each with what an application has around the example of the page. */
const frameworks = [
  {
    name: 'react',
    version: versionOf('react'),
    entry: `import { createElement } from 'react'
      import { createRoot } from 'react-dom/client'
      import { App } from './App'
      createRoot(document.body).render(createElement(App))`,
  },
  {
    name: 'vue',
    version: versionOf('vue'),
    entry: `import { createApp } from 'vue'
      import Orders from './Orders.vue'
      createApp(Orders).mount(document.body)`,
  },
  {
    name: '@angular/core',
    version: versionOf('@angular/core'),
    entry: `import '@angular/compiler'
      import { bootstrapApplication } from '@angular/platform-browser'
      import { OrdersComponent } from './orders.component'
      document.body.append(document.createElement('app-orders'))
      void bootstrapApplication(OrdersComponent)`,
  },
  {
    name: 'svelte',
    version: versionOf('svelte'),
    entry: `import { mount } from 'svelte'
      import Orders from './Orders.svelte'
      mount(Orders, { target: document.body })`,
  },
  {
    name: 'no framework',
    version: '',
    entry: `document.body.append(Object.assign(document.createElement('ul'), { id: 'orders' }))
      void import('./plain')`,
  },
] as const

describe('the example of a framework', () => {
  const trial = tabulateInto(places.results, 'frameworks')
  let gateway: TestGateway
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    folder = (await writeProjects('shown'))('docs/frameworks.md')
    gateway = await startTestGateway()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await gateway?.stop()
  })

  for (const { name, version, entry } of frameworks) {
    trial({
      client: { name, version },
      what: 'shows in Chromium what is emitted for its user, and nothing for another user',
      arrives: { complaints: [], hasItems: true, hasForeign: false },
      act: async () => {
        const origin = gateway.url.replace('127.0.0.1', 'localhost')
        // A page of the gateway itself that has no content. Its policy allows no scripts.
        const { page, complaints } = await openPage(browser, { bypassCSP: true })
        await page.context().addCookies([{ name: 'cs_jwt', value: await gateway.token({ user_id: 'ann' }), url: origin }])
        await page.goto(`${origin}/health`)
        await page.addScriptTag({ content: await bundleExample(entry, folder) })
        let order = 0
        await vi.waitFor(async () => {
          // What is emitted before the page has connected does not reach it.
          await gateway.emit({ type: 'order.shipped', users: ['bob'], payload: { order: -1 } })
          await gateway.emit({ type: 'order.shipped', users: ['ann'], payload: { order: (order += 1) } })
          if ((await page.locator('li').count()) === 0) throw new Error(`no item is shown: ${complaints.join('; ')}`)
        })
        const items = await page.locator('li').allTextContents()
        await page.context().close()
        // The gateway has no icon for the browser's tab.
        const own = complaints.filter((complaint) => !complaint.endsWith('404 (Not Found)'))
        return { complaints: own, hasItems: items.length > 0, hasForeign: items.some((text) => text.includes('-1')) }
      },
    })
  }
})
