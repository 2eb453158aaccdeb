import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaBroker } from '../../testing/kafka/kafka-broker.ts'
import { figure } from '../lib/bench.ts'
import { nowMs } from '../lib/clock.ts'
import { carillon, carillonWithoutDeadLetters } from '../peers/contenders/carillon.ts'
import type { Contender } from '../peers/contenders/contender.ts'
import type { PeerRig, Server } from '../peers/peer-rig.ts'
import type { Findings, PodCost, PodMemory } from './model.ts'

/** Pods of a channel. */
export interface Fleet {
  readonly pods: number
  /** Copies broken records to the dead letter topic, for which each record is read a second time by one of the pods. */
  readonly keepsDeadLetters: boolean
}

/** Windows of a run: each fleet, with each number of sessions, at each pace. */
export interface CapacityPlan {
  readonly fleets: readonly Fleet[]
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

/** The fleet without dead letters tells the prices of the two readings apart. The last two paces have so many deliveries that their price can be told from that of reading. */
export const wholePlan: CapacityPlan = {
  fleets: [
    { pods: 1, keepsDeadLetters: true },
    { pods: 1, keepsDeadLetters: false },
    { pods: 2, keepsDeadLetters: true },
    { pods: 4, keepsDeadLetters: true },
  ],
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
  fleets: wholePlan.fleets.slice(0, 3),
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

/** A topic for each fleet: one that has events would fill the replay windows of new pods at their start. */
const topicOf = ({ pods, keepsDeadLetters }: Fleet): string => `capacity-${pods}${keepsDeadLetters ? '' : '-no-dead-letters'}`

/** Heap of a pod with the operator's limit of 448Mi: without one, Node.js lets garbage lie for as long as the machine has memory. */
const podHeap = '--max-old-space-size=256'
const eventBytes = 512

/** Measures the processor time and the memory of each pod in each window. All pods share one processor, so they must not fill it together. */
export async function runCapacity({ rig, kafka, say }: CapacityWorld, plan: CapacityPlan): Promise<Findings> {
  const costs: PodCost[] = []
  const memory: PodMemory[] = []
  for (const fleet of plan.fleets) {
    const { pods: count } = fleet
    const topic = topicOf(fleet)
    await rig.publisher.call('topic', { name: topic, dialect: 'carillon', brokers: kafka.brokers, topic })
    const most = Math.floor(Math.max(...plan.sessions) / count)
    const { pods, memory: ofPods } = await startPods({ rig, kafka, say }, fleet, most)
    memory.push(...ofPods)
    const usersAt = (pace: Pace, perPod: number) => audienceOf(rig.users, { pods: count, perPod, most, pace })
    const [last] = plan.paces.slice(-1)
    if (last !== undefined) await produce(rig, { topic, pace: last, users: usersAt(last, most), durationMs: plan.heatMs })
    for (const sessions of plan.sessions) {
      const perPod = Math.floor(sessions / count)
      for (const { group } of pods) await rig.load.call('shrink', { group, clients: perPod })
      for (const pace of plan.paces) {
        const window = await measure(rig, pods, { fleet, plan, pace, perPod, users: usersAt(pace, perPod) })
        costs.push(...window)
        say(
          `${topic}, ${sessions} sessions, ${pace.eventsPerSecond} events/s: read ${figure(window[0]?.eventsPerSecond ?? 0)}/s, ${window.map(({ cpu }) => figure(100 * cpu)).join(', ')} % of a processor`,
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

const inPod = (contender: Contender): Contender => ({
  ...contender,
  launch: (options) => {
    const launched = contender.launch(options)
    return { ...launched, env: { ...launched.env, NODE_OPTIONS: podHeap } }
  },
})

interface StartedPods {
  readonly pods: readonly Pod[]
  readonly memory: readonly PodMemory[]
}

/** Starts pods and connects their clients. Those of the first pod have the first identities, and so on. */
async function startPods({ rig, kafka, say }: CapacityWorld, fleet: Fleet, clients: number): Promise<StartedPods> {
  const pods: Pod[] = []
  const memory: PodMemory[] = []
  const contender = inPod(fleet.keepsDeadLetters ? carillon : carillonWithoutDeadLetters)
  for (let pod = 0; pod < fleet.pods; pod += 1) {
    const server = await rig.start(contender, { kafka: { brokers: kafka.brokers, topic: topicOf(fleet) } })
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
  readonly fleet: Fleet
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

async function measure(rig: PeerRig, pods: readonly Pod[], { fleet, plan, pace, perPod, users }: Window): Promise<readonly PodCost[]> {
  const topic = topicOf(fleet)
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
    secondReadsPerSecond: fleet.keepsDeadLetters ? accepted.length / seconds / pods.length : 0,
    deliveriesPerSecond: (now.events - (before[pod]?.events ?? 0)) / seconds,
    sessions: perPod,
    cpu: (now.cpuSeconds - (before[pod]?.cpuSeconds ?? 0)) / seconds,
    rssBytes: now.rssBytes,
  }))
}
