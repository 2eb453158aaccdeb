import { messageOf } from '../../../program/message-of.ts'
import type { KafkaBroker } from '../../../testing/kafka/kafka-broker.ts'
import { nowMs } from '../../lib/clock.ts'
import type { Contender, MeasureName } from '../contenders/contender.ts'
import { readUsage } from '../machine/proc.ts'
import type { PeerRig, Server } from '../peer-rig.ts'
import type { Section, SectionRow } from '../report/section.ts'

export interface Measure {
  readonly name: MeasureName
  /** True when a broker gives it more rows. */
  readonly wantsKafka: boolean
  run(world: MeasureWorld): Promise<Section>
}

export interface MeasureWorld {
  readonly rig: PeerRig
  /** Contenders that this machine can run, Carillon first. */
  readonly contenders: readonly Contender[]
  /** null: no broker could start. */
  readonly kafka: KafkaBroker | null
  /** Fewer clients, shorter windows: a trial run, not for quotation. */
  readonly isQuick: boolean
  readonly say: (line: string) => void
}

/** Bytes of the application's data in one event. */
export const eventBytes = 512

export interface Observed<T> {
  readonly result: T
  /** Cost of the server. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  /** Share of a processor, from 0 to 1. */
  readonly serverBusy: number
  readonly loadBusy: number
}

/** Measures what the server and the load generator spend during a task. */
export async function observe<T>(rig: PeerRig, server: Server, run: () => Promise<T>): Promise<Observed<T>> {
  const before = { server: server.usage(), load: readUsage(rig.load.pid), atMs: nowMs() }
  const result = await run()
  const wallSeconds = (nowMs() - before.atMs) / 1000
  const cpuSeconds = server.usage().cpuSeconds - before.server.cpuSeconds
  const loadSeconds = readUsage(rig.load.pid).cpuSeconds - before.load.cpuSeconds
  return { result, cpuSeconds, wallSeconds, serverBusy: cpuSeconds / wallSeconds, loadBusy: loadSeconds / wallSeconds }
}

/** Connects the clients of a group, and reports those that are not served. */
export async function connect(
  { rig, say }: MeasureWorld,
  { contender, port }: Server,
  options: { readonly group: string; readonly clients: number; readonly resumes?: boolean },
): Promise<void> {
  const { ready, failures } = await rig.load.call('open', { ...options, dialect: contender.dialect, ports: [port] })
  if (ready < options.clients)
    say(`${contender.title}: only ${ready} of ${options.clients} clients are served: ${JSON.stringify(failures)}`)
}

/** Upper bound of the events that any server takes in a window at saturation. */
export const saturationNumbers = 100_000

/** Contenders that take part in a measure. */
export const takingPart = ({ contenders }: Pick<MeasureWorld, 'contenders'>, measure: MeasureName): readonly Contender[] =>
  contenders.filter(({ leavesOut }) => leavesOut?.[measure] === undefined)

/** Returns a row with the reason for each contender that leaves the measure out. @param key of the column that has it */
export const leftOutRows = (
  { contenders }: Pick<MeasureWorld, 'contenders'>,
  measure: MeasureName,
  { key, of }: { readonly key: string; readonly of: string },
): readonly SectionRow[] =>
  contenders.flatMap(({ name, leavesOut }) => {
    const reason = leavesOut?.[measure]
    return reason === undefined ? [] : [{ contender: name, of, cells: { [key]: `left out: ${reason}` } }]
  })

/** Runs a task with each contender's server in turn, and continues after a failure. */
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
      world.say(`${contender.title} could not be measured: ${messageOf(error)}`)
    }
  }
}
