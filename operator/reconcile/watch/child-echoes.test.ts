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

describe('what is known of children', () => {
  it('takes a child that somebody else made or changed for news', () => {
    const children = createChildEchoes()
    expect(children.seen(channel, service('1'))).toBe(true)
    expect(children.seen(channel, service('1'))).toBe(false)
    expect(children.seen(channel, service('2'))).toBe(true)
    expect([...children.keysOf(channel)]).toEqual([key])
  })

  it('takes an event that comes after the answer of the apply for its echo', () => {
    const children = createChildEchoes()
    children.begin(channel)
    children.applied(channel, service('5'))
    expect(children.end(channel)).toBe(false)
    expect(children.seen(channel, service('5'))).toBe(false)
    expect(children.seen(channel, service('6'))).toBe(true)
  })

  it('takes an event that comes before the answer of the apply for its echo, too', () => {
    const children = createChildEchoes()
    children.begin(channel)
    expect(children.seen(channel, service('5'))).toBe(false)
    children.applied(channel, service('5'))
    expect(children.end(channel)).toBe(false)
  })

  it('forgets no change that somebody else made while the channel was reconciled', () => {
    const children = createChildEchoes()
    children.begin(channel)
    children.seen(channel, service('5'))
    children.applied(channel, service('5'))
    children.seen(channel, service('6'))
    expect(children.end(channel)).toBe(true)
  })

  it('takes a deletion by somebody else for news, and its own for an echo', () => {
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
