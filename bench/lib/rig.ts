import { gatewayNodeFlags } from '../../program/node-flags.ts'
import { type Child, startChild } from './child.ts'
import type { LoadCalls } from './load.ts'
import type { SubjectCalls, SubjectTarget } from './subject-calls.ts'

export interface Subject {
  readonly name: SubjectName
  readonly calls: Child<SubjectCalls>
  readonly target: SubjectTarget
}

export type SubjectName = 'gateway' | 'bare' | 'handshakes'

export interface Rig {
  /** Starts a server in a process of its own, with a processor of its own where the machine has two. */
  subject(name: SubjectName, env?: Readonly<Record<string, string>>): Promise<Subject>
  readonly load: Child<LoadCalls>
  /** Starts a further load generator: a process may have no more than 20,000 connections on some machines. */
  moreLoad(): Child<LoadCalls>
}

/** Gives a benchmark its processes, and ends them in every case. */
export async function withRig<T>(run: (rig: Rig) => Promise<T>): Promise<T> {
  const children: Child<SubjectCalls>[] = []
  const loads: Child<LoadCalls>[] = []
  const moreLoad = (): Child<LoadCalls> => {
    const load = startChild<LoadCalls>(new URL('./load.ts', import.meta.url), { cpu: 1 })
    loads.push(load)
    return load
  }
  const subject = async (name: SubjectName, env: Readonly<Record<string, string>> = {}): Promise<Subject> => {
    const calls = startChild<SubjectCalls>(new URL(`../subjects/${name}.ts`, import.meta.url), {
      cpu: 0,
      execArgv: ['--expose-gc', ...gatewayNodeFlags],
      env,
    })
    children.push(calls)
    return { name, calls, target: await calls.call('start', null) }
  }
  try {
    return await run({ subject, load: moreLoad(), moreLoad })
  } finally {
    await Promise.all([...loads.map((load) => load.stop()), ...children.map((child) => child.stop())])
  }
}

export interface Round {
  readonly subject: Subject
  /** The load generator with the group. @default that of the rig */
  readonly load?: Child<LoadCalls>
  /** Group of connections that receive, and their number. */
  readonly group: string
  readonly connections: number
  /** Number of turns with events, and events per turn. */
  readonly broadcasts: number
  readonly events: number
  /** Bytes of one event on the wire. */
  readonly bytes: number
}

export interface RoundCost {
  readonly cpuMicrosPerDelivery: number
  readonly bytesPerDelivery: number
}

/** Returns the server's processor time per event and connection, of all threads, with the kernel's work for it. */
export async function costOf(rig: Rig, round: Round): Promise<RoundCost> {
  const { subject, load = rig.load, group, connections, broadcasts, events, bytes } = round
  const first = await load.call('received', { group })
  const before = await subject.calls.call('usage', { collectGarbage: false })
  for (let broadcast = 1; broadcast <= broadcasts; broadcast += 1) {
    await subject.calls.call('broadcast', { events, bytes, to: 'everybody' })
    await load.call('awaitFrames', { group, frames: first.frames + broadcast * events * connections, timeoutMs: 60_000 })
  }
  const after = await subject.calls.call('usage', { collectGarbage: false })
  const last = await load.call('received', { group })
  const deliveries = last.frames - first.frames
  return {
    cpuMicrosPerDelivery: (after.cpuMicros - before.cpuMicros) / deliveries,
    bytesPerDelivery: (last.bytes - first.bytes) / deliveries,
  }
}
