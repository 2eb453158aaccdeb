import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { button, type EnginePage, field } from '../../testing/engines/engine.ts'
import { engineNames, launchEngine } from '../../testing/engines/launch-engine.ts'
import { until } from '../../testing/until.ts'
import { useStarted } from '../../testing/use.ts'
import { startWatchedGateway } from './testing/watched-gateway.ts'

describe.each(engineNames)('the console in %s', (engineName) => {
  const engine = useStarted(
    'browser',
    () => launchEngine(engineName),
    (launched) => launched.close(),
  )
  const gateway = useStarted('gateway', startWatchedGateway, (started) => started.stop())
  let page: EnginePage

  beforeEach(async () => {
    page = await engine.openPage()
    // A page of the origin that stores nothing when it goes.
    await page.goto(`${gateway.origin}/console/blank`)
    await page.evaluate('sessionStorage.clear()')
    await page.goto(`${gateway.origin}/console`)
    await isOpen(1, 'WebSocket')
  })

  afterEach(async () => {
    const complaints = await page.complaints()
    await page.close()
    // The next test counts its own.
    const areGone = async (): Promise<boolean> => Object.values(await gateway.sessions()).every((count) => count === 0)
    await until(areGone, { what: 'the connections of the page to end' })
    if (complaints.length > 0) throw new Error(`The page complained: ${complaints.join('\n')}`)
  })

  /** The text of the panel with that heading. */
  const panel = (heading: string): Promise<unknown> =>
    page.evaluate(
      `[...document.querySelectorAll('h2')].find(({ textContent }) => textContent === ${JSON.stringify(heading)}).closest('section').textContent`,
    )
  /** An expression: the item of a connection. */
  const itemOf = (id: number): string =>
    `[...document.querySelectorAll('li')].find((item) => item.querySelector('[aria-label*="connection ${id},"]'))`
  const isOpen = (id: number, transport: 'WebSocket' | 'SSE'): Promise<void> =>
    expect.poll(() => page.evaluate(`${itemOf(id)}?.textContent ?? ''`)).toContain(`Open · ${transport}`)
  const stat = (id: number, name: string): Promise<unknown> =>
    page.evaluate(
      `[...${itemOf(id)}.querySelectorAll('dt')].find(({ textContent }) => textContent === '${name}').nextElementSibling.textContent`,
    )
  const press = (verb: string, id: number): Promise<void> => page.click(button(new RegExp(`${verb} connection ${id},.*`)))

  async function choose(label: string, option: string): Promise<void> {
    await page.evaluate(`(() => {
      const select = [...document.querySelectorAll('select')].find(({ labels }) => labels[0]?.textContent === ${JSON.stringify(label)})
      select.value = [...select.options].find(({ text }) => text === ${JSON.stringify(option)}).value
      select.dispatchEvent(new Event('change', { bubbles: true }))
    })()`)
  }

  async function connect(transport: 'WebSocket' | 'SSE'): Promise<void> {
    await unfold()
    await choose('Over', transport)
    await page.click(button(/Connect/))
    await isOpen(2, transport)
  }

  const unfold = (): Promise<unknown> =>
    page.evaluate(`document.querySelectorAll('details').forEach((part) => part.setAttribute('open', ''))`)

  async function emit(type: string): Promise<void> {
    await unfold()
    await page.type(field(/Type/), type)
    await page.click(button(/Emit/))
    await expect.poll(() => panel('Events')).toContain(type)
  }

  /** Cuts a connection, and emits in the same task: the client comes back after a second. */
  async function cutAndEmit(id: number, type: string): Promise<void> {
    await page.evaluate(`(async () => {
      document.querySelector('[aria-label^="Cut connection ${id},"]').click()
      await fetch('/api/chrome-service/v1/emit-message', { method: 'POST', body: JSON.stringify({ type: '${type}', broadcast: true }) })
    })()`)
  }

  it('opens, connects over both transports, emits and receives', async () => {
    await connect('SSE')
    expect(await gateway.sessions()).toEqual({ websocket: 1, sse: 1 })
    await emit('to.both')
    await expect.poll(() => stat(1, 'Events')).toBe('1')
    await expect.poll(() => stat(2, 'Events')).toBe('1')
  })

  it.each(['WebSocket', 'SSE'] as const)('resumes over %s after a cut, and replays what it missed', async (transport) => {
    await connect(transport)
    await cutAndEmit(2, 'while.away')
    await expect.poll(() => stat(2, 'Replayed')).toBe('1')
    await isOpen(2, transport)
    await expect.poll(() => stat(2, 'Gaps')).toBe('0')
  })

  it('ends its event stream at each Stop and Cut, also after a garbage collection', async () => {
    await connect('SSE')
    for (let round = 1; round <= 6; round += 1) {
      await page.collectGarbage()
      await press('Stop', 2)
      await expect.poll(() => gateway.sessions()).toEqual({ websocket: 1, sse: 0 })
      expect((await gateway.emit({ type: `round-${round}`, broadcast: true, payload: 1 })).status).toBe(202)
      await press('Start', 2)
      await isOpen(2, 'SSE')
      await expect.poll(() => stat(2, 'Events')).toBe(String(round))
    }
    await page.collectGarbage()
    await cutAndEmit(2, 'while.away')
    await expect.poll(() => stat(2, 'Events')).toBe('7')
    await expect.poll(() => panel('Events')).toContain('1 event replayed')
    await expect.poll(() => gateway.sessions()).toEqual({ websocket: 1, sse: 1 })
    await emit('after.all')
  })
})
