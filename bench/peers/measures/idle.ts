import { setTimeout as sleep } from 'node:timers/promises'
import { figure } from '../../lib/bench.ts'
import { type Child, startChild } from '../../lib/child.ts'
import type { LoadCalls } from '../load/load-calls.ts'
import { readSocketBytes } from '../machine/proc.ts'
import type { Server } from '../peer-rig.ts'
import { exactly } from '../report/figures.ts'
import type { SectionRow } from '../report/section.ts'
import { leftOutRows, type Measure, type MeasureWorld, takingPart } from './measure.ts'

/** The first connections pay for code and pools, which later ones share. */
const firstClients = 300
const settleMs = 3_000

interface Connected {
  readonly server: Server
  readonly clients: Child<LoadCalls>
  readonly cpuSecondsToConnect: number
  readonly tookMs: number
  readonly rssBefore: number
  readonly socketBytes: number
  readonly served: number
}

/**
 * All servers, each with its clients and a load generator of its own, connect in turn and are idle together: heartbeats need half a minute.
 */
export const idle: Measure = {
  name: 'idle',
  wantsKafka: false,
  run: async (world) => {
    const clients = world.isQuick ? 1_000 : 10_000
    const idleMs = world.isQuick ? 3_000 : 30_000
    const all: Connected[] = []
    try {
      for (const contender of takingPart(world, 'idle')) {
        const connected = await connect(world, await world.rig.start(contender), clients)
        all.push(connected)
        world.say(
          `${contender.title}: ${connected.served} clients in ${figure(connected.tookMs / 1000)} s, ${figure((1e6 * connected.cpuSecondsToConnect) / clients)} us each`,
        )
      }
      await sleep(settleMs)
      const before = all.map(({ server }) => server.usage())
      await sleep(idleMs)
      const rows = all.map((connected, index) => rowOf(connected, { clients, idleMs, cpuSecondsBefore: before[index]?.cpuSeconds ?? 0 }))
      return {
        title: `${clients.toLocaleString('en-US')} idle connections`,
        columns,
        rows: [...rows, ...leftOutRows(world, 'idle', { key: 'rss', of: '' })],
        notes,
      }
    } finally {
      await Promise.all(all.map(({ server, clients: load }) => Promise.all([server.kill(), load.stop()])))
    }
  },
}

const columns = [
  { key: 'rss', title: 'RSS per connection, KB', isCompared: true },
  { key: 'kernel', title: 'kernel, KB' },
  { key: 'cpu', title: 'CPU while idle, %' },
  { key: 'connects', title: 'handshakes per CPU second', isCompared: true },
  { key: 'took', title: 'connected in s' },
]

const notes = [
  "RSS is what the process has grown by since it served 300 connections and lost them. The kernel's share is that of both ends, which are on this machine. A handshake includes the verification of a token (ES256; NATS: Ed25519), no two of which are the same; the bare server verifies none. nchan's row contains the backend that verifies its tokens.",
]

async function connect(world: MeasureWorld, server: Server, clients: number): Promise<Connected> {
  const load = startChild<LoadCalls>(new URL('../load/load.ts', import.meta.url), { cpu: 1 })
  const { dialect } = server.contender
  await load.call('identities', { identities: world.rig.identities })
  await load.call('open', { group: 'first', dialect, ports: [server.port], clients: firstClients })
  await load.call('close', { group: 'first' })
  await sleep(500)
  const before = server.usage()
  const socketBytes = readSocketBytes()
  const { tookMs, ready } = await load.call('open', { group: 'all', dialect, ports: [server.port], clients })
  const after = server.usage()
  return {
    server,
    clients: load,
    tookMs,
    served: ready,
    cpuSecondsToConnect: after.cpuSeconds - before.cpuSeconds,
    rssBefore: before.rssBytes,
    socketBytes: readSocketBytes() - socketBytes,
  }
}

interface Idle {
  readonly clients: number
  readonly idleMs: number
  readonly cpuSecondsBefore: number
}

function rowOf(
  { server, rssBefore, socketBytes, cpuSecondsToConnect, tookMs, served }: Connected,
  { clients, idleMs, cpuSecondsBefore }: Idle,
): SectionRow {
  const { rssBytes, cpuSeconds } = server.usage()
  return {
    contender: server.contender.name,
    of: '',
    cells: {
      rss: served < clients ? `only ${served} were served` : exactly((rssBytes - rssBefore) / clients / 1024),
      kernel: exactly(socketBytes / clients / 1024),
      cpu: exactly((100 * (cpuSeconds - cpuSecondsBefore)) / (idleMs / 1000)),
      connects: exactly(clients / cpuSecondsToConnect),
      took: exactly(tookMs / 1000),
    },
  }
}
