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
  interface Page {
    readonly fire: (type: 'online' | 'visibilitychange', visibility?: string) => void
    readonly listeners: () => number
  }

  function stubPage(): Page {
    const window = new EventTarget()
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    const listeners = new Set<unknown>()
    for (const target of [window, document]) {
      const { addEventListener, removeEventListener } = target
      target.addEventListener = (...rest: Parameters<typeof addEventListener>) => {
        listeners.add(target)
        addEventListener.apply(target, rest)
      }
      target.removeEventListener = (...rest: Parameters<typeof removeEventListener>) => {
        listeners.delete(target)
        removeEventListener.apply(target, rest)
      }
    }
    vi.stubGlobal('addEventListener', window.addEventListener)
    vi.stubGlobal('removeEventListener', window.removeEventListener)
    vi.stubGlobal('document', document)
    return {
      fire: (type, visibility = 'visible') => {
        document.visibilityState = visibility
        const target = type === 'online' ? window : document
        target.dispatchEvent(new Event(type))
      },
      listeners: () => listeners.size,
    }
  }

  it('connects at once when the network is back or the page becomes visible', async () => {
    const page = stubPage()
    const connection = await harness.start()
    harness.doubles.last().fail()
    page.fire('visibilitychange', 'hidden')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    page.fire('visibilitychange')
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
    page.fire('visibilitychange')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    await pass(20_000)
    page.fire('visibilitychange')
    page.fire('online')
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(2)
    expect(first.isClosed).toBe(false)
    harness.doubles.last().admit()
    expect(first.isClosed).toBe(true)
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
    expect(page.listeners()).toBe(2)
    connection.close()
    expect(page.listeners()).toBe(0)
  })
})
