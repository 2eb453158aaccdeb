import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createRandom, planEvents, planUsers } from '../proof/plan.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { type Crowd, flawless, openCrowd, settleAndCheck, sinceNow } from '../testing/audience-of-users.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'
import { sleep } from '../../program/waiting.ts'
import { until } from '../../testing/until.ts'

const channel = 'unmoved'
const users = planUsers(20, 4)
const operators = ['--namespace', namespaces.operator] as const
let stage: Stage
let crowd: Crowd

beforeAll(async () => {
  stage = await openStage('control-plane')
  crowd = await openCrowd(stage, { channel, users, clients: 60 })
})
afterAll(async () => {
  crowd?.close()
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

/** Emits while something happens to the control plane: events must flow, and no client may reconnect. */
async function expectDataPlaneNotToNotice(name: string, happens: () => Promise<void>): Promise<void> {
  const witnesses = sinceNow(crowd)
  const events = planEvents(300, users, createRandom(name.length)).map((event) => ({ ...event, id: `${name} ${event.id}` }))
  const [{ abandoned }] = await Promise.all([crowd.emit(events, 20_000), happens()])
  const verdict = await settleAndCheck(crowd, `control plane: ${name}`, { witnesses, events, abandoned })
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
  expect(witnesses().flatMap(({ reconnects }) => reconnects)).toEqual([])
}

const leader = (): Promise<string> => stage.demand(['get', 'lease/carillon', ...operators, '--output', 'jsonpath={.spec.holderIdentity}'])
/**
 * Returns all objects of all channels, with versions: a write gives an object another version. The cluster's own controllers write the
 * status of Deployments and budgets at any time. So those two count by what changes when the operator writes: their uid, the generation of
 * the spec, and the time of the operator's last change.
 */
async function versions(): Promise<readonly string[]> {
  const ask = (kinds: string, version: string): Promise<string> =>
    stage.demand(['get', kinds, '--output', `jsonpath={range .items[*]}{.kind}/{.metadata.name} ${version}{"\\n"}{end}`])
  const byOperator = '{.metadata.uid} {.metadata.generation} {.metadata.managedFields[?(@.manager=="carillon-operator")].time}'
  const answers = await Promise.all([
    ask('realtimechannels,services,serviceaccounts,ingresses,networkpolicies', '{.metadata.resourceVersion}'),
    ask('deployments,poddisruptionbudgets', byOperator),
  ])
  return answers.flatMap((text) => text.trim().split('\n'))
}

it('keeps serving when the leading operator is killed: another takes over and works', async () => {
  const before = await leader()
  await expectDataPlaneNotToNotice('operator killed', async () => {
    const pod = before.split('_')[0] ?? ''
    await stage.demand(['delete', 'pod', pod, ...operators, '--grace-period=0', '--force'])
    await until(async () => ![before, ''].includes(await leader()), { what: 'another leader', everyMs: 500 })
    await stage.demand(['annotate', `rtc/${channel}`, 'e2e=touched', '--overwrite'])
    await stage.demand(['delete', `poddisruptionbudget/${gatewayOf(channel)}`])
    await until(async () => (await stage.kubectl(['get', `poddisruptionbudget/${gatewayOf(channel)}`])).code === 0, {
      what: 'the new leader to make what was deleted',
    })
  })
})

it('keeps serving while the API server is away, and the operator recovers afterwards', async () => {
  const { run, place } = stage.platform
  const node = `${place.cluster}-control-plane`
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'
  const move = (from: string, to: string) => run('docker', ['exec', node, 'mv', from, to])
  const isThere = async (): Promise<boolean> => (await stage.kubectl(['get', '--raw', '/readyz'], { timeoutMs: 3000 })).code === 0
  await expectDataPlaneNotToNotice('API server away', async () => {
    expect(await move(manifest, '/etc/kubernetes/kube-apiserver.yaml')).toMatchObject({ code: 0 })
    try {
      await until(async () => !(await isThere()), { what: 'the API server to go', everyMs: 500 })
      await sleep(15_000)
    } finally {
      await move('/etc/kubernetes/kube-apiserver.yaml', manifest)
    }
    await until(isThere, { what: 'the API server to come back', everyMs: 500 })
  })
  await stage.demand(['delete', `poddisruptionbudget/${gatewayOf(channel)}`])
  await until(async () => (await stage.kubectl(['get', `poddisruptionbudget/${gatewayOf(channel)}`])).code === 0, {
    what: 'the operator to make what was deleted',
  })
})

it('keeps serving without an operator, which then finds nothing to do', async () => {
  const before = await versions()
  await expectDataPlaneNotToNotice('operator absent', async () => {
    await stage.demand(['scale', 'deployment/carillon', ...operators, '--replicas=0'])
    await stage.demand([
      'wait',
      '--for=delete',
      'pod',
      '--selector=app.kubernetes.io/name=carillon-operator',
      ...operators,
      '--timeout=120s',
    ])
    await sleep(3000)
    await stage.demand(['scale', 'deployment/carillon', ...operators, '--replicas=2'])
    await stage.demand(['rollout', 'status', 'deployment/carillon', ...operators, '--timeout=120s'])
  })
  expect(await versions()).toEqual(before)
})

it('writes nothing when the operator restarts with fifty channels', async () => {
  // Their topics stay, so that the namespace ends soon; the cluster goes as a whole.
  const many = Array.from({ length: 50 }, (_, index) =>
    testChannel(stage, {
      name: `quiet-${index}`,
      spec: { topic: { partitions: 1, deletionPolicy: 'Retain' }, gateway: { replicas: 0 }, route: { type: 'None' } },
    }),
  )
  await stage.apply(...many)
  await stage.demand(['wait', '--for=condition=Ready', 'rtc', '--all', '--timeout=120s'])
  const pods = await stage.demand(['get', 'pods', '--output', 'jsonpath={.items[*].metadata.uid}'])
  const before = await versions()
  await stage.demand(['rollout', 'restart', 'deployment/carillon', ...operators])
  await stage.demand(['rollout', 'status', 'deployment/carillon', ...operators, '--timeout=120s'])
  const first = await leader()
  await until(async () => (await leader()) !== '', { what: `a leader after ${first}`, everyMs: 500 })
  // Time for several reconciliations of each channel.
  await sleep(10_000)
  expect(await versions()).toEqual(before)
  expect(await stage.demand(['get', 'pods', '--output', 'jsonpath={.items[*].metadata.uid}'])).toBe(pods)
})
