import { App, Chart, Testing } from 'cdk8s'
import { describe, expect, it } from 'vitest'
import { companyExample, gatewayApiExample, ingressExample, minimalExample } from '../api/v1alpha1/examples.ts'
import { RealtimeChannel, type RealtimeChannelProps } from './index.ts'

const chart = (namespace?: string) => new Chart(new App(), 'app', namespace === undefined ? {} : { namespace })
const channel = (props: Partial<RealtimeChannelProps> = {}, namespace?: string) =>
  new RealtimeChannel(chart(namespace), 'news', { metadata: { name: 'news' }, ...minimalExample.spec, ...props })

describe('a channel of a cdk8s app', () => {
  it.each([minimalExample, ingressExample, gatewayApiExample, companyExample])(
    'is the manifest that was meant: $metadata.name',
    ({ metadata, ...manifest }) => {
      const app = chart('shop')
      new RealtimeChannel(app, 'channel', { metadata: { name: metadata.name }, ...manifest.spec })
      expect(Testing.synth(app)).toEqual([
        { apiVersion: manifest.apiVersion, kind: manifest.kind, metadata: { name: metadata.name, namespace: 'shop' }, spec: manifest.spec },
      ])
    },
  )

  it('takes its name from its path when it has none', () => {
    const named = new RealtimeChannel(chart(), 'news', minimalExample.spec)
    expect(named.name).toMatch(/^app-news-[a-z0-9]+$/)
    expect(named.serviceName).toBe(`${named.name}-gateway`)
  })

  it('gives its topic, Service and URLs', () => {
    const { topicName, serviceName, emitUrl, socketUrl } = channel({}, 'shop')
    expect({ topicName, serviceName, emitUrl, socketUrl }).toEqual({
      topicName: 'shop.news',
      serviceName: 'news-gateway',
      emitUrl: 'http://news-gateway.shop.svc:8000/api/news/v1/emit-message',
      socketUrl: 'wss://console.example.com/wss/news/v1/ws',
    })
  })

  it('gives its topic, Service and URLs when names and paths are set', () => {
    const given = channel(
      {
        metadata: { name: 'news', namespace: 'own' },
        topic: { name: 'platform.news' },
        route: { type: 'HTTPRoute', host: 'a.example', parentRefs: [{ name: 'g' }], paths: { socket: '/live', api: '/emit' } },
      },
      'shop',
    )
    expect(given.topicName).toBe('platform.news')
    expect(given.emitUrl).toBe('http://news-gateway.own.svc:8000/emit/v1/emit-message')
    expect(given.socketUrl).toBe('ws://a.example/live/v1/ws')
    expect(channel({ route: { type: 'None' } }).socketUrl).toBeNull()
  })

  it('throws for a name that needs a namespace when none is set', () => {
    const nowhere = channel()
    expect(() => nowhere.topicName).toThrow('topicName of RealtimeChannel app/news needs its namespace')
    expect(() => nowhere.emitUrl).toThrow('set metadata.namespace')
    expect(nowhere.socketUrl).toBe('wss://console.example.com/wss/news/v1/ws')
  })

  it('throws everything that the API server would refuse at once, with its path', () => {
    const wrong = () => channel({ metadata: { name: 'News' }, gateway: { replicas: -1 }, route: { type: 'Ingress', host: 'https://a' } })
    expect(wrong).toThrow(
      /^RealtimeChannel app\/news would be refused:\n- metadata\.name: .*\n- spec\.route\.host: .*\n- spec\.gateway\.replicas: expected a whole number from 0 to 1000$/,
    )
  })

  it('accepts a channel without the fields that a class may fill in', () => {
    expect(new RealtimeChannel(chart('shop'), 'news', { metadata: { name: 'news' } }).topicName).toBe('shop.news')
    expect(channel({ route: { type: 'Ingress' } }).socketUrl).toBeNull()
  })
})
