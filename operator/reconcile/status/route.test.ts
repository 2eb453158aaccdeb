import { describe, expect, it } from 'vitest'
import { aChannel } from '../../testing/channel-builders.ts'
import { aChild, aGoodWorld, childrenOf } from '../../testing/status-builders.ts'
import { assessRoute } from './route.ts'

const parentRefs = [{ name: 'edge', namespace: 'infra' }, { name: 'inner' }]
const channel = aChannel({ spec: { route: { type: 'HTTPRoute', host: 'app.example.com', parentRefs } } })

const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: 'R',
  message: 'words',
  observedGeneration: 1,
  ...more,
})
const accepted = [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')]
const parent = (parentRef: object, conditions: readonly object[] = accepted) => ({
  parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...parentRef },
  conditions,
})
const edge = { name: 'edge', namespace: 'infra' }
const inner = { name: 'inner', namespace: 'shop' }

function assess(...parents: readonly object[]) {
  return assessRoute(
    aGoodWorld({ channel, children: childrenOf(aChild(channel, 'HTTPRoute', { spec: { parentRefs }, status: { parents } })) }),
  )
}

describe('an HTTPRoute', () => {
  it('is ready when every Gateway that it names has accepted it and resolved its references', () => {
    expect(assess(parent(edge), parent(inner))).toMatchObject({ status: 'True', reason: 'RouteAccepted' })
  })

  it.each<[string, readonly object[]]>([
    ['nobody has answered', []],
    ['one has not answered', [parent(edge)]],
    ['another Gateway of that name has answered', [parent(edge), parent({ name: 'inner', namespace: 'infra' })]],
    [
      'the answer is to an earlier version',
      [
        parent(edge),
        parent(
          inner,
          accepted.map((each) => ({ ...each, observedGeneration: 0 })),
        ),
      ],
    ],
    ['the answer is half', [parent(edge), parent(inner, [condition('Accepted', 'True')])]],
    ['the answer is to come', [parent(edge), parent(inner, [condition('Accepted', 'Unknown'), condition('ResolvedRefs', 'True')])]],
  ])('is waited for while %s', (_why, parents) => {
    expect(assess(...parents)).toMatchObject({ status: 'False', reason: 'RouteProgressing' })
  })

  it('is refused with the text of the Gateway', () => {
    expect(assess(parent(inner, [condition('Accepted', 'False', { reason: 'NoMatchingListenerHostname' })]))).toEqual({
      status: 'False',
      reason: 'RouteNotAccepted',
      message: 'The Gateway shop/inner does not serve the HTTPRoute (Accepted, NoMatchingListenerHostname): words',
    })
    expect(assess(parent(edge, [condition('Accepted', 'True'), condition('ResolvedRefs', 'False')])).reason).toBe('RouteNotAccepted')
  })
})

describe('an Ingress', () => {
  const asking = aChannel({ spec: { route: { type: 'Ingress', host: 'app.example.com' } } })

  it("is ready when it exists and is the channel's", () => {
    const theirs = aChild(aChannel({ metadata: { uid: 'another' } }), 'Ingress')
    expect(assessRoute(aGoodWorld({ channel: asking, children: childrenOf(aChild(asking, 'Ingress')) })).status).toBe('True')
    expect(assessRoute(aGoodWorld({ channel: asking, children: childrenOf(theirs) }))).toMatchObject({
      status: 'False',
      reason: 'RouteProgressing',
    })
  })

  it('is ready, and names the other routes with one of its addresses and the remedy', () => {
    const other = { kind: 'Ingress', namespace: 'web', name: 'app', address: 'app.example.com/wss/chat' }
    const assessed = (...otherRoutes: readonly (typeof other)[]) =>
      assessRoute(aGoodWorld({ channel: asking, children: childrenOf(aChild(asking, 'Ingress')), otherRoutes }))
    expect(assessed(other)).toEqual({
      status: 'True',
      reason: 'RouteAccepted',
      message:
        'The Ingress is in place. Ingress web/app (app.example.com/wss/chat) does not belong to a channel and has an address of this channel, so requests may go there. Delete it, or set another spec.route.host or spec.route.paths.',
    })
    expect(assessed(other, { ...other, kind: 'HTTPRoute' }).message).toContain(
      'Ingress web/app (app.example.com/wss/chat), HTTPRoute web/app (app.example.com/wss/chat) do not belong to a channel and have an address of this channel, so requests may go there. Delete them',
    )
  })
})
