import { join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRandom, planEvents, planUsers } from '../proof/plan.ts'
import { root } from '../platform/open-platform.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { flawless, gather, settleAndCheck } from '../testing/audience-of-users.ts'
import { launchTrustingBrowser, openShop } from '../testing/browser.ts'
import { type EventStream, openEventStream } from '../testing/event-stream.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { emitPath, gatewayOf, testChannel } from '../testing/test-channel.ts'
import { withUndisturbedNodes } from '../testing/undisturbed-nodes.ts'
import { until } from '../../testing/until.ts'

const channel = 'live'
let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await openStage('deliver')
  await withUndisturbedNodes(stage, async () => {
    await stage.apply(
      testChannel(stage, {
        name: channel,
        spec: { gateway: { replicas: 3, drainSeconds: 5, resources: { requests: { cpu: '50m', memory: '128Mi' } } } },
      }),
    )
    await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  })
  browser = await launchTrustingBrowser(stage)
})
afterAll(async () => {
  await browser?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

async function emit(message: object): Promise<void> {
  const answer = await stage.ask({
    path: emitPath(channel),
    method: 'POST',
    body: JSON.stringify(message),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.token({ user_id: 'shop', scope: 'carillon.emit' })}` },
  })
  expect(answer).toMatchObject({ status: 202 })
}

const ada = { user_id: 'ada', username: 'ada', org_id: 'acme' }

it('a channel runs its three gateways on both nodes', async () => {
  const nodes = await stage.demand([
    'get',
    'pods',
    '--selector',
    `app.kubernetes.io/instance=${channel}`,
    '--output',
    'jsonpath={.items[*].spec.nodeName}',
  ])
  expect(nodes.split(' ')).toHaveLength(3)
  expect(new Set(nodes.split(' ')).size).toBe(2)
})

it('a browser signed in by a cookie shows, over wss, the events for its user, and no others', async () => {
  const { page, lines } = await openShop(browser, stage, { channel, token: stage.token(ada) })
  await page.getByText('open', { exact: true }).waitFor()
  await emit({ type: 'order', users: ['ada'], payload: { number: 1 } })
  await emit({ type: 'order', users: ['ben'], payload: { number: 2 } })
  await emit({ type: 'news', broadcast: true, payload: { text: 'hello' } })
  // The two may be in different partitions, which have no common order.
  for (const text of ['order', 'news']) await page.getByText(text).waitFor()
  const [first, second, ...events] = await lines()
  expect([first, second]).toEqual(['connecting', 'open'])
  expect(events.toSorted()).toEqual(['news {"text":"hello"}', 'order {"number":1}'])
  await mkdir(join(root, 'artifacts/e2e'), { recursive: true })
  await page.screenshot({ path: join(root, 'artifacts/e2e/deliver-browser.png') })
  await page.context().close()
})

/** Returns the events of this test: the pod of a stream may still have to read events of the test before. */
function cameSince({ data }: EventStream, sinceMs: number): readonly unknown[] {
  return data
    .map((text) => JSON.parse(text) as { readonly time?: string })
    .filter(({ time }) => time === undefined || Date.parse(time) >= sinceMs) // CloudEvents, section 3.1
}

it('Server-Sent Events through the ingress bring the same events', async () => {
  const beganMs = Date.now()
  const stream = await openEventStream(stage, { path: `/api/${channel}/v1/events`, token: stage.token(ada) })
  expect(stream.status).toBe(200)
  await emit({ type: 'order', users: ['ada'], payload: { number: 3 } })
  await until(() => cameSince(stream, beganMs).length > 0, { what: 'an event in the stream' })
  expect(cameSince(stream, beganMs)).toMatchObject([{ type: 'order', data: { number: 3 } }])
  stream.close()
})

it('a record that a service writes to the topic is delivered', async () => {
  const beganMs = Date.now()
  const stream = await openEventStream(stage, { path: `/api/${channel}/v1/events`, token: stage.token(ada) })
  const record = {
    specversion: '1.0',
    id: 'by-kafka',
    source: 'urn:e2e',
    type: 'stock',
    data: { broadcast: false, users: ['ada'], payload: { left: 4 } },
  }
  const produce = [
    'exec',
    '--stdin',
    '--namespace',
    namespaces.kafka,
    'kafka-0',
    '--',
    '/opt/kafka/bin/kafka-console-producer.sh',
    '--bootstrap-server',
    'localhost:9092',
    '--topic',
    `${stage.namespace}.${channel}`,
  ]
  await stage.demand(produce, { input: `${JSON.stringify(record)}\n` })
  await until(() => cameSince(stream, beganMs).length > 0, { what: 'the record in the stream' })
  expect(cameSince(stream, beganMs)).toMatchObject([{ id: 'by-kafka', type: 'stock', data: { left: 4 } }])
  stream.close()
})

it('every client gets exactly its events for audiences of every kind, over three pods', async () => {
  const users = planUsers(30, 5)
  const events = planEvents(400, users, createRandom(5))
  const crowd = await gather(stage, { channel, users, clients: 90 })
  const { abandoned } = await crowd.emit(events, 10_000)
  const verdict = await settleAndCheck(crowd, 'deliver', { witnesses: () => crowd.clients, events, abandoned })
  crowd.close()
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
  const perPod = await stage.demand(['get', 'pods', '--selector', `app.kubernetes.io/instance=${channel}`, '--output', 'name'])
  expect(perPod.trim().split('\n')).toHaveLength(3)
  await stage.rolledOut(gatewayOf(channel))
})
