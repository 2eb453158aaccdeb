import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHarness, type Harness, pass } from './testing/harness.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  harness.stop()
})

describe('in a page', () => {
  type PageEvent = 'online' | 'hide' | 'show' | 'load' | 'return'

  interface Page {
    readonly fire: (event: PageEvent) => void
    readonly listeners: () => number
  }

  function stubPage(): Page {
    const window = new EventTarget()
    const document = { hidden: false }
    const listeners = new Set<string>()
    vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
      listeners.add(type)
      window.addEventListener(type, listener)
    })
    vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
      listeners.delete(type)
      window.removeEventListener(type, listener)
    })
    vi.stubGlobal('document', document)
    const events: Readonly<Record<PageEvent, () => Event>> = {
      online: () => new Event('online'),
      hide: () => new Event('visibilitychange'),
      show: () => new Event('visibilitychange'),
      load: () => Object.assign(new Event('pageshow'), { persisted: false }),
      return: () => Object.assign(new Event('pageshow'), { persisted: true }),
    }
    return {
      fire: (event) => {
        document.hidden = event === 'hide'
        window.dispatchEvent(events[event]())
      },
      listeners: () => listeners.size,
    }
  }

  it('connects at once when the network is back or the page becomes visible', async () => {
    const page = stubPage()
    const connection = await harness.start()
    harness.doubles.last().fail()
    page.fire('hide')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    page.fire('show')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(2)
    harness.doubles.last().fail()
    page.fire('online')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(3)
    connection.close()
  })

  it('keeps a pause that the gateway asked for', async () => {
    const page = stubPage()
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(4100, 'reconnect-after=9000')
    page.fire('online')
    await pass(1000)
    expect(harness.doubles.sockets).toHaveLength(1)
    connection.close()
  })

  it('replaces a connection with a long silence when the page becomes visible, and no other', async () => {
    const page = stubPage()
    const connection = await harness.start()
    const first = harness.doubles.last()
    first.admit()
    await pass(20_000)
    page.fire('show')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    await pass(20_000)
    page.fire('show')
    page.fire('online')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(2)
    expect(first.isClosed).toBe(false)
    harness.doubles.last().admit()
    expect(first.isClosed).toBe(true)
    connection.close()
  })

  it.each([
    ['before its connection has ended', () => {}],
    ['after its connection has ended', () => harness.doubles.last().fail()],
  ])('connects at once when the page returns from the page cache %s', async (_when, end) => {
    const page = stubPage()
    const connection = await harness.start()
    const first = harness.doubles.last()
    first.admit()
    page.fire('hide')
    await pass(1000)
    end()
    page.fire('return')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(2)
    expect(first.isClosed).toBe(true)
    harness.doubles.last().admit()
    expect(connection.state.kind).toBe('open')
    connection.close()
  })

  it('keeps its connection when the page has loaded, and a pause of the gateway when the page returns', async () => {
    const page = stubPage()
    const connection = await harness.start()
    harness.doubles.last().admit()
    page.fire('load')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    harness.doubles.last().end(4100, 'reconnect-after=9000')
    page.fire('return')
    await pass(1000)
    expect(harness.doubles.sockets).toHaveLength(1)
    connection.close()
  })

  it('tries WebSockets again in another network', async () => {
    const page = stubPage()
    const connection = await harness.start()
    for (const pause of [500, 1000]) {
      harness.doubles.last().fail()
      await pass(pause)
    }
    harness.doubles.last().fail()
    page.fire('online')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(4)
    expect(harness.streams.streams).toEqual([])
    connection.close()
  })

  it('leaves no listener behind', async () => {
    const page = stubPage()
    const connection = await harness.start()
    connection.reconnect()
    expect(page.listeners()).toBe(3)
    connection.close()
    expect(page.listeners()).toBe(0)
  })
})
