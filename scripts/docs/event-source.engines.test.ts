import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRestartingPod, type RestartingPod } from '../../gateway/testing/restarting-pod.ts'
import type { Engine } from '../../testing/engines/engine.ts'
import { engineNames, launchEngine } from '../../testing/engines/launch-engine.ts'
import { pageScript } from '../../testing/engines/page-script.ts'
import { codeBlocks, root } from './pages.ts'

const path = 'docs/browser.md'
const snippet = codeBlocks({ path, text: readFileSync(`${root}/${path}`, 'utf8') }).find(({ code }) => code.includes('EventSource.CLOSED'))

/** A page of the gateway's origin, in the place of the console. It records what the snippet logs, and the streams that it opens. */
const page = `<!doctype html><html lang="en"><title>Page</title><script>${pageScript}
  const seen = globalThis.seen = { logged: [], opened: 0, errors: 0, hasClosed: false }
  console.log = (...words) => seen.logged.push(words.join(' '))
  globalThis.EventSource = class extends EventSource {
    constructor(...given) {
      super(...given)
      seen.opened += 1
      this.addEventListener('error', () => {
        seen.errors += 1
        seen.hasClosed ||= this.readyState === EventSource.CLOSED
      })
    }
  }
</script></html>`
const asset = {
  contentType: 'text/html; charset=utf-8',
  body: Buffer.from(page),
  headers: { 'content-security-policy': "default-src 'self' 'unsafe-inline'" },
}

describe.each(engineNames)('a plain EventSource in %s', (engineName) => {
  let engine: Engine
  let pod: RestartingPod

  beforeAll(async () => {
    ;[engine, pod] = await Promise.all([launchEngine(engineName), createRestartingPod(new Map([['/console', asset]]))])
  })

  afterAll(async () => {
    await engine.close()
    await pod.close()
  })

  it('comes back with the snippet of docs/browser.md after the gateway was unreachable, and misses nothing', async () => {
    const tab = await engine.openPage()
    // The page sets it.
    const seen = async (): Promise<unknown> => tab.evaluate('seen')
    const logged = async (): Promise<unknown> =>
      tab.evaluate(`seen.logged.filter((type) => !type.startsWith('dev.carillon.') || type.endsWith('.gap'))`)
    await tab.goto(`${pod.origin}/console`)
    await tab.evaluate(`void (document.cookie = 'cs_jwt=${await pod.token()}; path=/; SameSite=Strict')`)
    await tab.evaluate(`void (() => {\n${snippet?.code}\n})()`)
    await expect.poll(seen).toMatchObject({ logged: ['dev.carillon.resumed'] })
    await pod.emit('before')
    await expect.poll(logged).toEqual(['before'])

    await pod.stop()
    // The stream ends, and an attempt fails. In Firefox, the stream then gives up.
    await expect.poll(() => tab.evaluate(engineName === 'firefox' ? 'seen.hasClosed' : 'seen.errors >= 2')).toBe(true)
    await pod.emit('while.away')
    await pod.start()
    await expect.poll(logged).toEqual(['before', 'while.away'])
    await pod.emit('after')
    await expect.poll(logged).toEqual(['before', 'while.away', 'after'])
    await tab.close()
  })
})
