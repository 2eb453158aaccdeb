/**
 * Measures what a pod of a channel costs, fits a model to it, and plans pods for larger channels: `node bench/capacity/main.ts [--quick]`.
 * A whole run writes docs/capacity.md. Figures never make it fail.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startKafka } from '../../testing/kafka/kafka-broker.ts'
import { figure } from '../lib/bench.ts'
import { replaceBetweenMarks } from '../lib/page-marks.ts'
import { busyElsewhere, describeMachine } from '../peers/machine/describe-machine.ts'
import { withPeerRig } from '../peers/peer-rig.ts'
import { renderCapacity } from './report.ts'
import { quickPlan, runCapacity, wholePlan } from './run-capacity.ts'

const buildRoot = fileURLToPath(new URL('../../.infra/peers/', import.meta.url))
const page = new URL('../../docs/capacity.md', import.meta.url)
const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

const usage = `Usage: node bench/capacity/main.ts [--quick]

Measures 1, 2 and 4 gateways on one topic of a real Kafka, fits a model to their processor time and memory, and writes docs/capacity.md.
It takes eight minutes, and needs Linux and a kafka-server.
--quick   takes two minutes and shows that it works; its figures are not worth quoting, and it writes nothing.`

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } })
  if (values.help) return console.log(usage)
  process.setMaxListeners(100)
  // After an interruption, the `exit` handlers of the starters end what they started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await run(values.quick)
}

async function run(isQuick: boolean): Promise<void> {
  const startMs = Date.now()
  // Later processes keep off the processor of the measured pods, unless they are those pods.
  spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)])
  const busyBefore = await busyElsewhere(say)
  const plan = isQuick ? quickPlan : wholePlan
  const clients = Math.max(...plan.sessions)
  const kafka = await startKafka()
  try {
    const findings = await withPeerRig({ clients, users: clients, buildRoot }, (rig) => runCapacity({ rig, kafka, say }, plan))
    const report = renderCapacity({ ...findings, conditions: conditionsOf({ busyBefore, minutes: (Date.now() - startMs) / 60_000 }) })
    console.log(report)
    if (!isQuick) writeFileSync(page, replaceBetweenMarks(readFileSync(page, 'utf8'), 'bench/capacity/main.ts', report))
  } finally {
    await kafka.stop()
  }
}

const conditionsOf = ({ busyBefore, minutes }: { readonly busyBefore: number; readonly minutes: number }): string =>
  `${describeMachine()}; ${new Date().toISOString().slice(0, 10)}, ${figure(minutes)} minutes; before it, others took ${figure(100 * busyBefore)} % of the machine.`

await main()
