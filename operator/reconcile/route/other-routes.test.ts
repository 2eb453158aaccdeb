import { describe, expect, it } from 'vitest'
import { managedByLabels } from '../../../api/labels.ts'
import { operandTypes } from '../../../api/child-types.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { aChannel, ownedBy } from '../../testing/channel-builders.ts'
import { createOtherRoutes, type OtherRoutesOptions } from './other-routes.ts'
import { placesOfRecord } from './record.ts'

const { Ingress, HTTPRoute } = operandTypes
const mine = placesOfRecord({ host: 'app.example.com', socket: '/wss/chat', api: '/api/chat' })

const ingress = (
  name: string,
  path: string,
  more: { readonly host?: string | undefined; readonly metadata?: object; readonly pathType?: string; readonly status?: object } = {},
): KubernetesObject => {
  const { host = 'app.example.com', metadata = {}, pathType = 'Prefix', ...rest } = more
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'web', ...metadata },
    spec: { rules: [{ host, http: { paths: [{ path, pathType }] } }] },
    ...rest,
  }
}
const httpRoute = (name: string, spec: object): KubernetesObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'web' },
  spec,
})

function routesWith(objects: readonly KubernetesObject[], options: OtherRoutesOptions = {}) {
  const routes = createOtherRoutes(options)
  for (const object of objects) routes.seen(object.kind === 'Ingress' ? Ingress : HTTPRoute, object)
  return routes
}
const reportedBy = (...objects: readonly KubernetesObject[]): readonly string[] =>
  routesWith(objects)
    .within(mine)
    .map(({ kind, namespace, name, address }) => `${kind} ${namespace}/${name} ${address}`)

describe('routes of other owners', () => {
  it.each<[string, KubernetesObject, string]>([
    ['the same path', ingress('app', '/wss/chat'), 'Ingress web/app app.example.com/wss/chat'],
    ['a path below it', ingress('app', '/wss/chat/v1/ws', { pathType: 'Exact' }), 'Ingress web/app app.example.com/wss/chat/v1/ws'],
    [
      'a path below it that its controller reads in its own way',
      ingress('app', '/api/chat/v1', { pathType: 'ImplementationSpecific' }),
      'Ingress web/app app.example.com/api/chat/v1',
    ],
    ['the path on a wildcard', ingress('app', '/wss/chat', { host: '*.example.com' }), 'Ingress web/app *.example.com/wss/chat'],
    ['the path on every host', ingress('app', '/wss/chat', { host: '' }), 'Ingress web/app */wss/chat'],
    [
      'the path by an HTTPRoute',
      httpRoute('app', {
        hostnames: ['other.example.com', 'app.example.com'],
        rules: [{}, { matches: [{ path: { type: 'PathPrefix', value: '/api/chat' } }] }],
      }),
      'HTTPRoute web/app app.example.com/api/chat',
    ],
    [
      'the path by an HTTPRoute of every host',
      httpRoute('app', { rules: [{ matches: [{ path: { type: 'Exact', value: '/wss/chat/v1/ws' } }] }] }),
      'HTTPRoute web/app */wss/chat/v1/ws',
    ],
  ])('are reported when they have %s', (_what, object, words) => {
    expect(reportedBy(object)).toEqual([words])
  })

  it.each<[string, KubernetesObject]>([
    ['a path above, as the page itself has', ingress('app', '/')],
    ['another host', ingress('app', '/wss/chat', { host: 'example.com' })],
    ['a path that begins with the same letters', ingress('app', '/wss/chatter')],
    [
      'a regular expression',
      httpRoute('app', {
        hostnames: ['app.example.com'],
        rules: [{ matches: [{ path: { type: 'RegularExpression', value: '/wss/chat' } }] }],
      }),
    ],
    ['every path, as an HTTPRoute without matches has', httpRoute('app', { hostnames: ['app.example.com'], rules: [{}] })],
    ['a path that was made for a channel', ingress('app', '/wss/chat', { metadata: { labels: managedByLabels, ...ownedBy(aChannel()) } })],
    [
      'no rules',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'app', namespace: 'web' },
        spec: { defaultBackend: { service: { name: 'app' } } },
      },
    ],
  ])('are not reported when they have %s', (_what, object) => {
    expect(reportedBy(object)).toEqual([])
  })

  it('count although they have the label of the operator or a channel as owner, but not both', () => {
    expect(
      reportedBy(
        ingress('labelled', '/wss/chat', { metadata: { labels: managedByLabels } }),
        ingress('owned', '/wss/chat', { metadata: ownedBy(aChannel()) }),
      ),
    ).toHaveLength(2)
  })

  it('are at most three, each once, in the order of their names, after events in any order', () => {
    const all = ['d', 'b', 'c', 'a'].map((name) =>
      httpRoute(name, {
        hostnames: ['app.example.com'],
        rules: [{ matches: [{ path: { value: '/wss/chat' } }, { path: { value: '/api/chat' } }] }],
      }),
    )
    const words = ['a', 'b', 'c'].map((name) => `HTTPRoute web/${name} app.example.com/api/chat`)
    expect([reportedBy(...all), reportedBy(...all.toReversed())]).toEqual([words, words])
  })

  it('say which places changed, and nothing when only a status did', () => {
    const routes = createOtherRoutes()
    const place = (path: string) => ({ host: 'app.example.com', path, match: 'Prefix' })
    expect(routes.seen(Ingress, ingress('app', '/a'))).toEqual([place('/a')])
    expect(routes.seen(Ingress, ingress('app', '/a', { status: { loadBalancer: {} } }))).toEqual([])
    expect(routes.seen(Ingress, ingress('app', '/wss/chat'))).toEqual([place('/a'), place('/wss/chat')])
    expect(routes.gone(Ingress, { namespace: 'web', name: 'app' })).toEqual([place('/wss/chat')])
    expect(routes.gone(Ingress, { namespace: 'web', name: 'app' })).toEqual([])
    expect(routes.within(mine)).toEqual([])
  })

  it('are noticed up to the maximum number of places, and the first one beyond it is reported once', () => {
    const full: string[] = []
    const routes = routesWith(
      [ingress('a', '/wss/chat'), ingress('b', '/wss/chat'), ingress('c', '/wss/chat'), ingress('d', '/wss/chat')],
      { maxPlaces: 2, onFull: (route) => full.push(route) },
    )
    expect([routes.within(mine).map(({ name }) => name), full]).toEqual([['a', 'b'], ['Ingress web/c']])
    routes.gone(Ingress, { namespace: 'web', name: 'a' })
    routes.seen(Ingress, ingress('c', '/wss/chat'))
    expect(routes.within(mine).map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('are noticed with 200 places each at most, and with paths of 1,024 characters at most', () => {
    const paths = (count: number): object => ({
      hostnames: ['app.example.com'],
      rules: [{ matches: Array.from({ length: count }, (_, n) => ({ path: { value: n === count - 1 ? '/wss/chat' : `/p${n}` } })) }],
    })
    expect([reportedBy(httpRoute('a', paths(200))).length, reportedBy(httpRoute('a', paths(201))).length]).toEqual([1, 0])
    const long = (length: number): KubernetesObject => ingress('a', `/wss/chat/${'x'.repeat(length - 10)}`)
    expect([reportedBy(long(1_024)).length, reportedBy(long(1_025)).length]).toEqual([1, 0])
  })
})
