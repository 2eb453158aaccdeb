import { channelType } from '../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../api/kubernetes.ts'
import { type Bench, type BenchSettings, figure, figureRow, type Row } from './lib/bench.ts'
import { nowMs } from './lib/clock.ts'
import { figuresOf, refOfChannel, untilFigures, withOperatorRig, type OperatorFigures, type OperatorRig } from './lib/operator-rig.ts'
import { findControlPlaneCommands } from '../testing/control-plane/control-plane.ts'
import { medianOf } from './lib/percentiles.ts'

export const bench: Bench = {
  title: 'Operator: from nothing to many channels, resyncs and restarts that write nothing, a new channel among thousands, memory',
  async run(settings) {
    const found = findControlPlaneCommands(process.env)
    if (!found.ok) {
      settings.say(found.error)
      return [{ measure: 'Operator', ours: 'not measured: no API server', other: '', ratio: '', target: '', verdict: '' }]
    }
    return withOperatorRig(async (rig) => [
      ...(await fromNothing(rig, settings)),
      ...(await restart(rig, settings)),
      ...(await amongMany(rig, settings)),
    ])
  },
}

const sizesOf = ({ isQuick }: BenchSettings): { readonly few: number; readonly many: number; readonly news: number } =>
  isQuick ? { few: 50, many: 200, news: 5 } : { few: 1_000, many: 5_000, news: 20 }
/** A broker opens three to four files per partition: 5,000 channels with more would exceed the usual limit of 20,000 open files, and it would stop. */
const onePartition = { topic: { partitions: 1 } } as const
const count = (value: number): string => value.toLocaleString('en-US')
const megabytes = (bytes: number): number => bytes / 2 ** 20

/** A page of this size keeps the server's answer small: a list has three representations in memory. */
async function channelsOf({ api }: OperatorRig): Promise<readonly KubernetesObject[]> {
  const all: KubernetesObject[] = []
  for (let continueToken: string | null = ''; continueToken !== null;) {
    const page = await api.list(channelType, { limit: 500, ...(continueToken === '' ? {} : { continueToken }) })
    if (!page.ok) throw new Error(page.error.message)
    all.push(...page.value.items)
    continueToken = page.value.continueToken
  }
  return all
}

interface Condition {
  readonly type: string
  readonly status: string
}

/** Reason that the operator gives when the topic exists and matches its spec. */
function hasTopic({ status }: KubernetesObject): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] } // the operator wrote it
  return conditions.some((condition) => condition.type === 'TopicReady' && condition.status === 'True')
}

async function fromNothing(rig: OperatorRig, settings: BenchSettings): Promise<readonly Row[]> {
  const { few } = sizesOf(settings)
  const operator = await rig.startOperator()
  const before = { figures: await figuresOf(operator), serverCpu: rig.serverCpu(), atMs: nowMs() }
  const made = rig
    .makeChannels(0, few, onePartition)
    .then(() => settings.say(`${count(few)} channels were made in ${figure((nowMs() - before.atMs) / 1000)} s`))
  const after = await untilFigures(operator, ({ deploymentsApplied, busy }) => deploymentsApplied >= few && busy === 0)
  const seconds = (nowMs() - before.atMs) / 1000
  await made
  const serverCpu = rig.serverCpu() - before.serverCpu
  const missing = (await channelsOf(rig)).filter((channel) => !hasTopic(channel))
  if (missing.length > 0) throw new Error(`${missing.length} channels have no topic, such as ${missing[0]?.metadata.name}`)
  await rig.stopOperator(operator)
  const spent = since(before.figures, after)
  settings.say(
    `${figure(spent.writes / seconds)} writes/s, ${figure(spent.writes / few)} writes and ${figure(spent.reads / few)} reads per channel, ${count(spent.kafkaRequests)} requests to Kafka; CPU: operator ${figure(spent.cpuSeconds)} s, API server and etcd ${figure(serverCpu)} s`,
  )
  return [
    figureRow({
      measure: `From nothing to ${count(few)} channels with every object and topic`,
      unit: 's',
      ours: seconds,
      max: 60,
      other: `${figure(spent.writes / seconds)} writes/s`,
    }),
    figureRow({
      measure: 'A new channel: processor time of the operator',
      unit: 'ms',
      ours: (spent.cpuSeconds / few) * 1000,
      other: `${figure((serverCpu / few) * 1000)} ms of the API server and etcd`,
    }),
    figureRow({
      measure: 'A new channel: requests that write',
      unit: '',
      ours: spent.writes / few,
      other: `${figure(spent.reads / few)} that read`,
    }),
  ]
}

/** Figures between `before` and `after`; memory is that of `after`. */
function since(before: OperatorFigures, after: OperatorFigures): OperatorFigures {
  return {
    ...after,
    reconciles: after.reconciles - before.reconciles,
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    kafkaRequests: after.kafkaRequests - before.kafkaRequests,
    kafkaWrites: after.kafkaWrites - before.kafkaWrites,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  }
}

async function restart(rig: OperatorRig, settings: BenchSettings): Promise<readonly Row[]> {
  const { few } = sizesOf(settings)
  const startedMs = nowMs()
  // Rounds follow one another as fast as they can.
  const operator = await rig.startOperator({ RESYNC_MS: '10000' })
  const started = await untilFigures(operator, ({ reconciles }) => reconciles >= few)
  const seconds = (nowMs() - startedMs) / 1000
  const resynced = since(started, await untilFigures(operator, ({ reconciles }) => reconciles >= started.reconciles + 2 * few))
  await rig.stopOperator(operator)
  settings.say(
    `restart: ${figure(seconds)} s until all were reconciled; a resync is ${figure(resynced.reads / resynced.reconciles)} reads and ${figure((resynced.cpuSeconds / resynced.reconciles) * 1000)} ms of processor time per channel, and ${figure((resynced.kafkaRequests / resynced.reconciles) * few)} requests to Kafka for all`,
  )
  return [
    figureRow({
      measure: `Restart of the operator at ${count(few)} channels: writes to Kubernetes and Kafka`,
      unit: '',
      ours: started.writes + started.kafkaWrites,
      max: 0,
      other: `${figure(seconds)} s until all were reconciled`,
    }),
    figureRow({
      measure: `Resync of ${count(few)} channels, twice: writes to Kubernetes and Kafka`,
      unit: '',
      ours: resynced.writes + resynced.kafkaWrites,
      max: 0,
      other: `${figure((resynced.cpuSeconds / resynced.reconciles) * 1000)} ms of processor time per channel`,
    }),
  ]
}

async function amongMany(rig: OperatorRig, settings: BenchSettings): Promise<readonly Row[]> {
  const { few, many, news } = sizesOf(settings)
  let peakBytes = 0
  const see = ({ rssBytes }: OperatorFigures): void => void (peakBytes = Math.max(peakBytes, rssBytes))
  const first = await rig.startOperator()
  await rig.makeChannels(few, many, onePartition)
  await untilFigures(first, ({ deploymentsApplied, busy }) => deploymentsApplied >= many - few && busy === 0, see)
  settings.say(
    `${count(many)} channels are there; the operator that made ${count(many - few)} of them has ${figure(megabytes(peakBytes))} MB at most`,
  )
  await rig.stopOperator(first)

  // Right after a start all channels are queued: the queue is as long as it ever is.
  const operator = await rig.startOperator()
  const waits: number[] = []
  let leastWaiting = Infinity
  for (let n = many; n < many + news; n += 1) {
    const { busy } = await figuresOf(operator)
    leastWaiting = Math.min(leastWaiting, busy)
    waits.push(await untilLookedAt(rig, n))
  }
  const after = await untilFigures(operator, ({ reconciles }) => reconciles >= many, see)
  settings.say(
    `${news} new channels while at least ${count(leastWaiting)} of ${count(many)} waited: ${waits.map((ms) => Math.round(ms)).join(', ')} ms; ${figure(megabytes(after.rssBytes))} MB when all were reconciled`,
  )
  await rig.stopOperator(operator)
  return [
    figureRow({
      measure: `A new channel is first reconciled while ${count(many)} others resync (longest of ${news})`,
      unit: 'ms',
      ours: Math.max(...waits),
      max: 1_000,
      other: `${figure(medianOf(waits))} ms in the middle`,
    }),
    figureRow({
      measure: `Memory of the operator (RSS) at ${count(many)} channels, at most`,
      unit: 'MB',
      ours: megabytes(peakBytes),
      max: 300,
    }),
  ]
}

/** @returns milliseconds from the moment when the API server has a new channel until its status is written */
async function untilLookedAt(rig: OperatorRig, n: number): Promise<number> {
  await rig.makeChannels(n, n + 1, onePartition)
  const startMs = nowMs()
  for (;;) {
    const found = await rig.api.get(channelType, refOfChannel(n))
    if (found.ok && found.value['status'] !== undefined) return nowMs() - startMs
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
