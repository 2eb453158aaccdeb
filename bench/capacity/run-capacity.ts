import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaBroker } from '../../testing/kafka/kafka-broker.ts'
import { figure } from '../lib/bench.ts'
import { nowMs } from '../lib/clock.ts'
import { carillon } from '../peers/contenders/carillon.ts'
import type { PeerRig, Server } from '../peers/peer-rig.ts'
import type { Findings, PodCost, PodMemory } from './model.ts'

/** Windows of a run: each number of pods, with each number of sessions, at each pace. */
export interface CapacityPlan {
  readonly pods: readonly number[]
  /** Sessions of all pods together, falling: surplus ones are closed in between. */
  readonly sessions: readonly number[]
  readonly paces: readonly Pace[]
  /** Time at the last pace before the first window of new pods: by then JavaScript is compiled. */
  readonly heatMs: number
  /** Time at a pace before its window. */
  readonly warmUpMs: number
  readonly windowMs: number
}

export interface Pace {
  readonly eventsPerSecond: number
  /** Share of the events that are for a session of one of the pods, from 0 to 1. The others are for users who are not connected. */
  readonly matching: number
}

/** The last two paces have so many deliveries that their price can be told from that of reading. */
export const wholePlan: CapacityPlan = {
  pods: [1, 2, 4],
  sessions: [10_000, 1_000],
  paces: [
    { eventsPerSecond: 1_000, matching: 0.01 },
    { eventsPerSecond: 5_000, matching: 0.01 },
    { eventsPerSecond: 20_000, matching: 0.01 },
    { eventsPerSecond: 1_000, matching: 1 },
    { eventsPerSecond: 4_000, matching: 0.5 },
  ],
  heatMs: 6_000,
  warmUpMs: 1_500,
  windowMs: 4_000,
}

export const quickPlan: CapacityPlan = {
  ...wholePlan,
  pods: [1, 2],
  sessions: [1_000, 200],
  paces: wholePlan.paces.map((pace) => ({ ...pace, eventsPerSecond: pace.eventsPerSecond / 4 })),
  heatMs: 1_000,
  warmUpMs: 500,
  windowMs: 1_000,
}

export interface CapacityWorld {
  readonly rig: PeerRig
  readonly kafka: KafkaBroker
  readonly say: (line: string) => void
}

interface Pod {
  readonly server: Server
  readonly group: string
}

/** A topic for each number of pods: one that has events would fill the replay windows of new pods at their start. */
const topicOf = (pods: number): string => `capacity-${pods}`
const eventBytes = 512

/** Measures the processor time and the memory of each pod in each window. All pods share one processor, so they must not fill it together. */
export async function runCapacity({ rig, kafka, say }: CapacityWorld, plan: CapacityPlan): Promise<Findings> {
  const costs: PodCost[] = []
  const memory: PodMemory[] = []
  for (const count of plan.pods) {
    const topic = topicOf(count)
    await rig.publisher.call('topic', { name: topic, dialect: 'carillon', brokers: kafka.brokers, topic })
    const most = Math.floor(Math.max(...plan.sessions) / count)
    const { pods, memory: ofPods } = await startPods({ rig, kafka, say }, count, most)
    memory.push(...ofPods)
    const usersAt = (pace: Pace, perPod: number) => audienceOf(rig.users, { pods: count, perPod, most, pace })
    const [last] = plan.paces.slice(-1)
    if (last !== undefined) await produce(rig, { topic, pace: last, users: usersAt(last, most), durationMs: plan.heatMs })
    for (const sessions of plan.sessions) {
      const perPod = Math.floor(sessions / count)
      for (const { group } of pods) await rig.load.call('shrink', { group, clients: perPod })
      for (const pace of plan.paces) {
        const window = await measure(rig, pods, { plan, pace, perPod, users: usersAt(pace, perPod) })
        costs.push(...window)
        say(
          `${count} pods, ${sessions} sessions, ${pace.eventsPerSecond} events/s: read ${figure(window[0]?.eventsPerSecond ?? 0)}/s, ${window.map(({ cpu }) => figure(100 * cpu)).join(', ')} % of a processor`,
        )
      }
    }
    for (const { server, group } of pods) {
      await rig.load.call('close', { group })
      await server.kill()
    }
  }
  return { costs, memory }
}

/** The first connections pay for code and pools, which later ones share. */
const firstClients = 300

interface StartedPods {
  readonly pods: readonly Pod[]
  readonly memory: readonly PodMemory[]
}

/** Starts pods and connects their clients. Those of the first pod have the first identities, and so on. */
async function startPods({ rig, kafka, say }: CapacityWorld, count: number, clients: number): Promise<StartedPods> {
  const pods: Pod[] = []
  const memory: PodMemory[] = []
  for (let pod = 0; pod < count; pod += 1) {
    const server = await rig.start(carillon, { kafka: { brokers: kafka.brokers, topic: topicOf(count) } })
    const group = `pod-${pod}`
    const common = { group, dialect: 'carillon', ports: [server.port] } as const
    await rig.load.call('open', { ...common, clients: Math.min(firstClients, clients) })
    await rig.load.call('close', { group })
    await sleep(500)
    memory.push({ sessions: 0, rssBytes: server.usage().rssBytes })
    const { ready } = await rig.load.call('open', { ...common, clients, firstIdentity: pod * clients })
    if (ready < clients) say(`only ${ready} of ${clients} clients of pod ${pod} are served`)
    await sleep(500)
    memory.push({ sessions: ready, rssBytes: server.usage().rssBytes })
    pods.push({ server, group })
  }
  return { pods, memory }
}

interface Audience {
  readonly pods: number
  /** Sessions of a pod now, and before others were closed. */
  readonly perPod: number
  readonly most: number
  readonly pace: Pace
}

/** Most connected users that events are for, of all pods. */
const mostUsers = 200

/** Returns the users of the events, in turn: as many of them are connected as the pace says, evenly on all pods. */
export function audienceOf(users: readonly string[], { pods, perPod, most, pace }: Audience): readonly string[] {
  const perPodUsers = Math.max(1, Math.min(perPod, Math.floor(mostUsers / pods)))
  const connected = Array.from({ length: perPodUsers * pods }, (_, index) => users[(index % pods) * most + Math.floor(index / pods)] ?? '')
  const turns = Math.round(1 / pace.matching)
  return connected.flatMap((user, index) => [user, ...Array.from({ length: turns - 1 }, (_, turn) => `absent-${index}-${turn}`)])
}

interface Window {
  readonly plan: CapacityPlan
  readonly pace: Pace
  readonly perPod: number
  readonly users: readonly string[]
}

interface Production {
  readonly topic: string
  readonly pace: Pace
  readonly users: readonly string[]
  readonly durationMs: number
}

function produce(rig: PeerRig, { topic, pace, users, durationMs }: Production) {
  const events = Math.round((pace.eventsPerSecond * durationMs) / 1_000)
  const shape = { events, perSecond: pace.eventsPerSecond, bytes: eventBytes, users, retryForMs: 5_000 }
  return rig.publisher.call('produceAtRate', { ...shape, name: topic, firstNumber: rig.takeNumbers(events) })
}

async function measure(rig: PeerRig, pods: readonly Pod[], { plan, pace, perPod, users }: Window): Promise<readonly PodCost[]> {
  const topic = topicOf(pods.length)
  await produce(rig, { topic, pace, users, durationMs: plan.warmUpMs })
  const look = () =>
    Promise.all(pods.map(async ({ server, group }) => ({ ...server.usage(), ...(await rig.load.call('counts', { group })) })))
  const startMs = nowMs()
  const before = await look()
  const { accepted } = await produce(rig, { topic, pace, users, durationMs: plan.windowMs })
  // The last events are still on their way.
  await sleep(200)
  const after = await look()
  const seconds = (nowMs() - startMs) / 1_000
  return after.map((now, pod) => ({
    pods: pods.length,
    eventsPerSecond: accepted.length / seconds,
    deliveriesPerSecond: (now.events - (before[pod]?.events ?? 0)) / seconds,
    sessions: perPod,
    cpu: (now.cpuSeconds - (before[pod]?.cpuSeconds ?? 0)) / seconds,
    rssBytes: now.rssBytes,
  }))
}
