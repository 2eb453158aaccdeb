import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { planUsers } from '../proof/plan.ts'
import { nodesOf } from '../platform/kind-cluster.ts'
import { type Crowd, flawless, openCrowd } from '../testing/audience-of-users.ts'
import { changeUnderLoad } from '../testing/change-under-load.ts'
import { cutOff, draining } from '../testing/ingress-client.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf } from '../testing/test-channel.ts'
import { withUndisturbedNodes } from '../testing/undisturbed-nodes.ts'
import { until } from '../../testing/until.ts'

const channel = 'rolling'
const deployment = `deployment/${gatewayOf(channel)}`
const users = planUsers(60, 6)
const pods = ['get', 'pods', '--selector', `app.kubernetes.io/instance=${channel}`] as const
let stage: Stage
let crowd: Crowd

beforeAll(async () => {
  stage = await openStage('roll-out')
  crowd = await openCrowd(stage, { channel, users, clients: 500 })
})
afterAll(async () => {
  crowd?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

interface Change {
  readonly name: string
  /** Changes something, and returns when the channel has settled. */
  readonly change: () => Promise<unknown>
  /** True where connections may end without a close code: only where a process is killed. */
  readonly mayCutOff?: boolean
}

let round = 0

async function expectNobodyToMiss({ name, change, mayCutOff = false }: Change): Promise<void> {
  round += 1
  const { verdict, endings } = await changeUnderLoad(crowd, users, { suite: 'roll-out', name, seed: round, change })
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
  // Some client must have moved, or the test shows nothing.
  expect(endings.length).toBeGreaterThan(0)
  expect(endings.filter(({ code }) => code !== draining && !(mayCutOff && code === cutOff))).toEqual([])
}

const isReady = (): Promise<void> => stage.reaches(`rtc/${channel}`, 'condition=Ready')

/**
 * Makes half of the clients connect again, so that each pod has some. Returns when they are connected: only a connected client gets the close
 * code.
 */
async function spreadClients(): Promise<void> {
  const moving = crowd.clients.filter((_, index) => index % 2 === 0)
  for (const client of moving) client.move()
  await until(() => moving.every(({ isOpen }) => isOpen), { what: 'the clients that move to be connected' })
}

it('a channel loses no event when it restarts', () =>
  expectNobodyToMiss({
    name: 'rollout restart',
    change: async () => {
      await stage.demand(['rollout', 'restart', deployment])
      await stage.rolledOut(gatewayOf(channel))
    },
  }))

it('a channel loses no event when an option changes', () =>
  expectNobodyToMiss({
    name: 'changed option',
    change: async () => {
      await stage.demand([
        'patch',
        `rtc/${channel}`,
        '--type=merge',
        '--patch',
        '{"spec": {"gateway": {"env": [{"name": "HEARTBEAT_INTERVAL_MS", "value": "20000"}]}}}',
      ])
      await until(
        async () => (await stage.demand(['get', deployment, '--output', 'jsonpath={.spec.template}'])).includes('HEARTBEAT_INTERVAL_MS'),
        { what: 'the new option in the pod template' },
      )
      await stage.rolledOut(gatewayOf(channel))
    },
  }))

it('a channel loses no event when it gets another image', () =>
  expectNobodyToMiss({
    name: 'new image',
    change: async () => {
      const { run, place } = stage.platform
      const current = await stage.demand(['get', deployment, '--output', 'jsonpath={.spec.template.spec.containers[0].image}'])
      const next = `${current}-next`
      // To Kubernetes another name is another image.
      for (const node of await nodesOf(run, place.cluster))
        await run('docker', ['exec', node, 'ctr', '--namespace=k8s.io', 'images', 'tag', '--force', current, next])
      await stage.demand(['patch', `rtc/${channel}`, '--type=merge', '--patch', JSON.stringify({ spec: { gateway: { image: next } } })])
      await stage.reaches(deployment, `jsonpath={.spec.template.spec.containers[0].image}=${next}`)
      await stage.rolledOut(gatewayOf(channel))
    },
  }))

it('a channel loses no event when it scales to five pods and back to two', () =>
  expectNobodyToMiss({
    name: 'scale 2 -> 5 -> 2',
    change: async () => {
      await stage.demand(['scale', `rtc/${channel}`, '--replicas=5'])
      await stage.reaches(deployment, 'jsonpath={.status.readyReplicas}=5')
      await spreadClients()
      await stage.demand(['scale', `rtc/${channel}`, '--replicas=2'])
      await until(async () => (await stage.demand([...pods, '--output', 'name'])).trim().split('\n').length === 2, {
        what: 'three pods to be gone',
      })
    },
  }))

it('a channel loses no event when a node is drained', () =>
  withUndisturbedNodes(stage, () =>
    expectNobodyToMiss({
      name: 'node drained',
      change: async () => {
        const node = (await stage.demand([...pods, '--output', 'jsonpath={.items[0].spec.nodeName}'])).trim()
        try {
          await stage.demand([
            'drain',
            node,
            '--ignore-daemonsets',
            '--delete-emptydir-data',
            '--timeout=120s',
            `--pod-selector=app.kubernetes.io/instance=${channel}`,
          ])
          await isReady()
        } finally {
          await stage.demand(['uncordon', node])
        }
      },
    }),
  ))

it('a channel loses no event when a pod is killed', () =>
  expectNobodyToMiss({
    name: 'pod killed',
    mayCutOff: true,
    change: async () => {
      // After the drain of a node, one of the pods may have no client.
      await spreadClients()
      const pod = (await stage.demand([...pods, '--output', 'jsonpath={.items[0].metadata.name}'])).trim()
      await stage.demand(['delete', 'pod', pod, '--grace-period=0', '--force'])
      await stage.rolledOut(gatewayOf(channel))
    },
  }))
