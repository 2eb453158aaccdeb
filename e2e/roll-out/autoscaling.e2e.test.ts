import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { planUsers } from '../proof/plan.ts'
import { type Crowd, flawless, openCrowd, settleAndCheck, sinceNow } from '../testing/audience-of-users.ts'
import { emitUntilStopped } from '../testing/emit-until-stopped.ts'
import { draining } from '../testing/ingress-client.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf } from '../testing/test-channel.ts'
import { until } from '../../testing/until.ts'

const channel = 'breathing'
const users = planUsers(20, 4)
let stage: Stage
let crowd: Crowd

/** A request so small that a gateway which delivers anything is above its target. */
const gateway = { drainSeconds: 5, resources: { requests: { cpu: '10m', memory: '128Mi' } } }
const between = (minReplicas: number, maxReplicas: number): object => ({
  ...gateway,
  autoscaling: { minReplicas, maxReplicas, targetCPUUtilizationPercent: 50 },
})

beforeAll(async () => {
  stage = await openStage('autoscaling')
  crowd = await openCrowd(stage, { channel, spec: { gateway: between(1, 3) }, users, clients: 60 })
})
afterAll(async () => {
  crowd?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Includes pods that still drain. */
const pods = async (): Promise<readonly string[]> =>
  (await stage.demand(['get', 'pods', '--selector', `app.kubernetes.io/instance=${channel}`, '--output', 'name'])).trim().split('\n')
const readyPods = async (): Promise<string> =>
  stage.demand(['get', `deployment/${gatewayOf(channel)}`, '--output', 'jsonpath={.status.replicas}/{.status.readyReplicas}'])

it('a channel scales up under load and down again, and no client misses an event', async () => {
  const witnesses = sinceNow(crowd)
  const emitting = emitUntilStopped(crowd, users, { name: 'autoscaling', seed: 77 })
  try {
    await until(async () => (await readyPods()) === '3/3', { seconds: 180, what: 'the autoscaler to ask for three pods', everyMs: 1000 })
    // Some clients must be on the pods that go away again.
    crowd.clients.filter((_, index) => index % 2 === 0).forEach((client) => client.move())
    await until(() => crowd.clients.every(({ isOpen }) => isOpen), { what: 'all clients to be connected' })
    // The autoscaler waits five minutes before it scales down by itself; a lower maximum counts at once.
    await stage.demand(['patch', `rtc/${channel}`, '--type=merge', '--patch', JSON.stringify({ spec: { gateway: between(1, 1) } })])
    await until(async () => (await pods()).length === 1, { what: 'one pod to be left', everyMs: 1000 })
  } finally {
    emitting.stop()
  }
  const verdict = await settleAndCheck(crowd, 'roll-out: autoscaler 1 -> 3 -> 1', { witnesses, ...(await emitting.emitted) })
  expect(witnesses().some(({ reconnects }) => reconnects.some(({ code }) => code === draining))).toBe(true)
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
})
