import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { planUsers } from '../../scripts/proof/plan.ts'
import { type Crowd, flawless, gather, judgeAll, rowOf, sinceNow } from '../testing/audience-of-users.ts'
import { emitUntilToldToStop } from '../testing/emit-until-told-to-stop.ts'
import { addResult } from '../testing/results.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'
import { until } from '../testing/until.ts'

/** Of the table in docs/reference/close-codes.md: come back now, with your cursor. */
const draining = 4200

const channel = 'breathing'
const users = planUsers(20, 4)
let stage: Stage
let crowd: Crowd

/** So little is asked for that a gateway which delivers anything at all has too much to do. */
const gateway = { drainSeconds: 5, resources: { requests: { cpu: '10m', memory: '128Mi' } } }
const between = (minReplicas: number, maxReplicas: number): object => ({ ...gateway, autoscaling: { minReplicas, maxReplicas, targetCPUUtilizationPercent: 50 } })

beforeAll(async () => {
  stage = await openStage('autoscaling')
  await stage.apply(testChannel(stage, { name: channel, spec: { gateway: between(1, 3) } }))
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  crowd = await gather(stage, { channel, users, clients: 60 })
})
afterAll(async () => {
  crowd?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Also those that still drain. */
const pods = async (): Promise<readonly string[]> => (await stage.demand(['get', 'pods', '--selector', `app.kubernetes.io/instance=${channel}`, '--output', 'name'])).trim().split('\n')
const readyPods = async (): Promise<string> => stage.demand(['get', `deployment/${gatewayOf(channel)}`, '--output', 'jsonpath={.status.replicas}/{.status.readyReplicas}'])

it('gets more pods when there is much to do, and fewer again, and nobody misses anything', async () => {
  const witnesses = sinceNow(crowd)
  const emitting = emitUntilToldToStop(crowd, users, { name: 'autoscaling', seed: 77 })
  try {
    await until(async () => (await readyPods()) === '3/3', { seconds: 180, what: 'the autoscaler to ask for three pods', everyMs: 1000 })
    // Some clients must be on the pods that go away again.
    crowd.clients.filter((_, index) => index % 2 === 0).forEach((client) => client.move())
    await until(() => crowd.clients.every(({ isOpen }) => isOpen), { seconds: 30, what: 'all clients to be connected' })
    // Its own way down takes the five minutes for which it mistrusts a lull; what it may have at most counts at once.
    await stage.demand(['patch', `rtc/${channel}`, '--type=merge', '--patch', JSON.stringify({ spec: { gateway: between(1, 1) } })])
    await until(async () => (await pods()).length === 1, { seconds: 120, what: 'one pod to be left', everyMs: 1000 })
  } finally {
    emitting.stop()
  }
  const { events, abandoned } = await emitting.emitted
  await crowd.settle(events)
  const judgement = judgeAll(witnesses(), events, { abandoned })
  await addResult(rowOf('roll-out: autoscaler 1 -> 3 -> 1', witnesses(), events.length, judgement))
  expect(witnesses().some(({ reconnects }) => reconnects.some(({ code }) => code === draining))).toBe(true)
  expect(judgement).toMatchObject({ ...flawless, delivered: judgement.owed })
})
