import { messageOf } from '../../../program/message-of.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { nowMs } from '../../lib/clock.ts'
import { carillon } from '../contenders/carillon.ts'
import { centrifugoRecovery } from '../contenders/centrifugo.ts'
import type { Contender } from '../contenders/contender.ts'
import type { Loss } from '../load/receipts.ts'
import type { Server } from '../peer-rig.ts'
import type { EmitReport } from '../publish/emit.ts'
import { exactly, percentText } from '../report/figures.ts'
import type { SectionRow } from '../report/section.ts'
import { eventBytes, leftOutRows, type Measure, type MeasureWorld, takingPart } from './measure.ts'

const perSecond = 50
/** Time for which an event is retried. A broker is away for longer than a process. */
const patienceMs = { emit: 20_000, produce: 60_000 }
const downMs = 2_000
const backOff = { minBackOffMs: 100, maxBackOffMs: 500 }
/** Time for wrong events to arrive as well. */
const settleMs = 2_000
/**
 * Time without an event after which missing ones count as lost. A consumer in a Kafka group may have to wait until the broker gives up its
 * predecessor.
 */
const quietMs = { usually: 5_000, afterBroker: 60_000 }

const drops = 'networks drop for 2 s'

/** No figure here is about speed: all contenders run at once. */
export const loss: Measure = {
  name: 'loss',
  wantsKafka: true,
  run: async (world) => {
    const rivals = takingPart(world, 'loss')
    const withBroker = [carillon, centrifugoRecovery].filter((one) => rivals.includes(one))
    return {
      title: 'Loss: 50 events per second to all users, while something goes wrong',
      columns: [
        { key: 'delivered', title: 'delivered' },
        { key: 'missing', title: 'missing' },
        { key: 'duplicates', title: 'duplicates' },
        { key: 'expected', title: 'of deliveries expected' },
        { key: 'late', title: 'last one after, s' },
        { key: 'retries', title: 'publications retried' },
      ],
      rows: [
        ...(await together(world, { of: drops, rivals, run: dropNetworks })),
        ...leftOutRows(world, 'loss', { key: 'delivered', of: drops }),
        ...(await together(world, { of: 'the process is replaced, twice', rivals, run: replaceProcess })),
        ...(world.kafka === null
          ? []
          : await together(world, { of: 'the broker dies and returns', rivals: withBroker, run: readFromTopic, meanwhile: killBroker })),
      ],
      notes,
    }
  },
}

const notes = [
  'Each client should get each event that its server took; the publisher retries until it does. A network drops without a word: the client reads nothing more, cuts the connection 2 s later and comes back with what its protocol has for resuming. All clients back off alike, and all contenders have the same drops.',
  'The process is replaced by SIGTERM and a start. Carillon: two gateways on one Kafka, one after the other, as its documentation has it. The others: one process with its own memory, as theirs have it for one node. Centrifugo keeps history through a restart when a Redis holds it, which is not measured here.',
  'The broker gets SIGKILL and restarts 3 s later; the rig writes records with acks=all, and repeats them until they are acknowledged, so some are there twice with the same id.',
]

/** One contender in one scenario. */
interface Trial {
  readonly world: MeasureWorld
  readonly contender: Contender
  /** Name of its clients, of its publisher, and of its topic. */
  readonly name: string
  readonly clients: number
  readonly seconds: number
}

interface Scenario {
  readonly of: string
  readonly rivals: readonly Contender[]
  readonly run: (trial: Trial) => Promise<EmitReport | null>
  /** Incident that happens to all of them at once. */
  readonly meanwhile?: (world: MeasureWorld) => Promise<void>
}

async function together(world: MeasureWorld, { of, rivals, run, meanwhile }: Scenario): Promise<readonly SectionRow[]> {
  world.say(of)
  const trials = rivals.map((contender): Trial => ({
    world,
    contender,
    name: `${of}-${contender.name}`.replaceAll(/\W+/g, '-'),
    clients: world.isQuick ? 50 : 200,
    seconds: world.isQuick ? 8 : 15,
  }))
  const [rows] = await Promise.all([Promise.all(trials.map((trial) => rowOf(trial, of, run))), meanwhile?.(world)])
  return rows.filter((row) => row !== null)
}

async function rowOf(trial: Trial, of: string, run: Scenario['run']): Promise<SectionRow | null> {
  const { contender, name, world } = trial
  try {
    const emitted = await run(trial)
    if (emitted === null) return null
    const endedMs = nowMs()
    const lastMs = await settle(trial, emitted, run === readFromTopic ? quietMs.afterBroker : quietMs.usually)
    const losses = await world.rig.load.call('countLosses', { group: name, numbers: emitted.accepted })
    await world.rig.load.call('close', { group: name })
    world.say(
      `${contender.title}: ${percentText(losses.delivered, losses.expected)} of ${losses.expected}, ${losses.duplicates} duplicates`,
    )
    return { contender: contender.name, of, cells: { ...cellsOf(losses, emitted), late: exactly(Math.max(0, lastMs - endedMs) / 1000) } }
  } catch (error) {
    world.say(`${contender.title} could not be measured: ${messageOf(error)}`)
    return null
  }
}

/** Waits until every client has every event, or until nothing has arrived for long. @returns when the last event arrived, about */
async function settle({ world, name }: Trial, { accepted }: EmitReport, quietForMs: number): Promise<number> {
  let last = { delivered: 0, atMs: nowMs() }
  for (;;) {
    const { delivered, expected } = await world.rig.load.call('countLosses', { group: name, numbers: accepted })
    if (delivered > last.delivered) last = { delivered, atMs: nowMs() }
    if (delivered === expected || nowMs() - last.atMs > quietForMs) break
    await sleep(250)
  }
  await sleep(settleMs)
  return last.atMs
}

function cellsOf({ expected, delivered, duplicates }: Loss, { retries }: EmitReport): SectionRow['cells'] {
  const text = (value: number): string => value.toLocaleString('en-US')
  return {
    delivered: percentText(delivered, expected),
    missing: exactly(expected - delivered),
    duplicates: exactly(duplicates),
    expected: text(expected),
    retries: text(retries),
  }
}

// ---- scenarios

async function dropNetworks(trial: Trial): Promise<EmitReport> {
  const { world, name, seconds } = trial
  const server = await world.rig.start(trial.contender)
  await openClients(trial, [server])
  await world.rig.publisher.call('target', { name, ...server.target })
  const [emitted] = await Promise.all([
    publish(trial),
    world.rig.load.call('dropNetworks', { group: name, durationMs: (seconds - 1) * 1000, downMs, meanUpMs: 3_000, seed: 7 }),
  ])
  return emitted
}

/** @returns null when nothing can run it */
async function replaceProcess(trial: Trial): Promise<EmitReport | null> {
  const { world, contender, name } = trial
  if (contender !== carillon) return replaceOne(trial, null)
  return world.kafka === null ? null : replaceOne(trial, { brokers: world.kafka.brokers, topic: name })
}

/** With a topic there are two processes, and clients of one go to the other; without, they come back to the same port. */
async function replaceOne(
  trial: Trial,
  kafka: { readonly brokers: readonly string[]; readonly topic: string } | null,
): Promise<EmitReport> {
  const { world, contender, name, seconds } = trial
  const { load, publisher, start } = world.rig
  const servers = [await start(contender, { kafka })]
  if (kafka !== null) servers.push(await start(contender, { kafka }))
  await openClients(trial, servers)
  await load.call('comeBack', { group: name, ...backOff })
  await publisher.call('target', { name, ...(servers[0]?.target ?? { dialect: contender.dialect, port: 0, key: '' }) })
  const replaceAll = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn += 1) {
      await sleep((seconds * 1000) / 4)
      const index = servers.length - 1 - (turn % servers.length)
      const leaving = servers[index]
      if (leaving === undefined) continue
      const others = servers.filter((server) => server !== leaving)
      if (others.length > 0) await goTo(trial, others)
      await leaving.stop()
      servers[index] = await start(contender, { kafka, port: leaving.port })
      await goTo(trial, servers)
    }
  }
  const [emitted] = await Promise.all([publish(trial), replaceAll()])
  return emitted
}

/** Acts as a load balancer does when a server stops, or starts again, to be ready. */
async function goTo({ world, name }: Trial, servers: readonly Server[]): Promise<void> {
  await world.rig.load.call('move', { group: name, ports: servers.map(({ port }) => port) })
  await world.rig.publisher.call('move', { name, port: servers[0]?.target.port ?? 0 })
}

async function readFromTopic(trial: Trial): Promise<EmitReport | null> {
  const { world, contender, name } = trial
  if (world.kafka === null) return null
  const kafka = { brokers: world.kafka.brokers, topic: name }
  await world.rig.publisher.call('topic', { name, dialect: contender.dialect, ...kafka })
  await openClients(trial, [await world.rig.start(contender, { kafka })])
  await world.rig.load.call('comeBack', { group: name, ...backOff })
  // Long enough for the broker to return, which takes 10 s, and for its consumers to notice.
  return world.rig.publisher.call('produceAtRate', planOf(trial, { seconds: trial.seconds + 15, retryForMs: patienceMs.produce }))
}

/** Called when all clients have had time to connect. */
async function killBroker({ kafka, say }: MeasureWorld): Promise<void> {
  await sleep(12_000)
  say('the broker gets SIGKILL')
  await kafka?.kill()
  await sleep(3_000)
  await kafka?.restart()
  say('the broker is back')
}

async function openClients({ world, contender, name, clients }: Trial, servers: readonly Server[]): Promise<void> {
  const ports = servers.map(({ port }) => port)
  const { ready } = await world.rig.load.call('open', {
    group: name,
    dialect: contender.dialect,
    ports,
    clients,
    resumes: contender.resumes,
    keepsReceipts: true,
  })
  if (ready < clients) throw new Error(`only ${ready} of ${clients} clients are served`)
}

const publish = (trial: Trial): Promise<EmitReport> =>
  trial.world.rig.publisher.call('atRate', planOf(trial, { seconds: trial.seconds, retryForMs: patienceMs.emit }))

/** Receipts are kept by number, so each trial counts from zero. */
const planOf = ({ name }: Trial, { seconds, retryForMs }: { readonly seconds: number; readonly retryForMs: number }) => ({
  name,
  firstNumber: 0,
  events: perSecond * seconds,
  perSecond,
  bytes: eventBytes,
  users: null,
  retryForMs,
})
