import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { createClusterAdmin, type ClusterAdmin } from './testing/failover/cluster-admin.ts'
import { type CaseOptions, type CaseResult, type CaseRun, runCase, type Stage } from './testing/failover/failover-case.ts'
import { type Pod, startPod } from './testing/failover/pod.ts'
import { copiesIn, type FoundCopy, poisonIn } from './testing/failover/read-topic.ts'
import { renderVerdict, type Verdict, verdictHeader } from './testing/failover/verdict.ts'
import { type KafkaCluster, startKafkaCluster } from '../testing/kafka/kafka-cluster.ts'
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts'

/**
 * Two gateways on three brokers that die, hang and lie. Each case runs 50 emits a second into each gateway and 5 poison records a second, with browsers that stay and
 * browsers that go from pod to pod with their cursor. All are checked by the ids of events.
 */

const topic = 'failover'
const replicas = [
  [1, 2, 3],
  [2, 3, 1],
  [3, 1, 2],
  [1, 3, 2],
  [2, 1, 3],
  [3, 2, 1],
]

let cluster: KafkaCluster
let admin: ClusterAdmin
let silent: TcpProxy
const pods: Pod[] = []
const guests: Pod[] = []
const rows: string[] = []

const brokersFor = (list: readonly string[]): Readonly<Record<string, string>> => ({ KAFKA_BROKERS: list.join(','), KAFKA_TOPIC: topic })

async function guest(name: string, env: Readonly<Record<string, string>>): Promise<Pod> {
  const pod = await startPod(name, env)
  guests.push(pod)
  return pod
}

beforeAll(async () => {
  silent = await startTcpProxy(null)
  cluster = await startKafkaCluster()
  admin = createClusterAdmin(cluster.internal)
  await admin.createTopic(topic, replicas)
  await admin.createTopic(`${topic}.dlq`, replicas)
  await admin.untilSettled(topic)
  pods.push(await startPod('A', brokersFor(cluster.bootstrap)), await startPod('B', brokersFor(cluster.bootstrap)))
  await Promise.all(pods.map((pod) => pod.untilReady(30_000)))
})

afterEach(async () => {
  await Promise.all(guests.splice(0).map((pod) => pod.kill()))
})

afterAll(async () => {
  process.stdout.write(`${[verdictHeader, ...rows].join('\n')}\n`)
  await Promise.all(pods.map((pod) => pod.kill()))
  await cluster?.stop()
  await silent?.close()
})

/** Each case begins with a whole cluster and ready pods, also when the one before has failed. */
async function settledStage(more: readonly Pod[] = []): Promise<Stage> {
  for (const broker of cluster.brokers) if (broker.isRunning) broker.thaw()
  await Promise.all(cluster.brokers.filter(({ isRunning }) => !isRunning).map((broker) => broker.start()))
  await Promise.all(cluster.brokers.map(({ advertised }) => advertised.pass()))
  await admin.untilSettled(topic)
  for (const [index, pod] of pods.entries()) {
    await pod.untilReady(30_000).catch(async () => {
      await pod.kill()
      pods[index] = await startPod(pod.name, brokersFor(cluster.bootstrap))
      await pods[index]?.untilReady(30_000)
    })
  }
  return { admin, topic, partitions: replicas.length, internal: cluster.internal, pods: [...pods, ...more] }
}

async function showCase(name: string, stage: Stage, options: CaseOptions, act: (run: CaseRun) => Promise<void>): Promise<CaseResult> {
  const result = await runCase(stage, options, act)
  rows.push(renderVerdict(name, result.verdict))
  process.stdout.write(`${rows.at(-1) ?? ''}\n${result.verdict.samples.map((sample) => `    ${sample}\n`).join('')}`)
  return result
}

const nothingWrong = { lost: 0, duplicates: 0, foreign: 0, refusedElsewhere: 0, browsersRefused: 0, closes: 0, gaps: 0 }

/** Shown whole on failure, with samples of what was wrong. */
function expectVerdict(verdict: Verdict, expected: Partial<Verdict>): void {
  expect(verdict, verdict.samples.join('\n')).toMatchObject(expected)
}

it('the leader of a third of the partitions is killed: its partitions move, and no browser notices', async () => {
  const stage = await settledStage()
  const controllerId = await cluster.controller()
  const away = [2, 3].find((id) => id !== controllerId) ?? 2
  const { verdict } = await showCase('a leader is killed', stage, { away }, async (run) => {
    run.broke()
    await cluster.broker(away).kill()
    await run.untilSmooth(45_000)
  })
  expectVerdict(verdict, { ...nothingWrong, unreadyMs: 0 })
  expect(verdict.recoverMs).toBeLessThan(40_000)
})

it('the active controller is killed: another one is elected, and no browser notices', async () => {
  const stage = await settledStage()
  const away = await cluster.controller()
  const { verdict } = await showCase('the controller is killed', stage, { away }, async (run) => {
    run.broke()
    await cluster.broker(away).kill()
    await run.untilSmooth(45_000)
  })
  expectVerdict(verdict, { ...nothingWrong, unreadyMs: 0 })
})

it('the first broker of KAFKA_BROKERS hangs: running pods stay ready, and a new pod becomes ready', async () => {
  let newcomer: string | null = 'not started'
  const { verdict } = await showCase('the first broker hangs 15 s', await settledStage(), { away: 1 }, async (run) => {
    await cluster.broker(1).freeze()
    run.broke()
    const atLeast = new Promise((resolve) => setTimeout(resolve, 15_000))
    newcomer = await guest('C', brokersFor(cluster.bootstrap))
      .then((pod) => pod.untilReady(25_000))
      .then(() => null, String)
    await atLeast
    cluster.broker(1).thaw()
    await run.untilSmooth(20_000)
  })
  expect(newcomer).toBeNull()
  expectVerdict(verdict, { ...nothingWrong, unreadyMs: 0 })
})

it('one broker advertises an address that refuses: emits for the other leaders are accepted, ready pods stay ready, and a new pod waits for its window', async () => {
  let [whileBroken, afterwards] = [{ ready: 0, live: 0, body: '' }, 'not ready']
  const { verdict, emitted } = await showCase('a listener is half broken', await settledStage(), { away: 3 }, async (run) => {
    await cluster.broker(3).advertised.refuse()
    run.broke()
    const pod = await guest('C', brokersFor(cluster.bootstrap))
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    const [ready, live] = await Promise.all([pod.readyz(), pod.livez()])
    whileBroken = { ready: ready.status, live: live.status, body: ready.body }
    await cluster.broker(3).advertised.pass()
    afterwards = await pod.untilReady(60_000).then(() => 'ready', String)
    await run.untilSmooth(20_000)
  })
  expect(whileBroken).toMatchObject({ ready: 503, live: 200, body: expect.stringContaining(String(cluster.broker(3).advertised.port)) })
  expect(afterwards).toBe('ready')
  expectVerdict(verdict, { ...nothingWrong, unreadyMs: 0 })
  expect(emitted.filter(({ status, partition }) => status === 202 && partition !== 2 && partition !== 5).length).toBeGreaterThan(300)
})

it('all brokers are restarted one after the other, also for a pod whose list begins with a silent address', async () => {
  const third = await guest('C', brokersFor([`127.0.0.1:${silent.port}`, ...cluster.bootstrap]))
  await third.untilReady(30_000)
  const { verdict } = await showCase(
    'a rolling restart, and a silent address first',
    await settledStage([third]),
    { rate: 35 },
    async (run) => {
      run.broke()
      for (const broker of cluster.brokers) {
        run.signal.throwIfAborted()
        await broker.terminate()
        await broker.start()
        await admin.untilSettled(topic)
      }
      await run.untilSmooth(20_000)
    },
  )
  expectVerdict(verdict, { ...nothingWrong, unreadyMs: 0 })
})

it('two brokers of three are killed and come back: nothing that was accepted is lost, and no browser is refused', async () => {
  const [first, second] = [cluster.broker(2), cluster.broker(3)]
  const { verdict } = await showCase('two brokers of three are killed', await settledStage(), {}, async (run) => {
    run.broke()
    await Promise.all([first.kill(), second.kill()])
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    await Promise.all([first.start(), second.start()])
    await run.untilSmooth(45_000)
  })
  // Without a second replica no partition takes events: refusals say so.
  expectVerdict(verdict, { lost: 0, duplicates: 0, foreign: 0, browsersRefused: 0, closes: 0, gaps: 0 })
})

it('partitions move to one replica each and back: every emit is accepted', async () => {
  const { verdict } = await showCase('partitions are reassigned twice', await settledStage(), {}, async (run) => {
    run.broke()
    await admin.reassign(topic, [[2], [3], [1], [2], [3], [1]])
    await admin.reassign(topic, replicas)
    await admin.untilSettled(topic)
    await run.untilSmooth(20_000)
  })
  expectVerdict(verdict, { ...nothingWrong, refusedAway: 0, unreadyMs: 0 })
})

it('an unclean election loses accepted events: every browser that resumes gets a gap from both pods, and all later events arrive', async () => {
  await settledStage()
  const lossy = 'lossy'
  await admin.createTopic(
    lossy,
    [
      [1, 2],
      [3, 1],
    ],
    { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
  )
  const env = { ...brokersFor(cluster.bootstrap), KAFKA_TOPIC: lossy, KAFKA_DLQ: 'false' }
  const own = [await guest('D', env), await guest('E', env)]
  await Promise.all(own.map((pod) => pod.untilReady(30_000)))
  let recoveredMs = Infinity
  const { verdict, watched, emitted } = await showCase(
    'an unclean election',
    { admin, topic: lossy, partitions: 2, internal: cluster.internal, pods: own },
    { rate: 25 },
    async (run) => {
      await cluster.broker(2).terminate()
      await new Promise((resolve) => setTimeout(resolve, 3_000)) // events that only broker 1 has
      run.broke()
      await cluster.broker(1).terminate()
      await cluster.broker(2).start()
      await admin.untilLeaders(lossy, ([leader]) => leader === 2)
      await cluster.broker(1).start()
      await run.untilSmooth(20_000)
      recoveredMs = performance.now()
      await run.untilSmooth(3_000)
    },
  )
  const resuming = watched.filter(({ name }) => name.startsWith('resuming'))
  const hasGap = resuming.map(({ gaps }) => gaps.length > 0 && gaps.every(({ reason }) => ['epoch', 'log-lost', 'future'].includes(reason)))
  expect(hasGap, verdict.samples.join('\n')).toEqual(resuming.map(() => true))
  expect(verdict.duplicates).toBe(0)
  const later = emitted.filter(({ status, sentMs }) => status === 202 && sentMs > recoveredMs)
  const missing = watched.map(({ name, events }) => ({
    name,
    missing: later.filter(({ id }) => !events.some((event) => event.id === id)).length,
  }))
  expect(missing).toEqual(watched.map(({ name }) => ({ name, missing: 0 })))
})

it('every poison record of all these cases is in the dead letter topic exactly once', async () => {
  await settledStage()
  const poison = await poisonIn(cluster.internal, topic, await admin.ends(topic))
  expect(poison.length).toBeGreaterThan(100)
  await vi.waitFor(
    async () =>
      expect(compareCopies(poison, await copiesIn(cluster.internal, `${topic}.dlq`))).toEqual({ missing: [], twice: [], foreign: [] }),
    { timeout: 70_000, interval: 1_000 },
  )
})

/** Returns only the differences, with the places of duplicates, because some thousand copies hide them. */
function compareCopies(
  poison: readonly string[],
  copies: readonly FoundCopy[],
): Readonly<Record<'missing' | 'twice' | 'foreign', readonly string[]>> {
  const written = new Set(poison)
  const places = Map.groupBy(copies, (copy) => copy.of)
  return {
    missing: poison.filter((one) => !places.has(one)),
    twice: [...places].filter(([, found]) => found.length > 1).map(([of, found]) => `${of} at ${found.map(({ at }) => at).join(' and ')}`),
    foreign: [...places.keys()].filter((of) => !written.has(of)),
  }
}
