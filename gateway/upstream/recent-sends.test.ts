import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../event/cloud-event.ts'
import { contentOfSend, keyOfSend, RecentSends } from './recent-sends.ts'

const send = { content: 'x', isComplete: true }
const event = (over: Partial<CloudEvent> = {}): CloudEvent => ({
  id: '1',
  source: 'urn:x',
  attributes: { type: 'chat', time: '2026-01-01T00:00:00Z' },
  datacontenttype: 'application/json',
  data: Buffer.from('{}'),
  isBinary: false,
  audience: { broadcast: false, users: ['ann'], usernames: [], organizations: [], roles: [] },
  ...over,
})

describe('recent sends', () => {
  it('are found within the window, and not at its end', () => {
    const recent = new RecentSends({ windowMs: 1000, maxIds: 10 })
    recent.remember('a', send, 0)
    expect([recent.find('a', 999), recent.find('a', 1000), recent.find('b', 0)]).toEqual([expect.objectContaining(send), null, null])
  })

  it('are found for a whole window, whenever the generations change', () => {
    const recent = new RecentSends({ windowMs: 1000, maxIds: 1000 })
    for (let atMs = 0; atMs < 10_000; atMs += 100) {
      recent.remember(String(atMs), send, atMs)
      for (let earlier = Math.max(0, atMs - 900); earlier <= atMs; earlier += 100)
        expect(recent.find(String(earlier), atMs), `${earlier} at ${atMs}`).not.toBeNull()
    }
    expect(recent.size).toBeLessThanOrEqual(20)
  })

  it('remembers so many at most, and forgets the oldest half', () => {
    const recent = new RecentSends({ windowMs: 1000, maxIds: 10 })
    for (let id = 0; id < 1_000; id += 1) {
      recent.remember(String(id), send, 0)
      expect(recent.size).toBeLessThanOrEqual(10)
    }
    expect([recent.find('999', 0), recent.find('995', 0), recent.find('900', 0)]).toEqual([expect.anything(), expect.anything(), null])
  })

  it('become complete without taking another place', () => {
    const recent = new RecentSends({ windowMs: 1000, maxIds: 10 })
    recent.remember('a', { content: 'x', isComplete: false }, 0)
    recent.remember('a', send, 1)
    expect([recent.size, recent.find('a', 2)?.isComplete]).toEqual([1, true])
  })

  it('are none without a window', () => {
    const recent = new RecentSends({ windowMs: 0, maxIds: 10 })
    recent.remember('a', send, 0)
    expect([recent.size, recent.find('a', 0)]).toEqual([0, null])
  })
})

describe('the digest of what was sent', () => {
  it.each([
    ['another type', { attributes: { type: 'chat2' } }],
    ['another attribute', { attributes: { type: 'chat', subject: 'x' } }],
    ['a number for a text', { attributes: { type: 'chat', n: 1 } }],
    ['other data', { data: Buffer.from('[]') }],
    ['no data', { data: null }],
    ['empty data', { data: Buffer.alloc(0) }],
    ['another content type', { datacontenttype: null }],
    ['bytes', { isBinary: true }],
  ])('differs for %s', (_, over) => {
    const texts = [event(), event({ attributes: { type: 'chat', n: '1' } }), event({ data: Buffer.from('null') })].map(contentOfSend)
    expect(texts).not.toContain(contentOfSend(event(over)))
  })

  it('is the same at another time, and in another order of the attributes', () => {
    const sent = event({ attributes: { time: '2026-01-02T00:00:00Z', subject: 'x', type: 'chat' } })
    expect(contentOfSend(sent)).toBe(contentOfSend(event({ attributes: { type: 'chat', subject: 'x' } })))
  })

  it('has a key that source and id cannot imitate for each other', () => {
    expect(keyOfSend({ source: 'a', id: 'b\u0000c' })).not.toBe(keyOfSend({ source: 'a\u0000b', id: 'c' }))
    expect(keyOfSend({ source: 'a","b', id: 'c' })).not.toBe(keyOfSend({ source: 'a', id: 'b","c' }))
  })
})
