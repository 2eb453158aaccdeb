/** The load generator: a process that holds thousands of raw connections and counts what they receive. Started by `startChild`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { answerCalls } from './calls.ts'
import { nowMs } from './clock.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { RawConnection, type Tally, type Target } from './raw-connection.ts'

/** Calls that this process answers. A group is a number of connections to one server. */
export interface LoadCalls extends Record<string, (parameter: never) => unknown> {
  /** Opens connections, a few hundred at a time. @returns how many are open */
  connect(parameter: {
    readonly group: string
    readonly target: Target
    readonly connections: number
    readonly wantsLatency?: boolean
    /** Queries behind the path, in turn. @default none */
    readonly queries?: readonly string[]
    /** `Authorization` headers, in turn. @default that of the target */
    readonly authorizations?: readonly string[]
  }): Promise<number>
  /** Resolves when the group has received this many text frames since it began. @throws Error after the deadline */
  awaitFrames(parameter: { readonly group: string; readonly frames: number; readonly timeoutMs: number }): Promise<Received>
  received(parameter: { readonly group: string }): Received
  /** Returns milliseconds of the frames since the last call. */
  latencies(parameter: { readonly group: string }): Percentiles
  /** Stops reading the group's connections. */
  stall(parameter: { readonly group: string }): void
  resume(parameter: { readonly group: string }): void
  disconnect(parameter: { readonly group: string }): void
}

export interface Received {
  readonly frames: number
  readonly bytes: number
}

interface Group {
  readonly tally: Tally
  readonly connections: RawConnection[]
  latenciesMs: number[]
}

const groups = new Map<string, Group>()

/** Handshakes in flight. */
const concurrency = 200
/**
 * Source addresses, in turn; on Linux all of 127.0.0.0/8 is this machine. With thousands of connections on each, the kernel searches long for a free
 * port, and charges the server for a part of that.
 */
const addresses = 200
const marker = Buffer.from('"at":')

const calls: LoadCalls = {
  connect: async ({ group, target, connections, wantsLatency, queries = [], authorizations = [] }) => {
    const made = makeGroup(wantsLatency ?? false)
    groups.set(group, made)
    let next = 0
    const work = async (): Promise<void> => {
      while (next < connections) {
        next += 1
        const asked = withAuthorization(withQuery(target, queries[next % queries.length]), authorizations[next % authorizations.length])
        made.connections.push(await open(asked, made.tally, next))
      }
    }
    await Promise.all(Array.from({ length: Math.min(concurrency, connections) }, work))
    return made.connections.length
  },
  awaitFrames: async ({ group, frames, timeoutMs }) => {
    const { tally } = find(group)
    const deadline = nowMs() + timeoutMs
    while (tally.frames < frames) {
      if (nowMs() > deadline) throw new Error(`group ${group} has ${tally.frames} frames of ${frames} after ${timeoutMs} ms`)
      await sleep(1)
    }
    return read(tally)
  },
  received: ({ group }) => read(find(group).tally),
  latencies: ({ group }) => {
    const found = find(group)
    const percentiles = percentilesOf(found.latenciesMs)
    found.latenciesMs = []
    return percentiles
  },
  stall: ({ group }) => find(group).connections.forEach((connection) => connection.stall()),
  resume: ({ group }) => find(group).connections.forEach((connection) => connection.resume()),
  disconnect: ({ group }) => {
    for (const connection of find(group).connections) connection.destroy()
    groups.delete(group)
  },
}

function makeGroup(wantsLatency: boolean): Group {
  const group: Group = {
    connections: [],
    latenciesMs: [],
    tally: { frames: 0, bytes: 0, onText: wantsLatency ? (bytes, start, end) => note(bytes, start, end) : null },
  }
  const note = (bytes: Buffer, start: number, end: number): void => {
    const at = bytes.indexOf(marker, start)
    if (at >= 0 && at < end)
      group.latenciesMs.push(nowMs() - Number.parseFloat(bytes.toString('latin1', at + marker.length, Math.min(end, at + 40))))
  }
  return group
}

function withQuery(target: Target, query: string | undefined): Target {
  return query === undefined || target.path === null ? target : { ...target, path: `${target.path}?${query}` }
}

function withAuthorization(target: Target, authorization: string | undefined): Target {
  return authorization === undefined ? target : { ...target, headers: { ...target.headers, authorization } }
}

function open(target: Target, tally: Tally, index: number): Promise<RawConnection> {
  const address = process.platform === 'linux' ? 1 + (index % addresses) : 1
  return RawConnection.open(target, { localAddress: `127.0.0.${address}`, tally })
}

function find(name: string): Group {
  const group = groups.get(name)
  if (group === undefined) throw new Error(`there is no group ${name}`)
  return group
}

const read = ({ frames, bytes }: Tally): Received => ({ frames, bytes })

answerCalls(calls)
