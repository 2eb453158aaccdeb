import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, comparisonRow, figureRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { type Rig, type Subject, withRig } from './lib/rig.ts'

const socketBufferBytes = 65_536
/** More than the kernel takes for a connection that is not read: its buffers on both sides grow up to some 10 MB. */
const floodBytes = 24_000_000
const floodEventBytes = 60_000

/** The log is small, so that it is full all the time and what it holds does not change the figures; nobody is pinged while it lasts. */
const env = { REPLAY_MAX_BYTES: '1048576', HEARTBEAT_INTERVAL_MS: '600000', SOCKET_BUFFER_BYTES: String(socketBufferBytes) }

export const bench: Bench = {
  title: 'Stalled readers: what the others notice, and what memory they cost',
  run: async (settings) => [
    await withRig((rig) => measureLatency(rig, settings)),
    await withRig((rig) => measureMemory(rig, settings)),
  ],
}

const others = 'others'
const stalled = 'stalled'

async function measureLatency(rig: Rig, { isQuick, say }: Parameters<Bench['run']>[0]) {
  const connections = 1_000
  const rounds = isQuick ? 2 : 6
  const subject = await rig.subject('gateway', env)
  await rig.load.call('connect', { group: others, target: subject.target, connections: connections - 1, wantsLatency: true })
  const pace = { subject, broadcasts: isQuick ? 50 : 200 }
  await p99Of(rig, pace)
  const pairs: { readonly without: number; readonly beside: number }[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const without = await p99Of(rig, pace)
    await stall(rig, subject, 1)
    const beside = await p99Of(rig, pace)
    await rig.load.call('disconnect', { group: stalled })
    pairs.push({ without, beside })
    say(`round ${round} of ${rounds}: p99 ${beside.toFixed(2)} ms with a stalled reader, ${without.toFixed(2)} ms without`)
  }
  return comparisonRow({
    measure: `p99 latency of ${connections - 1} readers beside a stalled one (other: without it)`,
    unit: 'ms',
    ours: medianOf(pairs.map((pair) => pair.beside)),
    other: medianOf(pairs.map((pair) => pair.without)),
    ratio: medianOf(pairs.map((pair) => pair.beside / pair.without)),
    maxRatio: 1.1,
  })
}

/** Broadcasts at an easy pace, and how long the slowest hundredth of the deliveries takes. */
async function p99Of(rig: Rig, { subject, broadcasts }: { readonly subject: Subject; readonly broadcasts: number }): Promise<number> {
  await rig.load.call('latencies', { group: others })
  for (let broadcast = 0; broadcast < broadcasts; broadcast += 1) {
    await subject.calls.call('broadcast', { events: 1, bytes: 512, to: 'everybody' })
    await sleep(20)
  }
  return (await rig.load.call('latencies', { group: others })).p99
}

/** Readers that stop reading, and are sent more than the kernel keeps for them. */
async function stall(rig: Rig, subject: Subject, connections: number): Promise<void> {
  const target = { ...subject.target, headers: subject.target.otherHeaders }
  await rig.load.call('connect', { group: stalled, target, connections })
  await rig.load.call('stall', { group: stalled })
  for (let sent = 0; sent < floodBytes; sent += floodEventBytes) {
    await subject.calls.call('broadcast', { events: 1, bytes: floodEventBytes, to: 'other' })
  }
}

async function measureMemory(rig: Rig, { isQuick, say }: Parameters<Bench['run']>[0]) {
  // One socket buffer is nothing beside a process; many stalled readers show what one costs.
  const readers = isQuick ? 20 : 100
  const subject = await rig.subject('gateway', env)
  await stall(rig, subject, readers)
  await rig.load.call('disconnect', { group: stalled })
  const before = await heldBytes(subject)
  await stall(rig, subject, readers)
  const after = await heldBytes(subject)
  const each = (after - before) / readers / 1024
  say(`${each.toFixed(1)} KB for each of ${readers} stalled readers`)
  return figureRow({ measure: `Memory per stalled reader (of ${readers}), beyond an idle connection's`, unit: 'KB', ours: Math.max(0, each), max: socketBufferBytes / 1024 })
}

/** What the program holds: RSS says what the allocator holds. */
async function heldBytes(subject: Subject): Promise<number> {
  return (await subject.calls.call('usage', { collectGarbage: true })).heldBytes
}
