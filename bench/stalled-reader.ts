import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, comparisonRow, figureRow } from './lib/bench.ts'
import { medianOf } from './lib/percentiles.ts'
import { type Rig, type Subject, withRig } from './lib/rig.ts'

const socketBufferBytes = 65_536
/** More than the kernel takes for a connection that is not read: its buffers on both sides grow up to some 10 MB. */
const floodBytes = 24_000_000
const floodEventBytes = 8_000

/** The replay log is small: it is always full, so its content does not change the figures. No ping is sent during the run. */
const env = { REPLAY_MAX_BYTES: '1048576', HEARTBEAT_INTERVAL_MS: '600000', SOCKET_BUFFER_BYTES: String(socketBufferBytes) }

export const bench: Bench = {
  title: 'Stalled readers: their effect on the others, and the memory they cost',
  run: async (settings) => [await withRig((rig) => measureLatency(rig, settings)), await withRig((rig) => measureMemory(rig, settings))],
}

const stalled = 'stalled'

interface Pair {
  readonly beside: number
  readonly without: number
}

/**
 * Two gateways take turns, event by event, so that other work of the machine affects both; each has the stalled reader in half of the
 * rounds.
 */
async function measureLatency(rig: Rig, { isQuick, say }: Parameters<Bench['run']>[0]) {
  const readers = 999
  const rounds = isQuick ? 2 : 12
  const broadcasts = isQuick ? 50 : 100
  const first = await startWithReaders(rig, 'first', readers)
  const second = await startWithReaders(rig, 'second', readers)
  await p99s(rig, [first, second], broadcasts)
  const pairs: Pair[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const [beside, without] = round % 2 === 0 ? [first, second] : [second, first]
    await stall(rig, beside.subject, 1)
    const [besideMs = 0, withoutMs = 0] = await p99s(rig, [beside, without], broadcasts)
    await rig.load.call('disconnect', { group: stalled })
    pairs.push({ beside: besideMs, without: withoutMs })
    say(`round ${round} of ${rounds}: p99 ${besideMs.toFixed(2)} ms beside a stalled reader, ${withoutMs.toFixed(2)} ms without`)
  }
  return comparisonRow({
    measure: `p99 latency of ${readers} readers beside a stalled one (other: without it)`,
    unit: 'ms',
    ours: medianOf(pairs.map((pair) => pair.beside)),
    other: medianOf(pairs.map((pair) => pair.without)),
    ratio: medianOf(pairs.map((pair) => pair.beside / pair.without)),
    maxRatio: 1.1,
  })
}

interface Readers {
  readonly subject: Subject
  readonly group: string
}

async function startWithReaders(rig: Rig, group: string, connections: number): Promise<Readers> {
  const subject = await rig.subject('gateway', env)
  await rig.load.call('connect', { group, target: subject.target, connections, wantsLatency: true })
  return { subject, group }
}

/** Broadcasts by turns at an easy pace. @returns for each gateway how long the slowest hundredth of its deliveries took, in milliseconds */
async function p99s(rig: Rig, all: readonly Readers[], broadcasts: number): Promise<readonly number[]> {
  for (const { group } of all) await rig.load.call('latencies', { group })
  for (let broadcast = 0; broadcast < broadcasts; broadcast += 1) {
    for (const { subject } of all) {
      await subject.calls.call('broadcast', { events: 1, bytes: 512, to: 'everybody' })
      await sleep(25)
    }
  }
  return Promise.all(all.map(async ({ group }) => (await rig.load.call('latencies', { group })).p99))
}

/** Connects readers that do not read, and sends them more than the kernel keeps for them. */
async function stall(rig: Rig, subject: Subject, connections: number): Promise<void> {
  await connectStalled(rig, subject, connections)
  await flood(subject)
}

async function connectStalled(rig: Rig, subject: Subject, connections: number): Promise<void> {
  await rig.load.call('connect', { group: stalled, target: { ...subject.target, headers: subject.target.otherHeaders }, connections })
  await rig.load.call('stall', { group: stalled })
}

async function flood(subject: Subject): Promise<void> {
  for (let sent = 0; sent < floodBytes; sent += floodEventBytes) {
    await subject.calls.call('broadcast', { events: 1, bytes: floodEventBytes, to: 'other' })
  }
}

async function measureMemory(rig: Rig, { isQuick, say }: Parameters<Bench['run']>[0]) {
  // One socket buffer is too small to see in a process; many stalled readers show the cost of one.
  const readers = isQuick ? 50 : 200
  const rounds = isQuick ? 1 : 5
  const subject = await rig.subject('gateway', env)
  await stall(rig, subject, readers)
  const costs: number[] = []
  for (let round = 1; round <= rounds; round += 1) {
    await rig.load.call('disconnect', { group: stalled })
    await connectStalled(rig, subject, readers)
    const before = await heldBytes(subject)
    await flood(subject)
    const kilobytes = ((await heldBytes(subject)) - before) / readers / 1024
    costs.push(kilobytes)
    say(`round ${round} of ${rounds}: ${kilobytes.toFixed(1)} KB for each of ${readers} stalled readers`)
  }
  return figureRow({
    measure: `Memory that a stalled reader adds (median of ${rounds} rounds with ${readers})`,
    unit: 'KB',
    ours: Math.max(0, medianOf(costs)),
    max: socketBufferBytes / 1024,
  })
}

/** Bytes that the program holds: RSS counts what the allocator holds. */
async function heldBytes(subject: Subject): Promise<number> {
  return (await subject.calls.call('usage', { collectGarbage: true })).heldBytes
}
