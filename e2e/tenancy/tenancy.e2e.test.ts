import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openStage, type Stage } from '../testing/stage.ts'
import { testChannel } from '../testing/test-channel.ts'
import { openEventStream } from '../testing/event-stream.ts'
import { until } from '../../testing/until.ts'

const small = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } } as const
/** Name of both teams' channels, which share the host. */
const name = 'news'
let red: Stage
let blue: Stage

beforeAll(async () => {
  ;[red, blue] = [await openStage('team-red'), await openStage('team-blue')]
  for (const [stage, team] of [
    [red, 'red'],
    [blue, 'blue'],
  ] as const) {
    const paths = { socket: `/${team}/wss`, api: `/${team}/api` }
    await stage.apply(
      testChannel(stage, { name, spec: { ...small, route: { type: 'Ingress', host: stage.platform.place.host, tls: {}, paths } } }),
    )
  }
  await Promise.all([red, blue].map((stage) => stage.reaches(`rtc/${name}`, 'condition=Ready')))
})
afterAll(() => Promise.all([red?.leave(), blue?.leave()]))
beforeEach(() => {
  red.keepEvidence()
  blue.keepEvidence()
})

const emit = async (team: string, text: string): Promise<number> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${red.token({ user_id: 'shop', scope: 'carillon.emit' })}` }
  const { status } = await red.ask({
    path: `/${team}/api/v1/emit-message`,
    method: 'POST',
    headers,
    body: JSON.stringify({ type: 'news', broadcast: true, payload: { text } }),
  })
  return status
}

it('two teams have channels of one name on one host, and each gets its own events', async () => {
  const token = red.token({ user_id: 'ada' })
  const streams = {
    red: await openEventStream(red, { path: '/red/api/v1/events', token }),
    blue: await openEventStream(blue, { path: '/blue/api/v1/events', token }),
  }
  expect([await emit('red', 'roses'), await emit('blue', 'sky')]).toEqual([202, 202])
  await until(() => streams.red.data.length + streams.blue.data.length === 2, { what: 'one event each' })
  const heard = ({ data }: typeof streams.red): unknown => data.map((text) => JSON.parse(text) as unknown)
  expect(heard(streams.red)).toMatchObject([{ data: { text: 'roses' } }])
  expect(heard(streams.blue)).toMatchObject([{ data: { text: 'sky' } }])
  streams.red.close()
  streams.blue.close()
})

it('the younger of two channels with one path is refused, with the name of its owner', async () => {
  await blue.apply(
    testChannel(blue, {
      name: 'late',
      spec: {
        ...small,
        route: { type: 'Ingress', host: blue.platform.place.host, tls: {}, paths: { socket: '/red/wss', api: '/red/api' } },
      },
    }),
  )
  await blue.reaches('rtc/late', 'condition=Ready=false')
  expect(await blue.demand(['get', 'rtc/late', '--output', 'jsonpath={.status.conditions[?(@.type=="RouteReady")].message}'])).toContain(
    `${red.namespace}/${name}`,
  )
  await red.reaches(`rtc/${name}`, 'condition=Ready')
  expect(await emit('red', 'still here')).toBe(202)
})

it('a topic of another team is refused', async () => {
  await blue.apply(
    testChannel(blue, {
      name: 'thief',
      spec: { ...small, topic: { name: `${red.namespace}.${name}`, partitions: 3 }, route: { type: 'None' } },
    }),
  )
  await blue.reaches('rtc/thief', 'condition=Ready=false')
  const ready = [
    'get',
    'rtc/thief',
    '--output',
    'jsonpath={.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}',
  ]
  await expect.poll(() => blue.demand(ready), { interval: 1000 }).toMatch(/^NotAllowedByClass: spec\.topic\.name is .*NAMESPACE\.\*/)
})

it('one team deletes its channel without effect on the other', async () => {
  await red.demand(['delete', `rtc/${name}`, '--wait', '--timeout=120s'])
  expect(await emit('blue', 'alone')).toBe(202)
})
