import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { namespaces } from '../platform/platform-steps.ts'
import { launchTrustingBrowser, openShop, type ShopPage } from '../testing/browser.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, socketPath, testChannel } from '../testing/test-channel.ts'
import { askTopics } from '../testing/topics.ts'
import { withUndisturbedNodes } from '../testing/undisturbed-nodes.ts'

const channel = 'talk'
let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await openStage('two-way')
  await withUndisturbedNodes(stage, async () => {
    await stage.apply(
      testChannel(stage, {
        name: channel,
        spec: {
          gateway: { replicas: 3, drainSeconds: 5, resources: { requests: { cpu: '50m', memory: '128Mi' } } },
          upstream: { accept: [{ type: 'chat.message', deliverTo: 'organization' }] },
        },
      }),
    )
    await stage.reaches(`rtc/${channel}`, 'condition=Ready')
    await stage.rolledOut(gatewayOf(channel))
  })
  browser = await launchTrustingBrowser(stage)
})
afterAll(async () => {
  await browser?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

const claimsOf = (user: string): Readonly<Record<string, unknown>> => ({ user_id: user, username: user, org_id: 'acme' })

async function openAs(user: string, token = stage.token(claimsOf(user))): Promise<ShopPage> {
  const shop = await openShop(browser, stage, { channel, token })
  await shop.page.getByText('open', { exact: true }).waitFor()
  return shop
}

/** Sends an event from a page, by hand. @returns the gateway's answer */
function sendFrom(page: Page, event: object): Promise<{ readonly type: string; readonly data: unknown }> {
  const { place } = stage.platform
  const url = `wss://${place.host}:${place.httpsPort}${socketPath(channel)}?cursor=latest`
  return page.evaluate(
    ([address = '', text = '']) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(address, 'cloudevents.json')
        socket.addEventListener('open', () => socket.send(text))
        socket.addEventListener('error', () => reject(new Error('The WebSocket failed.')))
        socket.addEventListener('message', ({ data }) => {
          const answer = JSON.parse(String(data))
          if (!/^dev\.carillon\.n?ack$/.test(answer.type)) return
          socket.close()
          resolve({ type: answer.type, data: answer.data })
        })
      }),
    [url, JSON.stringify({ specversion: '1.0', source: '/page', ...event })],
  )
}

it('a page sends through the ingress, its organization gets the event, and a consumer sees who sent it', async () => {
  const [ada, ben] = [await openAs('ada'), await openAs('ben')]
  const answer = await sendFrom(ada.page, { id: 'm-1', type: 'chat.message', data: { text: 'hi' } })
  expect(answer).toEqual({ type: 'dev.carillon.ack', data: { id: 'm-1' } })
  await ben.page.getByText('chat.message {"text":"hi"}').waitFor()
  const topic = `${stage.namespace}.${channel}.upstream`
  expect(await askTopics(stage, ['--describe', '--topic', topic])).toContain('PartitionCount: 3')
  const record = await stage.demand([
    'exec',
    'kafka-0',
    '--namespace',
    namespaces.kafka,
    '--',
    '/opt/kafka/bin/kafka-console-consumer.sh',
    ...`--bootstrap-server localhost:9092 --topic ${topic} --from-beginning --max-messages 1 --timeout-ms 60000`.split(' '),
    ...'--property print.headers=true --property print.key=true'.split(' '),
  ])
  for (const part of ['ce_authtype:app_user', 'ce_authid:ada', 'ce_id:m-1', 'ce_type:chat.message', '\tada\t', '{"text":"hi"}'])
    expect(record).toContain(part)
  await Promise.all([ada, ben].map(({ page }) => page.context().close()))
})

it('an event of a type that no rule accepts is refused, and names the setting', async () => {
  const { page } = await openAs('ada')
  const { type, data } = await sendFrom(page, { id: 'm-2', type: 'order.paid' })
  expect(type).toBe('dev.carillon.nack')
  expect(data).toMatchObject({ id: 'm-2', type: 'urn:carillon:problem:forbidden' })
  await page.context().close()
})

it('a revoked user is closed on all pods, and does not come back with the old token', async () => {
  const token = stage.token(claimsOf('ada'))
  const tabs = await Promise.all(Array.from({ length: 6 }, () => openAs('ada', token)))
  const ben = await openAs('ben')
  const answer = await stage.ask({
    path: `/api/${channel}/v1/revocations`,
    method: 'POST',
    body: JSON.stringify({ users: ['ada'] }),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${stage.token({ user_id: 'security', scope: 'carillon.admin' })}`,
    },
  })
  expect(answer.status).toBeLessThan(300)
  for (const { page } of tabs) await page.getByText(/^closed 4002/).waitFor()
  const again = await openShop(browser, stage, { channel, token })
  await again.page.getByText(/^closed 40/).waitFor()
  expect((await ben.lines()).some((line) => line.startsWith('closed'))).toBe(false)
  await Promise.all([...tabs, ben, again].map(({ page }) => page.context().close()))
})
