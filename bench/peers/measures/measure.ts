import type { KafkaBroker } from '../../../testing/kafka/kafka-broker.ts'
import { nowMs } from '../../lib/clock.ts'
import type { Contender } from '../contenders/contender.ts'
import { readUsage } from '../machine/proc.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import type { Section } from '../report/section.ts'

export interface Measure {
  readonly name: string
  /** Whether it has more to tell where there is a broker. */
  readonly wantsKafka: boolean
  run(world: MeasureWorld): Promise<Section>
}

export interface MeasureWorld {
  readonly rig: PeerRig
  /** Those that could be had, ours first. */
  readonly contenders: readonly Contender[]
  /** null: none could be started. */
  readonly kafka: KafkaBroker | null
  /** Fewer clients, shorter windows: to see that it works, not to quote. */
  readonly isQuick: boolean
  readonly say: (line: string) => void
}

/** Of the application's data in one event. */
export const eventBytes = 512

export interface Observed<T> {
  readonly result: T
  /** Of the server. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  /** Of a processor, from 0 to 1. */
  readonly serverBusy: number
  readonly loadBusy: number
}

/** What the server and the load generator spend while something is done. */
export async function observe<T>(rig: PeerRig, server: Server, run: () => Promise<T>): Promise<Observed<T>> {
  const before = { server: server.usage(), load: readUsage(rig.load.pid), atMs: nowMs() }
  const result = await run()
  const wallSeconds = (nowMs() - before.atMs) / 1000
  const cpuSeconds = server.usage().cpuSeconds - before.server.cpuSeconds
  const loadSeconds = readUsage(rig.load.pid).cpuSeconds - before.load.cpuSeconds
  return { result, cpuSeconds, wallSeconds, serverBusy: cpuSeconds / wallSeconds, loadBusy: loadSeconds / wallSeconds }
}

/** Connects so many clients, as a group of this name, and says it when some of them are not served. */
export async function connect(
  { rig, say }: MeasureWorld,
  { contender, port }: Server,
  options: { readonly group: string; readonly clients: number },
): Promise<void> {
  const { ready, failures } = await rig.load.call('open', { ...options, dialect: contender.dialect, ports: [port] })
  if (ready < options.clients)
    say(`${contender.title}: only ${ready} of ${options.clients} clients are served: ${JSON.stringify(failures)}`)
}

/** More events than any server takes in a window at saturation. */
export const saturationNumbers = 100_000

/** Without those that differ from another only in what they keep for clients that come back. */
export const withoutVariants = ({ contenders }: MeasureWorld): readonly Contender[] =>
  contenders.filter((one) => one === contenders.find(({ dialect }) => dialect === one.dialect))

/** Does something with each contender's server in turn, and goes on with the next when one fails. */
export async function forEachServer(
  world: MeasureWorld,
  contenders: readonly Contender[],
  run: (server: Server) => Promise<void>,
): Promise<void> {
  for (const contender of contenders) {
    try {
      const server = await world.rig.start(contender)
      await run(server).finally(() => server.kill())
    } catch (error) {
      world.say(`${contender.title} could not be measured: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
