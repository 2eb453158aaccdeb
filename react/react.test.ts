// @vitest-environment happy-dom
import { act, createElement, Fragment, useEffect, useLayoutEffect, useState, type ReactNode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withFilters } from '../client/filters.ts'
import { connect as connectToSend } from '../client/send.ts'
import { CarillonProvider as AnyProvider, createCarillon, useConnection as useAnyConnection, useEvents as useAnyEvents } from './index.ts'
import { createPage, type Page } from './testing/page.ts'
import { createWatchedGateway, type WatchedGateway } from './testing/watched-gateway.ts'
import type { CarillonProviderProps } from './types.ts'

interface Events {
  readonly 'order.shipped': { readonly order: string }
  readonly 'note.added': string
}

const { CarillonProvider, useConnection, useEvents, useGap } = createCarillon<Events>()

let gateway: WatchedGateway<Events>
let pages: Page[] = []
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  gateway = createWatchedGateway<Events>()
})
afterEach(async () => {
  for (const page of pages) await page.unmount()
  pages = []
  if (gateway.connections.length > 0) throw new Error('A page was unmounted, and its connection is still open.')
  vi.restoreAllMocks()
})

function newPage(options: { readonly isStrict?: boolean } = {}): Page {
  const page = createPage(options)
  pages.push(page)
  return page
}

const channel = (props: Partial<CarillonProviderProps<Events>>, ...children: readonly ReactNode[]): ReactNode =>
  createElement(CarillonProvider, { channel: 'orders', ...gateway.options, ...props }, ...children)

/** A component that calls back with the orders that were shipped. */
function Orders({ shipped }: { readonly shipped: (order: string) => void }): ReactNode {
  useEvents('order.shipped', ({ data }) => shipped(data.order))
  return null
}

function State(): ReactNode {
  const { state } = useConnection()
  return state.kind === 'waiting' || state.kind === 'closed' ? `${state.kind} ${state.code} ${state.reason}` : state.kind
}

describe.each([
  ['once', false],
  ['twice, as StrictMode does', true],
])('a provider that React mounts %s', (_title, isStrict) => {
  it('opens one socket, and its components get each event once', async () => {
    const shipped: string[] = []
    const page = newPage({ isStrict })
    await page.render(channel({}, createElement(Orders, { shipped: (order) => shipped.push(order) }), createElement(State)))
    await page.act(() => gateway.emit('order.shipped', { order: '7' }))
    expect([gateway.dialled.length, gateway.connections.length, shipped, page.text]).toEqual([1, 1, ['7'], 'open'])
  })

  it('closes its connection when it is unmounted, and nothing is called afterwards', async () => {
    const states: string[] = []
    const page = newPage({ isStrict })
    await page.render(channel({ onStateChange: ({ kind }) => states.push(kind) }))
    await page.unmount()
    expect(gateway.connections).toEqual([])
    expect(states).toEqual(['connecting', 'open'])
  })

  it('reports the state on the page: a refusal, and a connection after it', async () => {
    const page = newPage({ isStrict })
    gateway.refuse(4001, 'There is no token.')
    const errors: unknown[] = []
    await page.render(channel({ onError: (error) => errors.push(error) }, createElement(State), createElement(Reconnect)))
    expect(page.text).toBe('closed 4001 There is no token.')
    expect(errors.map(String)).toEqual(['Error: Carillon: closed, will not reconnect (4001). There is no token.'])
    gateway.accept()
    await page.act(() => document.dispatchEvent(new Event('try again')))
    expect(page.text).toBe('open')
  })
})

/** Calls reconnect() at an event of the document, with the function of the first render. */
function Reconnect(): ReactNode {
  const { reconnect } = useConnection()
  const [first] = useState(() => {
    document.addEventListener('try again', reconnect, { once: true })
    return reconnect
  })
  return first === reconnect ? '' : 'another function'
}

describe('the state of a connection', () => {
  it('is waiting while the network is gone, with the code, and open again by itself', async () => {
    const seen: string[] = []
    function Watch(): ReactNode {
      const { state } = useConnection()
      seen.push(state.kind === 'waiting' ? `waiting ${state.code}` : state.kind)
      return null
    }
    const page = newPage()
    await page.render(channel({}, createElement(Watch)))
    await page.act(() => gateway.close())
    await page.act(() => vi.waitFor(() => expect(gateway.connections).toHaveLength(1)))
    expect(seen).toEqual(['idle', 'connecting', 'open', 'waiting 1006', 'connecting', 'open'])
  })

  it('is reported to onStateChange in place of onError when both are there', async () => {
    const states: string[] = []
    const errors: unknown[] = []
    gateway.refuse(4003)
    const page = newPage()
    await page.render(channel({ onStateChange: ({ kind }) => states.push(kind), onError: (error) => errors.push(error) }))
    expect([states, errors]).toEqual([['connecting', 'closed'], []])
  })
})

describe('the handler of useEvents', () => {
  it('is that of the latest render, and keeps its place among the others', async () => {
    const calls: string[] = []
    const page = newPage()
    const render = (name: string, ...names: readonly string[]) =>
      page.render(
        channel(
          {},
          ...[name, ...names].map((each, key) => createElement(Orders, { key, shipped: (order) => calls.push(`${each} ${order}`) })),
        ),
      )
    await render('a', 'b')
    await render('c', 'b')
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    // A handler that was removed and added again would be the last.
    expect(calls).toEqual(['c 1', 'b 1'])
    expect(gateway.dialled).toHaveLength(1)
  })

  it('is called no more when its component is unmounted, and the connection stays', async () => {
    const calls: string[] = []
    const page = newPage()
    await page.render(channel({}, createElement(Orders, { shipped: (order) => calls.push(order) })))
    await page.render(channel({}))
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    expect([calls, gateway.dialled.length]).toEqual([[], 1])
  })

  it('gets events of a component that is mounted later', async () => {
    const calls: string[] = []
    const page = newPage()
    await page.render(channel({}))
    await page.render(channel({}, createElement(Orders, { shipped: (order) => calls.push(order) })))
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    expect(calls).toEqual(['1'])
  })

  it('takes several types, and follows them when they change', async () => {
    const seen: unknown[] = []
    function Several({ isAll }: { readonly isAll: boolean }): ReactNode {
      useEvents(isAll ? ['order.shipped', 'note.added'] : ['note.added'], (event) => {
        seen.push(event.type === 'note.added' ? event.data.trim() : event.data.order)
      })
      return null
    }
    const page = newPage()
    await page.render(channel({}, createElement(Several, { isAll: true })))
    await page.act(() => [gateway.emit('order.shipped', { order: '1' }), gateway.emit('note.added', ' hello ')])
    await page.render(channel({}, createElement(Several, { isAll: false })))
    await page.act(() => [gateway.emit('order.shipped', { order: '2' }), gateway.emit('note.added', ' bye ')])
    expect(seen).toEqual(['1', 'hello', 'bye'])
  })

  it('may throw: onError gets the error, and other handlers the event', async () => {
    const errors: unknown[] = []
    const calls: string[] = []
    const shipped = (): void => {
      throw new Error('no such order')
    }
    const page = newPage()
    await page.render(
      channel(
        { onError: (error) => errors.push(error) },
        createElement(Orders, { shipped }),
        createElement(Orders, { shipped: (order) => calls.push(order) }),
      ),
    )
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    expect([calls, errors.map(String)]).toEqual([['1'], ['Error: no such order']])
  })

  it('knows the types of the map', () => {
    function Wrong(): ReactNode {
      // @ts-expect-error -- no such type of events
      useEvents('order.ship', () => {})
      // @ts-expect-error -- not the data of this type
      useEvents('note.added', ({ data }) => data.order)
      // @ts-expect-error -- data of one type among several, without a look at the type
      useEvents(['note.added', 'order.shipped'], ({ data }) => data.order)
      // @ts-expect-error -- no such prop
      return createElement(CarillonProvider, { chanel: 'orders' })
    }
    // The hooks that know no map take any type.
    function Untyped(): ReactNode {
      useAnyEvents(['a', 'b'], ({ type, data }) => [type.trim(), data])
      return createElement(AnyProvider, { channel: 'orders', token: undefined, user: null })
    }
    expect([Wrong, Untyped]).toHaveLength(2)
  })
})

describe('a gap', () => {
  it('reaches the provider and every component, also when one of them throws', async () => {
    const heard: string[] = []
    const errors: unknown[] = []
    function List({ name }: { readonly name: string }): ReactNode {
      useGap(({ reason }) => {
        heard.push(`${name} ${reason}`)
        if (name === 'a') throw new Error('a failed')
      })
      return null
    }
    const page = newPage()
    await page.render(
      channel(
        { onGap: ({ reason }) => heard.push(`provider ${reason}`), onError: (error) => errors.push(error) },
        createElement(List, { name: 'a' }),
        createElement(List, { name: 'b' }),
      ),
    )
    await page.act(() => gateway.gap('too-slow'))
    await page.render(channel({}))
    await page.act(() => gateway.gap('too-old'))
    expect([heard, errors.map(String)]).toEqual([['provider too-slow', 'a too-slow', 'b too-slow'], ['Error: a failed']])
  })

  it('reports all errors when several handlers throw', async () => {
    const errors: unknown[] = []
    function Failing(): ReactNode {
      useGap(({ reason }) => Promise.reject(new Error(reason)) as unknown as void)
      return null
    }
    const page = newPage()
    await page.render(channel({ onError: (error) => errors.push(error) }, createElement(Failing), createElement(Failing)))
    await page.act(() => gateway.gap())
    expect(errors).toEqual([
      expect.objectContaining({ message: '2 handlers of a gap threw.', errors: [expect.any(Error), expect.any(Error)] }),
    ])
  })
})

describe('a provider whose props change', () => {
  const token = () => 'a.b.c'
  const before: Partial<CarillonProviderProps<Events>> = { user: 'ann', token }
  const storage = { getItem: () => null, setItem: () => {} }

  it.each<readonly [string, number, Partial<CarillonProviderProps<Events>>]>([
    ['the same values', 1, before],
    ['another callback', 1, { ...before, token: () => 'd.e.f', onEvent: () => {}, onGap: () => {}, onError: () => {} }],
    ['another back-off, storage and cursor', 1, { ...before, maxBackoffMs: 1, storage, cursor: 'memory-0' }],
    ['undefined in place of a prop that was not there', 1, { ...before, url: undefined, transport: undefined, enabled: undefined }],
    ['another user', 2, { ...before, user: 'bob' }],
    ['no token', 2, { ...before, token: undefined }],
    ['another channel', 2, { ...before, channel: 'notes' }],
    ['another base', 2, { ...before, base: 'http://elsewhere.test' }],
    ['the default transport', 1, { ...before, transport: 'auto' }],
    ['another transport', 2, { ...before, transport: 'websocket' }],
  ])('to %s has opened %i sockets in all', async (_title, sockets, after) => {
    const page = newPage()
    await page.render(channel(before))
    await page.render(channel(after))
    await vi.waitFor(() => expect(gateway.connections).toHaveLength(1))
    expect(gateway.dialled).toHaveLength(sockets)
  })

  it('uses the callbacks of the latest render', async () => {
    const calls: string[] = []
    const props = (name: string): Partial<CarillonProviderProps<Events>> => ({
      onEvent: ({ type }) => calls.push(`${name} ${type}`),
      onControl: ({ type }) => calls.push(`${name} ${type}`),
      token: () => `${name}.b.c`,
    })
    const page = newPage()
    await page.render(channel(props('first')))
    await page.render(channel(props('second')))
    await page.act(() => gateway.emit('note.added', 'hello'))
    await page.act(() => gateway.close(4200))
    await page.act(() => vi.waitFor(() => expect(gateway.connections).toHaveLength(1)))
    expect(calls).toEqual(['first dev.carillon.resumed', 'second note.added', 'second dev.carillon.resumed'])
    expect(gateway.connections).toMatchObject([{ token: 'second.b.c' }])
  })

  it('continues at its cursor at the same endpoint, so that no event is lost and none comes twice', async () => {
    const shipped: string[] = []
    const orders = createElement(Orders, { shipped: (order) => shipped.push(order) })
    const page = newPage()
    await page.render(channel({}, orders))
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    await page.render(channel({ enabled: false }, orders, createElement(State)))
    expect([page.text, gateway.connections]).toEqual(['idle', []])
    gateway.emit('order.shipped', { order: '2' })
    await page.render(channel({ user: 'bob' }, orders))
    expect(shipped).toEqual(['1', '2'])
  })

  // A page that narrowed its events lost those between the two connections.
  it('continues at its cursor with other filters in the URL', async () => {
    const url = 'http://carillon.test/wss/orders/v1/ws?tenant=1'
    const page = newPage()
    await page.render(channel({ channel: undefined, url }))
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    await page.render(channel({ channel: undefined, url: withFilters(url, [{ exact: { type: 'note.added' } }]) }))
    await page.render(channel({ channel: undefined, url: withFilters(url, []) }))
    await page.render(channel({ channel: undefined, url: url.replace('tenant=1', 'tenant=2') }))
    expect(gateway.dialled.map(({ searchParams }) => searchParams.get('cursor'))).toEqual(['latest', 'memory-1', 'memory-1', 'latest'])
  })

  // The effects of React run in two rounds. In the first one, handlers of the next user heard events of the earlier user's connection.
  it.each([
    ['layout', useLayoutEffect],
    ['other', useEffect],
  ] as const)("has closed the connection of one user before the next user's %s effects run", async (_kind, useAnEffect) => {
    const open: string[] = []
    function Watch({ user }: { readonly user: string }): ReactNode {
      useAnEffect(() => void open.push(`${user} ${gateway.connections.length}`), [user])
      return null
    }
    const page = newPage()
    for (const user of ['ann', 'bob']) await page.render(channel({ user }, createElement(Watch, { user })))
    expect(open).toEqual(['ann 0', 'bob 0'])
  })

  it('begins at another endpoint now, and not at the cursor of the first', async () => {
    const page = newPage()
    await page.render(channel({}))
    await page.act(() => gateway.emit('order.shipped', { order: '1' }))
    await page.render(channel({ channel: 'notes' }))
    await page.render(channel({ channel: 'orders' }))
    expect(gateway.dialled.map(({ searchParams }) => searchParams.get('cursor'))).toEqual(['latest', 'latest', 'latest'])
  })
})

describe('useSend', () => {
  const sending = createCarillon<Events, { readonly 'chat.message': string }>({ connect: connectToSend })

  function Sender({ use, done }: { readonly use: typeof sending.useSend; readonly done: (outcome: string) => void }): ReactNode {
    const send = use()
    useEffect(() => {
      const call = (): void => {
        void (async () => done(await send('chat.message', 'hi').then(() => 'ok', String)))()
      }
      document.addEventListener('send', call)
      return () => document.removeEventListener('send', call)
    }, [send, done])
    return null
  }

  const dispatch = (): boolean => document.dispatchEvent(new Event('send'))

  it('sends an event, and resolves when it is acknowledged', async () => {
    const outcomes: string[] = []
    const page = newPage({ isStrict: true })
    const done = (outcome: string): void => void outcomes.push(outcome)
    const sender = createElement(Sender, { use: sending.useSend, done })
    await page.render(createElement(sending.CarillonProvider, { channel: 'orders', ...gateway.options }, sender))
    await page.act(dispatch)
    expect([outcomes, gateway.sends.map(({ type, data }) => [type, data])]).toEqual([['ok'], [['chat.message', 'hi']]])
  })

  it('says what is missing where the connection only receives, and where there is none', async () => {
    const outcomes: string[] = []
    const page = newPage()
    const done = (outcome: string): void => void outcomes.push(outcome)
    const receiving = createCarillon<Events, { readonly 'chat.message': string }>()
    const sender = createElement(Sender, { use: receiving.useSend, done })
    for (const enabled of [true, false]) {
      await page.render(createElement(receiving.CarillonProvider, { channel: 'orders', enabled, ...gateway.options }, sender))
      await page.act(dispatch)
    }
    expect(outcomes).toEqual([
      'Error: useSend: this connection only receives. Give createCarillon() the `connect` of @carillon/client/send.',
      'Error: useSend: there is no connection. Send when the state is not `idle`.',
    ])
  })

  it('knows the types of what is sent', () => {
    function Wrong(): ReactNode {
      const send = sending.useSend()
      // @ts-expect-error -- no such type of events
      void send('chat.mess', 'hi')
      // @ts-expect-error -- not the data of this type
      void send('chat.message', 7)
      return null
    }
    expect(Wrong).toHaveLength(0)
  })
})

describe('a page that a server rendered', () => {
  it('is taken over without a difference, and then connects', async () => {
    const tree = channel({}, createElement('p', null, createElement(State)))
    const place = document.createElement('main')
    place.innerHTML = renderToString(tree)
    expect(place.textContent).toBe('idle')
    const errors: unknown[] = []
    const root = await act(async () => hydrateRoot(place, tree, { onRecoverableError: (error) => errors.push(error) }))
    await act(() => vi.waitFor(() => expect(gateway.connections).toHaveLength(1)))
    expect([place.textContent, errors]).toEqual(['open', []])
    await act(async () => root.unmount())
  })
})

describe('providers of two channels', () => {
  it('may be one inside the other, and each hook finds its own', async () => {
    const notes = createCarillon<{ note: string }>()
    const other = createWatchedGateway<{ note: string }>()
    const seen: string[] = []
    function Both(): ReactNode {
      useEvents('note.added', ({ data }) => void seen.push(`outer ${data}`))
      notes.useEvents('note', ({ data }) => void seen.push(`inner ${data}`))
      return null
    }
    const page = newPage()
    await page.render(channel({}, createElement(notes.CarillonProvider, { channel: 'notes', ...other.options }, createElement(Both))))
    await page.act(() => [gateway.emit('note.added', '1'), other.emit('note', '2')])
    expect(seen).toEqual(['outer 1', 'inner 2'])
  })
})

describe('a hook without a provider', () => {
  it('throws an error that names the remedy', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    function Lonely(): ReactNode {
      return useAnyConnection().state.kind
    }
    // A provider of createCarillon() is not one of the hooks that were imported.
    await expect(newPage().render(channel({}, createElement(Lonely)))).rejects.toThrow(
      'useConnection: there is no CarillonProvider above this component. Wrap it in the CarillonProvider that was created or imported together with useConnection.',
    )
  })
})

describe('a provider without url and channel', () => {
  it('throws what connect() throws, for the nearest error boundary', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    await expect(newPage().render(createElement(Fragment, null, createElement(CarillonProvider)))).rejects.toThrow(TypeError)
  })
})
