import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRandom, planEvents, planUsers } from '../proof/plan.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { type Crowd, flawless, gather, settleAndCheck, sinceNow } from '../testing/audience-of-users.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'
import { sleep } from '../../program/waiting.ts'

const small = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } } as const
const byGateway = {
  route: {
    type: 'HTTPRoute',
    host: 'carillon.localhost',
    parentRefs: [{ name: 'public', namespace: namespaces.traefik, sectionName: 'https' }],
    tls: {},
  },
} as const
const users = planUsers(10, 2)
let stage: Stage
const crowds: Crowd[] = []

beforeAll(async () => {
  stage = await openStage('route')
  await stage.apply(
    testChannel(stage, { name: 'ingress', spec: small }),
    testChannel(stage, { name: 'httproute', spec: { ...small, ...byGateway } }),
    testChannel(stage, { name: 'bystander', spec: small }),
  )
  for (const name of ['ingress', 'httproute', 'bystander']) await stage.reaches(`rtc/${name}`, 'condition=Ready')
})
afterAll(async () => {
  crowds.forEach((crowd) => crowd.close())
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Traefik's default idle time-out of connections, and its time-out for reading a request. */
const proxyDefaultMs = 60_000

it('both kinds of routes deliver, and keep sockets that are idle for longer than proxies like', async () => {
  const channels = ['ingress', 'httproute'] as const
  for (const channel of channels) crowds.push(await gather(stage, { channel, users, clients: 20 }))
  const marks = crowds.map((crowd) => sinceNow(crowd))
  await sleep(proxyDefaultMs + 10_000)
  for (const [index, channel] of channels.entries()) {
    const [crowd, witnesses] = [crowds[index], marks[index]]
    if (crowd === undefined || witnesses === undefined) throw new Error('no crowd')
    const events = planEvents(40, users, createRandom(1)).map((event) => ({ ...event, id: `${channel} ${event.id}` }))
    const { abandoned } = await crowd.emit(events, 2000)
    const verdict = await settleAndCheck(crowd, `route: ${channel}, after 70 s of silence`, { witnesses, events, abandoned })
    expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
    expect(witnesses().flatMap(({ reconnects }) => reconnects)).toEqual([])
  }
})

it('changes of routes cut no sockets, neither of other channels nor of their own', async () => {
  const crowd = await gather(stage, { channel: 'bystander', users, clients: 10 })
  crowds.push(crowd)
  const marks = crowds.map((each) => sinceNow(each))
  await stage.demand(['patch', 'rtc/ingress', '--type=merge', '--patch', '{"spec": {"route": {"labels": {"team": "edge"}}}}'])
  await stage.reaches(`ingress/${gatewayOf('ingress')}`, 'jsonpath={.metadata.labels.team}=edge')
  await stage.demand(['patch', 'rtc/httproute', '--type=merge', '--patch', '{"spec": {"route": {"labels": {"team": "edge"}}}}'])
  await stage.reaches(`httproute/${gatewayOf('httproute')}`, 'jsonpath={.metadata.labels.team}=edge')
  await stage.apply(testChannel(stage, { name: 'newcomer', spec: small }))
  await stage.reaches('rtc/newcomer', 'condition=Ready')
  await stage.demand(['delete', 'rtc/newcomer', '--wait', '--timeout=120s'])
  // Traefik applies changes at most every two seconds.
  await sleep(3000)
  expect(marks.flatMap((witnesses) => witnesses().flatMap(({ reconnects }) => reconnects))).toEqual([])
  expect(crowds.flatMap(({ clients }) => clients.map(({ isOpen }) => isOpen))).not.toContain(false)
})

it('a channel moves from an Ingress to an HTTPRoute, and clients find the way', async () => {
  const [crowd] = crowds
  expect(crowd).toBeDefined()
  await stage.demand(['patch', 'rtc/ingress', '--type=merge', '--patch', JSON.stringify({ spec: byGateway })])
  await stage.reaches(`httproute/${gatewayOf('ingress')}`, 'jsonpath={.status.parents[0].conditions[?(@.type=="Accepted")].status}=True')
  await stage.reaches('rtc/ingress', 'condition=Ready')
  await expect.poll(async () => (await stage.kubectl(['get', `ingress/${gatewayOf('ingress')}`])).code).toBe(1)
  await expect.poll(async () => (await stage.ask({ path: '/api/ingress/v1/openapi.json' })).status).toBe(200)
})

it('the status of a channel reports when a Gateway does not admit its route', async () => {
  const wrong = { route: { ...byGateway.route, parentRefs: [{ name: 'nobody', namespace: namespaces.traefik }] } }
  await stage.apply(testChannel(stage, { name: 'lost', spec: { ...small, ...wrong } }))
  await stage.reaches('rtc/lost', 'condition=RouteReady=false')
  expect(await stage.demand(['get', 'rtc/lost', '--output', 'jsonpath={.status.conditions[?(@.type=="RouteReady")].message}'])).toContain(
    'nobody',
  )
})
