import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRestartingPod, type RestartingPod } from '../gateway/testing/restarting-pod.ts'
import type { Engine, EnginePage } from '../testing/engines/engine.ts'
import { engineNames, launchEngine } from '../testing/engines/launch-engine.ts'
import { type AppOptions, type AppServer, type Seen, startAppServer } from './testing/app-server.ts'

describe.each(engineNames)('the client in %s', (engineName) => {
  let engine: Engine
  let pod: RestartingPod
  let app: AppServer
  let page: EnginePage

  beforeAll(async () => {
    ;[engine, pod] = await Promise.all([launchEngine(engineName), createRestartingPod()])
    app = await startAppServer(pod.origin, pod.token)
  })

  afterAll(async () => {
    await engine.close()
    await Promise.all([app.stop(), pod.close()])
  })

  beforeEach(async () => {
    page = await engine.openPage()
  })

  afterEach(() => page.close())

  // The app sets it.
  const seen = async (): Promise<Seen> => (await page.evaluate('globalThis.seen')) as Seen

  async function open(options: AppOptions): Promise<void> {
    await page.goto(app.elsewhere)
    await page.evaluate('sessionStorage.clear()')
    await page.goto(app.url(options))
    await expect.poll(seen).toMatchObject({ state: 'open', ...(options.transport !== 'auto' && { transport: options.transport }) })
  }

  it.each([
    ['websocket', 'token'],
    ['websocket', 'cookie'],
    ['sse', 'token'],
    ['sse', 'cookie'],
  ] as const)('receives by %s, with a %s, in a page of another origin', async (transport, credentials) => {
    await open({ transport, credentials })
    await pod.emit('hello')
    await expect.poll(seen).toMatchObject({ events: ['hello'], gaps: [] })
    expect(await page.complaints()).toEqual([])
  })

  it.each(['auto', 'sse'] as const)('resumes with transport %s after a restart, and tells of a topic that was lost', async (transport) => {
    await open({ transport, credentials: 'token' })
    await pod.emit('first')
    await expect.poll(seen).toMatchObject({ events: ['first'] })

    await pod.stop()
    await pod.emit('while.away')
    await pod.start()
    await expect.poll(seen).toMatchObject({ events: ['first', 'while.away'], gaps: [], state: 'open' })

    await pod.stop()
    pod.recreateTopic()
    await pod.start()
    await expect.poll(seen).toMatchObject({ gaps: ['epoch'], state: 'open' })
    await pod.emit('after')
    await expect.poll(seen).toMatchObject({ events: ['first', 'while.away', 'after'] })
  })

  it.each(['websocket', 'sse'] as const)('misses nothing over %s when the user goes away and back', async (transport) => {
    await open({ transport, credentials: 'cookie' })
    await page.goto(app.elsewhere)
    await pod.emit('while.away')
    await page.goBack()
    await expect.poll(seen).toMatchObject({ events: ['while.away'], gaps: [], state: 'open' })
  })
})
