import { describe, expect, it } from 'vitest'
import { managedByLabels } from '../../../api/labels.ts'
import { operandTypes } from '../../../api/child-types.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { aChannel, openTopicRules, ownedBy } from '../../testing/channel-builders.ts'
import { createChildHandlers } from './child-watch.ts'
import { createChildEchoes } from './child-echoes.ts'
import { createClaims } from './claims.ts'
import { createRouteHandlers } from './other-route-watch.ts'
import { createOtherRoutes } from '../route/other-routes.ts'

const channel = aChannel({ spec: { route: { type: 'Ingress', host: 'app.example.com' } } })

function rig({ hasSynced = true }: { readonly hasSynced?: boolean } = {}) {
  const work: string[] = []
  const claims = createClaims({ defaultBrokers: ['kafka:9092'] })
  claims.upsert(channel, openTopicRules)
  const enqueue = ({ namespace, name }: { readonly namespace: string; readonly name: string }, priority: string): void =>
    void work.push(`${namespace}/${name} ${priority}`)
  const children = createChildEchoes()
  const own = createChildHandlers(operandTypes.Ingress, { children, enqueue, hasSynced: () => hasSynced })
  return {
    work,
    children,
    handlers: createRouteHandlers(operandTypes.Ingress, {
      otherRoutes: createOtherRoutes(),
      claims,
      children: own,
      enqueue,
      hasSynced: () => hasSynced,
    }),
  }
}

const ingress = (path: string, metadata: Partial<KubernetesObject['metadata']> = {}): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'app', namespace: 'web', resourceVersion: '1', ...metadata },
  spec: { rules: [{ host: 'app.example.com', http: { paths: [{ path, pathType: 'Prefix' }] } }] },
})
const ours = ingress('/wss/chat', { name: 'chat-gateway', namespace: 'shop', labels: managedByLabels, ...ownedBy(channel) })

describe('the watch of routes', () => {
  it('enqueues the channels whose path a foreign route gets or loses, and no others', () => {
    const { work, handlers } = rig()
    handlers.onUpsert(ingress('/'))
    handlers.onUpsert(ingress('/wss'))
    expect(work).toEqual([])
    handlers.onUpsert(ingress('/wss/chat/v1/ws'))
    handlers.onUpsert(ingress('/wss/chat/v1/ws', { resourceVersion: '2' }))
    expect(work).toEqual(['shop/chat child'])
    handlers.onDelete({ namespace: 'web', name: 'app' }, null)
    expect(work).toEqual(['shop/chat child', 'shop/chat child'])
  })

  it("enqueues the channel of an operator's route when the route changes, and when it loses its label", () => {
    const { work, handlers, children } = rig()
    handlers.onUpsert(ours)
    expect([work, [...children.keysOf({ namespace: 'shop', name: 'chat' })]]).toEqual([['shop/chat child'], ['Ingress/chat-gateway']])
    handlers.onUpsert({ ...ours, metadata: { ...ours.metadata, labels: {}, resourceVersion: '2' } })
    // Once as a child that is gone, and once as a foreign route with the path.
    expect(work).toEqual(['shop/chat child', 'shop/chat child', 'shop/chat child'])
    expect([...children.keysOf({ namespace: 'shop', name: 'chat' })]).toEqual([])
  })

  it('only notes the routes of the first list', () => {
    const { work, handlers } = rig({ hasSynced: false })
    handlers.onUpsert(ingress('/wss/chat'))
    handlers.onUpsert(ours)
    expect(work).toEqual([])
  })
})
