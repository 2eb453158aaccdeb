import { figure } from '../../lib/bench.ts'
import { medianOf } from '../../lib/percentiles.ts'
import type { Latencies } from '../load/histogram.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import { exactly, percentText, spreadOf } from '../report/figures.ts'
import { type BroadcastCase, caseText, eventsPerBurst } from '../report/cases.ts'
import type { SectionRow } from '../report/section.ts'
import {
  connect,
  eventBytes,
  forEachServer,
  leftOutRows,
  type Measure,
  type MeasureWorld,
  observe,
  saturationNumbers,
  takingPart,
} from './measure.ts'

/** Numbers of sockets, falling: surplus ones are closed in between. */
const allCases: readonly BroadcastCase[] = [
  { sockets: 10_000, rate: 4 },
  { sockets: 10_000, rate: 'saturation' },
  { sockets: 5_000, rate: 8 },
  { sockets: 1_000, rate: 40 },
  { sockets: 1_000, rate: 80, isBurst: true },
  { sockets: 1_000, rate: 'saturation' },
]
const quickCases: readonly BroadcastCase[] = [
  { sockets: 1_000, rate: 10 },
  { sockets: 1_000, rate: 80, isBurst: true },
  { sockets: 1_000, rate: 'saturation' },
]

/** Most events in flight at saturation. */
const saturationWindow = 4
const rounds = 3
const group = 'broadcast'

interface Window {
  readonly deliveriesPerCpuSecond: number
  readonly deliveriesPerSecond: number
  readonly latencies: Latencies
  readonly bytesPerDelivery: number
  readonly serverBusy: number
  readonly loadBusy: number
  readonly expected: number
  readonly delivered: number
}

export const broadcast: Measure = {
  name: 'broadcast',
  wantsKafka: false,
  run: async (world) => {
    const rows: SectionRow[] = []
    const chosen = world.isQuick ? quickCases : allCases
    const cases = chosen.map(caseText)
    await forEachServer(world, takingPart(world, 'broadcast'), async (server) => {
      const { contender } = server
      const first = chosen[0]?.sockets ?? 0
      await connect(world, server, { group, clients: first })
      await world.rig.publisher.call('target', { name: group, ...server.target })
      // Later measurements find compiled code and filled pools.
      await saturated(world.rig, server, { sockets: first, durationMs: 1_000 })
      for (const one of chosen) {
        await world.rig.load.call('shrink', { group, clients: one.sockets })
        const windows = await measureCase(world, server, one)
        rows.push(rowOf(contender.name, one, windows))
        const [some] = windows
        world.say(
          `${contender.title}, ${caseText(one)}: ${windows.map((window) => figure(window.deliveriesPerCpuSecond)).join(', ')} deliveries per CPU second, p99 ${figure(some?.latencies.p99 ?? 0)} ms`,
        )
      }
      await world.rig.load.call('close', { group })
    })
    return {
      title: 'Broadcast of 512 bytes to all users',
      columns: [
        { key: 'perCpuSecond', title: 'deliveries per CPU second', isCompared: true },
        { key: 'bytes', title: 'bytes per delivery' },
        { key: 'perSecond', title: 'deliveries/s' },
        { key: 'p50', title: 'p50 ms' },
        { key: 'p99', title: 'p99 ms', isCompared: true },
        { key: 'p999', title: 'p99.9 ms' },
        { key: 'delivered', title: 'delivered' },
        { key: 'busy', title: 'server, generator busy' },
      ],
      rows: [...rows, ...leftOutRows(world, 'broadcast', { key: 'perCpuSecond', of: cases[0] ?? '' })].toSorted(
        (a, b) => cases.indexOf(a.of) - cases.indexOf(b.of),
      ),
      notes: [
        `Saturation: ${saturationWindow} events in flight at most. Latencies are from the moment that an event was due to be published until a client has read it.`,
        'Bytes are those that the clients have read, frames included, TCP excluded.',
      ],
    }
  },
}

async function measureCase(world: MeasureWorld, server: Server, one: BroadcastCase): Promise<readonly Window[]> {
  const durationMs = world.isQuick ? 1_000 : 1_500
  const windows: Window[] = []
  for (let round = 0; round < rounds; round += 1) {
    await world.rig.load.call('latencies', { group })
    windows.push(
      await (one.rate === 'saturation'
        ? saturated(world.rig, server, { sockets: one.sockets, durationMs })
        : atRate(world.rig, server, { ...one, rate: one.rate, durationMs })),
    )
  }
  return windows
}

async function saturated(
  rig: PeerRig,
  server: Server,
  { sockets, durationMs }: { readonly sockets: number; readonly durationMs: number },
): Promise<Window> {
  const before = await rig.load.call('counts', { group })
  const { result, ...spent } = await observe(rig, server, () =>
    rig.load.call('saturate', {
      group,
      target: server.target,
      firstNumber: rig.takeNumbers(saturationNumbers),
      window: saturationWindow,
      durationMs,
      receivers: sockets,
      bytes: eventBytes,
      users: null,
    }),
  )
  const after = await rig.load.call('counts', { group })
  return windowOf(rig, {
    ...spent,
    expected: result.published * sockets,
    delivered: result.deliveries,
    bytes: after.bytes - before.bytes,
  })
}

async function atRate(
  rig: PeerRig,
  server: Server,
  { sockets, rate, isBurst = false, durationMs }: BroadcastCase & { readonly rate: number; readonly durationMs: number },
): Promise<Window> {
  const atOnce = isBurst ? eventsPerBurst : 1
  const events = atOnce * Math.max(2, Math.round((rate * durationMs) / 1000 / atOnce))
  const before = await rig.load.call('counts', { group })
  const { result, ...spent } = await observe(rig, server, async () => {
    await rig.publisher.call('atRate', {
      name: group,
      firstNumber: rig.takeNumbers(events),
      events,
      perSecond: rate,
      atOnce,
      bytes: eventBytes,
      users: null,
      retryForMs: 0,
    })
    return rig.load.call('awaitEvents', { group, events: before.events + events * sockets, timeoutMs: 10_000 })
  })
  return windowOf(rig, {
    ...spent,
    expected: events * sockets,
    delivered: result.events - before.events,
    bytes: result.bytes - before.bytes,
  })
}

interface Spent {
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly serverBusy: number
  readonly loadBusy: number
  readonly expected: number
  readonly delivered: number
  /** Bytes that the clients have read in this window. */
  readonly bytes: number
}

async function windowOf(rig: PeerRig, { cpuSeconds, wallSeconds, bytes, ...rest }: Spent): Promise<Window> {
  const latencies = await rig.load.call('latencies', { group })
  return {
    ...rest,
    latencies,
    deliveriesPerCpuSecond: rest.delivered / cpuSeconds,
    deliveriesPerSecond: rest.delivered / wallSeconds,
    bytesPerDelivery: bytes / rest.delivered,
  }
}

function rowOf(contender: string, one: BroadcastCase, windows: readonly Window[]): SectionRow {
  const middle = (of: (window: Window) => number): number => medianOf(windows.map(of))
  const total = (of: (window: Window) => number): number => windows.reduce((sum, window) => sum + of(window), 0)
  return {
    contender,
    of: caseText(one),
    cells: {
      perCpuSecond: spreadOf(windows.map((window) => window.deliveriesPerCpuSecond)),
      bytes: exactly(middle((window) => window.bytesPerDelivery)),
      perSecond: exactly(middle((window) => window.deliveriesPerSecond)),
      p50: exactly(middle((window) => window.latencies.p50)),
      p99: spreadOf(windows.map((window) => window.latencies.p99)),
      p999: exactly(middle((window) => window.latencies.p999)),
      delivered: percentText(
        total((window) => window.delivered),
        total((window) => window.expected),
      ),
      // Without a column: they check the rig.
      loadBusy: exactly(middle((window) => window.loadBusy)),
      serverBusy: exactly(middle((window) => window.serverBusy)),
      busy: `${Math.round(100 * middle((window) => window.serverBusy))} %, ${Math.round(100 * middle((window) => window.loadBusy))} %`,
    },
  }
}
