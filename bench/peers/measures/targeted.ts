import { figure } from '../../lib/bench.ts'
import { medianOf } from '../../lib/percentiles.ts'
import { carillon, carillonWithoutDeadLetters } from '../contenders/carillon.ts'
import { centrifugo } from '../contenders/centrifugo.ts'
import type { Latencies } from '../load/histogram.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import { exactly, percentText, spreadOf } from '../report/figures.ts'
import type { SectionRow } from '../report/section.ts'
import {
  connect,
  eventBytes,
  forEachServer,
  type Measure,
  type MeasureWorld,
  observe,
  type Observed,
  leftOutRows,
  saturationNumbers,
  takingPart,
} from './measure.ts'

const group = 'targeted'
const rounds = 3
/** Most events in flight at saturation. */
const saturationWindow = 64
/** Milliseconds of the same work before a measurement: by then JavaScript is compiled. Compiled programs do not need it. */
const warmUpMs = ({ isQuick }: MeasureWorld): number => (isQuick ? 1_000 : 6_000)

type Source = 'HTTP, 500/s' | 'HTTP, saturation' | 'Kafka, 500/s' | 'Kafka, 4,000/s'

interface Window {
  readonly eventsPerCpuSecond: number
  readonly eventsPerSecond: number
  readonly latencies: Latencies
  readonly events: number
  readonly deliveredEvents: number
  readonly bytesPerDelivery: number
  readonly serverBusy: number
  readonly loadBusy: number
}

/** Sends each event to one user, who has several clients. */
export const targeted: Measure = {
  name: 'targeted',
  wantsKafka: true,
  run: async (world) => {
    const sockets = world.isQuick ? 1_000 : 10_000
    const perUser = Math.max(1, sockets / world.rig.users.length)
    const rows: SectionRow[] = []
    const keep = (server: Server, of: Source, windows: readonly Window[]): void => {
      rows.push(rowOf(server.contender.name, of, windows))
      world.say(
        `${server.contender.title}, ${of}: ${windows.map((window) => figure(window.eventsPerCpuSecond)).join(', ')} events per CPU second, p99 ${figure(medianOf(windows.map(({ latencies }) => latencies.p99)))} ms`,
      )
    }
    const users = world.rig.users.slice(0, sockets)
    await forEachServer(world, takingPart(world, 'targeted'), async (server) => {
      const load: Load = { rig: world.rig, server, users, receivers: perUser, durationMs: world.isQuick ? 1_000 : 1_500 }
      await connect(world, server, { group, clients: sockets })
      await world.rig.publisher.call('target', { name: group, ...server.target })
      await saturated({ ...load, durationMs: warmUpMs(world) })
      keep(server, 'HTTP, 500/s', await repeat(() => atRate(load, { call: 'atRate', perSecond: 500 })))
      keep(server, 'HTTP, saturation', await repeat(() => saturated(load)))
      await world.rig.load.call('close', { group })
    })
    await measureKafka(world, { sockets, users, perUser, keep })
    const order = ['HTTP, 500/s', 'HTTP, saturation', 'Kafka, 500/s', 'Kafka, 4,000/s'] as const satisfies readonly Source[]
    return {
      title: `Events to one of ${users.length.toLocaleString('en-US')} users each, who have ${sockets.toLocaleString('en-US')} sockets`,
      columns: [
        { key: 'perCpuSecond', title: 'events per CPU second', isCompared: true },
        { key: 'bytes', title: 'bytes per delivery' },
        { key: 'perSecond', title: 'events/s' },
        { key: 'p50', title: 'p50 ms' },
        { key: 'p99', title: 'p99 ms', isCompared: true },
        { key: 'delivered', title: 'delivered' },
        { key: 'busy', title: 'server, generator busy' },
      ],
      rows: [...rows, ...leftOutRows(world, 'targeted', { key: 'perCpuSecond', of: order[0] })].toSorted(
        (a, b) => order.findIndex((source) => source === a.of) - order.findIndex((source) => source === b.of),
      ),
      notes: [],
    }
  },
}

interface Load {
  readonly rig: PeerRig
  readonly server: Server
  readonly users: readonly string[]
  /** Number of clients that get an event. */
  readonly receivers: number
  readonly durationMs: number
}

interface KafkaPart {
  readonly sockets: number
  readonly users: readonly string[]
  readonly perUser: number
  readonly keep: (server: Server, of: Source, windows: readonly Window[]) => void
}

/** Measures the same from a topic, for servers that read one: the rig writes the records. */
async function measureKafka(world: MeasureWorld, { sockets, users, perUser, keep }: KafkaPart): Promise<void> {
  const { kafka, rig } = world
  if (kafka === null) return world.say('there is no Kafka: contenders that read from it are not measured')
  const ours = world.contenders.includes(carillon) ? [carillon, carillonWithoutDeadLetters] : []
  for (const contender of [...ours, ...world.contenders.filter((one) => one === centrifugo)]) {
    const topic = `targeted-${contender.name}`
    await rig.publisher.call('topic', { name: group, dialect: contender.dialect, brokers: kafka.brokers, topic })
    const server = await rig.start(contender, { kafka: { brokers: kafka.brokers, topic } })
    await connect(world, server, { group, clients: sockets })
    const load: Load = { rig, server, users, receivers: perUser, durationMs: world.isQuick ? 1_000 : 2_000 }
    await atRate({ ...load, durationMs: warmUpMs(world) }, { call: 'produceAtRate', perSecond: 4_000 })
    keep(server, 'Kafka, 500/s', await repeat(() => atRate(load, { call: 'produceAtRate', perSecond: 500 })))
    keep(server, 'Kafka, 4,000/s', await repeat(() => atRate(load, { call: 'produceAtRate', perSecond: 4_000 })))
    await rig.load.call('close', { group })
    await server.kill()
  }
}

async function repeat(run: () => Promise<Window>): Promise<readonly Window[]> {
  const windows: Window[] = []
  for (let round = 0; round < rounds; round += 1) windows.push(await run())
  return windows
}

async function saturated(load: Load): Promise<Window> {
  const { rig, server, users, receivers, durationMs } = load
  await rig.load.call('latencies', { group })
  const before = await rig.load.call('counts', { group })
  const { result, ...spent } = await observe(rig, server, () =>
    rig.load.call('saturate', {
      group,
      target: server.target,
      firstNumber: rig.takeNumbers(saturationNumbers),
      window: saturationWindow,
      durationMs,
      receivers,
      bytes: eventBytes,
      users,
    }),
  )
  const after = await rig.load.call('counts', { group })
  return windowOf(load, spent, { events: result.published, deliveries: result.deliveries, bytes: after.bytes - before.bytes })
}

interface Pace {
  readonly call: 'atRate' | 'produceAtRate'
  readonly perSecond: number
}

async function atRate(load: Load, { call, perSecond }: Pace): Promise<Window> {
  const { rig, server, users, receivers, durationMs } = load
  const events = Math.round((perSecond * durationMs) / 1000)
  await rig.load.call('latencies', { group })
  const before = await rig.load.call('counts', { group })
  const { result, ...spent } = await observe(rig, server, async () => {
    await rig.publisher.call(call, {
      name: group,
      firstNumber: rig.takeNumbers(events),
      events,
      perSecond,
      bytes: eventBytes,
      users,
      retryForMs: 0,
    })
    return rig.load.call('awaitEvents', { group, events: before.events + events * receivers, timeoutMs: 10_000 })
  })
  return windowOf(load, spent, { events, deliveries: result.events - before.events, bytes: result.bytes - before.bytes })
}

async function windowOf(
  { rig, receivers }: Load,
  spent: Omit<Observed<null>, 'result'>,
  { events, deliveries, bytes }: { readonly events: number; readonly deliveries: number; readonly bytes: number },
): Promise<Window> {
  const deliveredEvents = deliveries / receivers
  return {
    events,
    deliveredEvents,
    bytesPerDelivery: bytes / deliveries,
    latencies: await rig.load.call('latencies', { group }),
    eventsPerCpuSecond: deliveredEvents / spent.cpuSeconds,
    eventsPerSecond: deliveredEvents / spent.wallSeconds,
    serverBusy: spent.serverBusy,
    loadBusy: spent.loadBusy,
  }
}

function rowOf(contender: string, of: Source, windows: readonly Window[]): SectionRow {
  const middle = (read: (window: Window) => number): number => medianOf(windows.map(read))
  const total = (read: (window: Window) => number): number => windows.reduce((sum, window) => sum + read(window), 0)
  return {
    contender,
    of,
    cells: {
      perCpuSecond: spreadOf(windows.map((window) => window.eventsPerCpuSecond)),
      bytes: exactly(middle((window) => window.bytesPerDelivery)),
      perSecond: exactly(middle((window) => window.eventsPerSecond)),
      p50: exactly(middle((window) => window.latencies.p50)),
      p99: spreadOf(windows.map((window) => window.latencies.p99)),
      delivered: percentText(
        total((window) => window.deliveredEvents),
        total((window) => window.events),
      ),
      busy: `${Math.round(100 * middle((window) => window.serverBusy))} %, ${Math.round(100 * middle((window) => window.loadBusy))} %`,
    },
  }
}
