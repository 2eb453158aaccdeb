import { afterEach, describe, expect, it, vi } from 'vitest'
import { findEndpoints } from './endpoints.ts'

const hrefs = (options: Parameters<typeof findEndpoints>[0]): readonly string[] => {
  const { websocket, sse } = findEndpoints(options)
  return [websocket.href, sse.href]
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('findEndpoints', () => {
  it('makes both endpoints from a channel and a base', () => {
    const expected = ['https://host.example/wss/drawer/v1/ws', 'https://host.example/api/drawer/v1/events']
    expect(hrefs({ channel: 'drawer', base: 'https://host.example' })).toEqual(expected)
    expect(hrefs({ channel: 'drawer', base: 'https://host.example/' })).toEqual(expected)
  })

  it('derives the SSE endpoint from a WebSocket URL', () => {
    expect(hrefs({ url: 'wss://host.example/prefix/wss/drawer/v1/ws?a=b' })[1]).toBe('wss://host.example/prefix/api/drawer/v1/events?a=b')
  })

  it('takes an SSE endpoint of its own', () => {
    expect(hrefs({ url: 'wss://host.example/socket', eventsUrl: 'https://other.example/events' })).toEqual([
      'wss://host.example/socket',
      'https://other.example/events',
    ])
  })

  it('takes relative URLs, and no base, in a page', () => {
    vi.stubGlobal('location', new URL('https://page.example/app/index.html'))
    expect(hrefs({ channel: 'drawer' })[0]).toBe('https://page.example/wss/drawer/v1/ws')
    expect(hrefs({ url: '/wss/drawer/v1/ws', eventsUrl: '/sse' })).toEqual([
      'https://page.example/wss/drawer/v1/ws',
      'https://page.example/sse',
    ])
  })

  it('throws with the name of the missing option', () => {
    expect(() => findEndpoints({})).toThrow('connect() needs a url or a channel.')
    expect(() => findEndpoints({ channel: 'drawer' })).toThrow(TypeError)
  })
})
