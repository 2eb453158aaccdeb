import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { createChildEchoes } from './child-echoes.ts'
import { childKey } from '../world.ts'

const channel = { namespace: 'team', name: 'news' }
const service = (resourceVersion: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'news-gateway', namespace: 'team', resourceVersion },
})
const key = childKey('Service', 'news-gateway')

describe('the echoes of children', () => {
  it('counts a child that another writer made or changed as a change', () => {
    const children = createChildEchoes()
    expect(children.seen(channel, service('1'))).toBe(true)
    expect(children.seen(channel, service('1'))).toBe(false)
    expect(children.seen(channel, service('2'))).toBe(true)
    expect([...children.keysOf(channel)]).toEqual([key])
  })

  it('counts an event after the response to its apply as an echo', () => {
    const children = createChildEchoes()
    children.begin(channel)
    children.applied(channel, service('5'))
    expect(children.end(channel)).toBe(false)
    expect(children.seen(channel, service('5'))).toBe(false)
    expect(children.seen(channel, service('6'))).toBe(true)
  })

  it('counts an event before the response to its apply as an echo, too', () => {
    const children = createChildEchoes()
    children.begin(channel)
    expect(children.seen(channel, service('5'))).toBe(false)
    children.applied(channel, service('5'))
    expect(children.end(channel)).toBe(false)
  })

  it('keeps a change that another writer made while the channel was reconciled', () => {
    const children = createChildEchoes()
    children.begin(channel)
    children.seen(channel, service('5'))
    children.applied(channel, service('5'))
    children.seen(channel, service('6'))
    expect(children.end(channel)).toBe(true)
  })

  it('counts a deletion by another writer as a change, and its own as an echo', () => {
    const children = createChildEchoes()
    children.seen(channel, service('1'))
    expect(children.gone(channel, 'Service', 'news-gateway')).toBe(true)
    children.seen(channel, service('2'))
    children.begin(channel)
    children.deleted(channel, key)
    children.end(channel)
    expect(children.gone(channel, 'Service', 'news-gateway')).toBe(false)
    expect(children.gone(channel, 'Service', 'news-gateway')).toBe(false)
    expect(children.keysOf(channel).size).toBe(0)
  })
})
