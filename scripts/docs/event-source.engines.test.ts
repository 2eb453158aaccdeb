import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AppServer, startAppServer } from '../../client/testing/app-server.ts'
import { createRestartingPod, type RestartingPod } from '../../gateway/testing/restarting-pod.ts'
import type { Engine } from '../../testing/engines/engine.ts'
import { engineNames, launchEngine } from '../../testing/engines/launch-engine.ts'
import { codeBlocks, root } from './pages.ts'

const path = 'docs/browser.md'
const snippet = codeBlocks({ path, text: readFileSync(`${root}/${path}`, 'utf8') }).find(({ code }) => code.includes('EventSource.CLOSED'))

/** Records what the page logs, and what becomes of its streams. */
const recorder = `void (() => {
  const seen = globalThis.seen = { logged: [], errors: 0, hasClosed: false }
  console.log = (...words) => seen.logged.push(words.join(' '))
  globalThis.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given)
      this.addEventListener('error', () => {
        seen.errors += 1
        seen.hasClosed ||= this.readyState === EventSource.CLOSED
      })
    }
  }
})()`

describe.each(engineNames)('a plain EventSource in %s', (engineName) => {
  let engine: Engine
  let pod: RestartingPod
  let app: AppServer

  beforeAll(async () => {
    ;[engine, pod] = await Promise.all([launchEngine(engineName), createRestartingPod()])
    app = await startAppServer(pod.origin, pod.token)
  })

  afterAll(async () => {
    await engine.close()
    await Promise.all([app.stop(), pod.close()])
  })

  it('of another origin comes back with the snippet of docs/browser.md after the gateway was unreachable, and misses nothing', async () => {
    const page = await engine.openPage()
    const logged = (): Promise<unknown> => page.evaluate(`seen.logged.filter((type) => !/^dev.carillon.(resumed|draining)$/.test(type))`)
    await page.goto(app.elsewhere)
    await page.evaluate(recorder)
    await page.evaluate(`void (document.cookie = 'cs_jwt=${await pod.token()}; path=/; SameSite=Strict')`)
    await page.evaluate(`void (() => {\n${snippet?.code.replace('/api/', `${pod.origin}/api/`)}\n})()`)
    await expect.poll(() => page.evaluate('seen.logged')).toEqual(['dev.carillon.resumed'])
    await pod.emit('before')
    await expect.poll(logged).toEqual(['before'])

    await pod.stop()
    // The stream ends, and an attempt fails. Firefox then gives up. The others do so as well, if they still reach the stopping pod.
    await expect.poll(() => page.evaluate(engineName === 'firefox' ? 'seen.hasClosed' : 'seen.errors >= 2')).toBe(true)
    await pod.emit('while.away')
    await pod.start()
    await expect.poll(logged).toEqual(['before', 'while.away'])
    await pod.emit('after')
    await expect.poll(logged).toEqual(['before', 'while.away', 'after'])
    await page.close()
  })
})
