import { setTimeout as sleep } from 'node:timers/promises'
import { figure } from '../../lib/bench.ts'
import { medianOf } from '../../lib/percentiles.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import { exactly, percentText, spreadOf } from '../report/figures.ts'
import type { SectionRow } from '../report/section.ts'
import { connect, eventBytes, forEachServer, leftOutRows, type Measure, type MeasureWorld, takingPart } from './measure.ts'

const group = 'stalled'
/** More than the kernel takes for a connection that is not read: its buffers on both sides grow up to some 10 MB. */
const floodEvents = 1_500
const floodBytes = 16_000

interface Pace {
  readonly sockets: number
  readonly perSecond: number
  readonly events: number
  readonly rounds: number
}

/** Effect of one client that reads nothing on the others, and on the server. */
export const stalled: Measure = {
  name: 'stalled',
  wantsKafka: false,
  run: async (world) => {
    const sockets = world.isQuick ? 1_000 : 5_000
    const pace: Pace = { sockets, perSecond: 20_000 / sockets, events: 20_000 / sockets, rounds: world.isQuick ? 3 : 9 }
    const rows: SectionRow[] = []
    await forEachServer(world, takingPart(world, 'stalled'), async (server) => {
      rows.push(await measure(world, server, pace))
    })
    return {
      title: `One stalled reader among ${sockets.toLocaleString('en-US')}`,
      columns: [
        { key: 'without', title: "others' p99 without it, ms" },
        { key: 'beside', title: 'beside it, ms', isCompared: true },
        { key: 'ratio', title: 'beside / without' },
        { key: 'memory', title: 'RSS that it adds, MB' },
        { key: 'delivered', title: 'delivered to the others' },
        { key: 'fate', title: 'the stalled reader' },
      ],
      rows: [...rows, ...leftOutRows(world, 'stalled', { key: 'without', of: '' })],
      notes: [
        `The reader stalls, and is sent ${figure((floodEvents * floodBytes) / 1e6)} MB. It got as much before, while it still read: what a server keeps anyway does not count. Broadcasts of ${eventBytes} bytes at ${pace.perSecond}/s.`,
      ],
    }
  },
}

async function measure(world: MeasureWorld, server: Server, pace: Pace): Promise<SectionRow> {
  const { rig } = world
  await connect(world, server, { group, clients: pace.sockets })
  await rig.publisher.call('target', { name: group, ...server.target })
  const user = rig.identities[pace.sockets - 1]?.user ?? ''
  await broadcastAtPace(rig, pace)
  await flood(rig, user)
  const without = await rounds(pace.rounds, () => broadcastAtPace(rig, pace))
  const rssBefore = server.usage().rssBytes
  await rig.load.call('stallLast', { group })
  await flood(rig, user)
  const rssAfter = server.usage().rssBytes
  const beside = await rounds(pace.rounds, () => broadcastAtPace(rig, { ...pace, sockets: pace.sockets - 1 }))
  const { ready } = await rig.load.call('counts', { group })
  await rig.load.call('close', { group })
  const p99s = (windows: readonly Window[]): readonly number[] => windows.map((window) => window.p99)
  world.say(
    `${server.contender.title}: p99 of the others ${figure(medianOf(p99s(beside)))} ms, ${figure(medianOf(p99s(without)))} ms without it`,
  )
  return {
    contender: server.contender.name,
    of: '',
    cells: {
      without: spreadOf(p99s(without)),
      beside: spreadOf(p99s(beside)),
      ratio: exactly(medianOf(p99s(beside)) / medianOf(p99s(without))),
      memory: exactly(Math.max(0, rssAfter - rssBefore) / 1e6),
      delivered: percentText(
        beside.reduce((sum, window) => sum + window.delivered, 0),
        beside.reduce((sum, window) => sum + window.expected, 0),
      ),
      fate: ready < pace.sockets ? 'was cut off' : 'is kept',
    },
  }
}

interface Window {
  readonly p99: number
  readonly expected: number
  readonly delivered: number
}

async function rounds(count: number, run: () => Promise<Window>): Promise<readonly Window[]> {
  const windows: Window[] = []
  for (let round = 0; round < count; round += 1) windows.push(await run())
  return windows
}

async function broadcastAtPace(rig: PeerRig, { sockets, perSecond, events }: Pace): Promise<Window> {
  await rig.load.call('latencies', { group })
  const before = await rig.load.call('counts', { group })
  await rig.publisher.call('atRate', {
    name: group,
    firstNumber: rig.takeNumbers(events),
    events,
    perSecond,
    bytes: eventBytes,
    users: null,
    retryForMs: 0,
  })
  const after = await rig.load.call('awaitEvents', { group, events: before.events + events * sockets, timeoutMs: 5_000 })
  const { p99 } = await rig.load.call('latencies', { group })
  return { p99, expected: events * sockets, delivered: Math.min(events * sockets, after.events - before.events) }
}

async function flood(rig: PeerRig, user: string): Promise<void> {
  await rig.publisher.call('atRate', {
    name: group,
    firstNumber: rig.takeNumbers(floodEvents),
    events: floodEvents,
    perSecond: 1_000,
    bytes: floodBytes,
    users: [user],
    retryForMs: 1_000,
  })
  await sleep(1_000)
}
