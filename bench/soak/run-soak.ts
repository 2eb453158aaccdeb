import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaBroker } from '../../testing/kafka/kafka-broker.ts'
import { nowMs } from '../lib/clock.ts'
import { carillon } from '../peers/contenders/carillon.ts'
import type { PeerRig, Server } from '../peers/peer-rig.ts'
import type { Mark } from './draw-lines.ts'
import type { SoakPlan } from './parse-soak.ts'
import { parseLagMs, type Sample } from './samples.ts'

export interface Soaked {
  readonly samples: readonly Sample[]
  readonly marks: readonly Mark[]
  readonly accepted: number
  readonly retries: number
  /** Connections that were served at the end, of those that stay. */
  readonly ready: number
}

export interface SoakWorld {
  readonly rig: PeerRig
  readonly kafka: KafkaBroker
  readonly say: (line: string) => void
}

/** Churning connections stay for this many seconds. */
const churnSeconds = 3
const backOff = { minBackOffMs: 200, maxBackOffMs: 1_000 }

/** Number of identities that a soak needs: those that stay, those that come and go, and the slow reader's. */
export const identitiesOf = ({ sockets, churnPerSecond }: SoakPlan): number => sockets + churnPerSecond * (churnSeconds + 1) + 1

/** Runs the gateway under load, restarts the broker half way, and samples the gateway every second. */
export async function runSoak(world: SoakWorld, plan: SoakPlan): Promise<Soaked> {
  const { rig, kafka, say } = world
  const server = await rig.start(carillon, { kafka: { brokers: kafka.brokers, topic: 'soak' } })
  await openClients(rig, server, plan)
  const startMs = nowMs()
  const clock: Clock = { secondsGone: () => (nowMs() - startMs) / 1_000, endS: plan.minutes * 60 }
  const samples: Sample[] = []
  const marks: Mark[] = []
  const mark = (text: string): void => {
    marks.push({ atS: clock.secondsGone(), text })
    say(text)
  }
  const [emitted] = await Promise.all([
    emit(rig, server, { plan, clock }),
    everySecond(clock, async (atS) => void samples.push(await sampleOf(server, atS))),
    plan.churnPerSecond === 0 ? null : churn(rig, server, { plan, clock }),
    readSlowly(rig, clock),
    restartBroker(kafka, clock, mark),
  ])
  const { ready } = await rig.load.call('counts', { group: 'staying' })
  return { samples, marks, ...emitted, ready }
}

interface Clock {
  readonly secondsGone: () => number
  readonly endS: number
}

interface Timed {
  readonly plan: SoakPlan
  readonly clock: Clock
}

async function openClients(rig: PeerRig, server: Server, { sockets, churnPerSecond }: SoakPlan): Promise<void> {
  const common = { dialect: 'carillon', ports: [server.port], resumes: true } as const
  const { ready } = await rig.load.call('open', { ...common, group: 'staying', clients: sockets })
  if (ready < sockets) throw new Error(`Only ${ready} of ${sockets} clients are served.`)
  await rig.load.call('comeBack', { group: 'staying', ...backOff })
  const firstIdentity = sockets + churnPerSecond * (churnSeconds + 1)
  await rig.load.call('open', { ...common, group: slowGroup, clients: 1, firstIdentity })
  await rig.load.call('comeBack', { group: slowGroup, ...backOff })
}

async function everySecond(clock: Clock, run: (atS: number) => Promise<void>): Promise<void> {
  for (let second = 1; second <= clock.endS; second += 1) {
    await sleep(Math.max(0, 1_000 * (second - clock.secondsGone())))
    await run(clock.secondsGone())
  }
}

async function sampleOf(server: Server, atS: number): Promise<Sample> {
  const answer = await fetch(`http://127.0.0.1:${server.port + 1}/metrics`)
  return { atS, rssBytes: server.usage().rssBytes, lagMs: parseLagMs(await answer.text()) ?? 0 }
}

// ---- events

/** Slices, after each of which all events of all kinds are taken. */
const sliceSeconds = 5
const slowShare = 0.1
const broadcastsPerSecond = 2

/** Publishes over HTTP. Two events a second are for all users, a tenth are large and for the slow reader, and the others for one user each. */
async function emit(rig: PeerRig, server: Server, { plan, clock }: Timed): Promise<Pick<Soaked, 'accepted' | 'retries'>> {
  const { eventsPerSecond } = plan
  const slow = Math.max(1, Math.round(eventsPerSecond * slowShare))
  const kinds = [
    { name: 'all', perSecond: broadcastsPerSecond, bytes: 512, users: null },
    { name: 'slow', perSecond: slow, bytes: 16_000, users: rig.users.slice(-1) },
    { name: 'one', perSecond: eventsPerSecond - slow - broadcastsPerSecond, bytes: 512, users: rig.users.slice(0, -1) },
  ]
  for (const { name } of kinds) await rig.publisher.call('target', { name, ...server.target })
  const sum = { accepted: 0, retries: 0 }
  while (clock.secondsGone() < clock.endS) {
    const reports = await Promise.all(
      kinds.map((kind) => {
        const events = kind.perSecond * sliceSeconds
        return rig.publisher.call('atRate', { ...kind, firstNumber: rig.takeNumbers(events), events, retryForMs: 60_000 })
      }),
    )
    for (const report of reports) {
      sum.accepted += report.accepted.length
      sum.retries += report.retries
    }
  }
  return sum
}

// ---- clients

async function churn(rig: PeerRig, server: Server, { plan, clock }: Timed): Promise<void> {
  const { sockets, churnPerSecond } = plan
  const groupOf = (turn: number): string => `churn-${turn % (churnSeconds + 1)}`
  let turn = 0
  await everySecond(clock, async () => {
    const slot = turn % (churnSeconds + 1)
    if (turn > churnSeconds) await rig.load.call('close', { group: groupOf(turn) })
    await rig.load.call('open', {
      group: groupOf(turn),
      dialect: 'carillon',
      ports: [server.port],
      clients: churnPerSecond,
      firstIdentity: sockets + slot * churnPerSecond,
      resumes: true,
      concurrency: 5,
    })
    turn += 1
  })
}

const slowGroup = 'slow'
/** At 200 events per second, more comes in this time than the kernel and the gateway hold for a connection. */
const stallSeconds = 60
const readSeconds = 5

async function readSlowly(rig: PeerRig, clock: Clock): Promise<void> {
  const until = (atS: number): Promise<unknown> => sleep(1_000 * Math.max(0, Math.min(atS, clock.endS) - clock.secondsGone()))
  while (clock.secondsGone() < clock.endS) {
    await rig.load.call('stallLast', { group: slowGroup })
    await until(clock.secondsGone() + stallSeconds)
    await rig.load.call('thawLast', { group: slowGroup })
    await until(clock.secondsGone() + readSeconds)
  }
}

// ---- the broker

const downSeconds = 3

async function restartBroker(kafka: KafkaBroker, clock: Clock, mark: (text: string) => void): Promise<void> {
  await sleep((clock.endS / 2) * 1_000)
  mark('broker killed')
  await kafka.kill()
  await sleep(downSeconds * 1_000)
  await kafka.restart()
  mark('broker is back')
}
