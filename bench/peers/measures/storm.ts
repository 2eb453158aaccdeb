import { setTimeout as sleep } from 'node:timers/promises'
import { figure } from '../../lib/bench.ts'
import { nowMs } from '../../lib/clock.ts'
import { carillonWithTickets } from '../contenders/carillon.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import { exactly } from '../report/figures.ts'
import type { SectionRow } from '../report/section.ts'
import { drawStorm, type MemoryAt, type StormCourse } from './draw-storm.ts'
import { connect, eventBytes, forEachServer, leftOutRows, type Measure, takingPart } from './measure.ts'

const group = 'storm'
/** Servers in the picture. */
const drawn: ReadonlySet<string> = new Set(['carillon', 'centrifugo', 'bun'])
const backOff = { minBackOffMs: 200, maxBackOffMs: 1_000 }

/** Kills and restarts a server, and connects all of its clients at once. */
export const storm: Measure = {
  name: 'storm',
  wantsKafka: false,
  run: async (world) => {
    const { rig } = world
    const clients = world.isQuick ? 1_000 : 10_000
    const rows: SectionRow[] = []
    const courses: StormCourse[] = []
    const [ours, ...others] = takingPart(world, 'storm')
    const all = ours === undefined ? [] : [ours, carillonWithTickets, ...others]
    await forEachServer(world, all, async (before) => {
      const { contender, port } = before
      await connect(world, before, { group, clients, resumes: contender === carillonWithTickets })
      const killedAtMs = nowMs()
      await before.kill()
      await sleep(500)
      const server = await rig.start(contender, { port })
      const memory = watchMemory(server)
      const cpuBefore = server.usage().cpuSeconds
      const arrived = await rig.load.call('storm', { group, ...backOff, timeoutMs: 60_000 })
      const cpuSeconds = server.usage().cpuSeconds - cpuBefore
      const got = await reach(rig, server, arrived.served)
      const peak = server.usage().peakRssBytes
      if (drawn.has(contender.name)) courses.push({ title: contender.title, killedAtMs, progress: arrived.progress, memory: memory.stop() })
      else memory.stop()
      await rig.load.call('close', { group })
      await server.kill()
      const failed = Object.entries(arrived.failures).map(([reason, count]) => `${count} x ${reason}`)
      world.say(
        `${contender.title}: ${arrived.served} of ${clients} served after ${figure(arrived.tookMs / 1000)} s, ${failed.join(', ') || 'no failures'}`,
      )
      rows.push({
        contender: contender.name,
        of: '',
        cells: {
          took: arrived.served < clients ? `${arrived.served} of ${clients} after 60 s` : exactly(arrived.tookMs / 1000),
          p50: exactly(arrived.latencies.p50 / 1000),
          wait: arrived.served < clients ? 'not all are served' : exactly(arrived.latencies.max / arrived.latencies.p50),
          cpu: exactly(cpuSeconds),
          peak: exactly(peak / 1e6),
          failures: failed.join(', ') || 'none',
          got: `${got} of ${clients}`,
        },
      })
    })
    return {
      title: `${clients.toLocaleString('en-US')} clients come back at once to a server that was killed and started again`,
      columns: [
        { key: 'took', title: 'all served after, s', isCompared: true },
        { key: 'p50', title: 'half of them, s' },
        { key: 'wait', title: 'longest wait / median' },
        { key: 'cpu', title: 'CPU seconds', isCompared: true },
        { key: 'peak', title: 'peak RSS, MB', isCompared: true },
        { key: 'failures', title: 'failed attempts' },
        { key: 'got', title: 'reached by an event afterwards' },
      ],
      rows: [...rows, ...leftOutRows(world, 'storm', { key: 'took', of: '' })],
      pictures: courses.length === 0 ? [] : [drawStorm(clients, courses)],
      notes: [
        'With resume tickets, clients come back with a cursor and the ticket that the killed process gave them. The others come back as if for the first time, so that all verify a token for each.',
        `A client whose attempt fails comes again after ${backOff.minBackOffMs} to ${backOff.maxBackOffMs} ms.`,
      ],
    }
  },
}

/** Reads the memory of a server ten times a second until `stop`. */
function watchMemory(server: Server): { stop(): readonly MemoryAt[] } {
  const read: MemoryAt[] = []
  const look = (): void => {
    if (server.isRunning()) read.push({ atMs: nowMs(), rssBytes: server.usage().rssBytes })
  }
  look()
  const looking = setInterval(look, 100).unref()
  return {
    stop: () => {
      clearInterval(looking)
      return read
    },
  }
}

/** @returns how many clients a broadcast event reaches */
async function reach(rig: PeerRig, server: Server, served: number): Promise<number> {
  await rig.publisher.call('target', { name: group, ...server.target })
  // A bare server answers no handshake: the kernel accepts clients that it has not seen yet.
  await sleep(500)
  const before = await rig.load.call('counts', { group })
  await rig.publisher.call('atRate', {
    name: group,
    firstNumber: rig.takeNumbers(1),
    events: 1,
    perSecond: 1,
    bytes: eventBytes,
    users: null,
    retryForMs: 5_000,
  })
  const after = await rig.load.call('awaitEvents', { group, events: before.events + served, timeoutMs: 10_000 })
  return after.events - before.events
}
