/**
 * Loads one gateway on a real Kafka for half an hour. Clients come and go, one reads slowly, and the broker restarts half way.
 * `node bench/soak/main.ts --help`. It draws memory and delays over time. Figures never make it fail.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startKafka } from '../../testing/kafka/kafka-broker.ts'
import { figure } from '../lib/bench.ts'
import { withPeerRig } from '../peers/peer-rig.ts'
import { drawLines } from './draw-lines.ts'
import { parseSoak, type SoakPlan, soakUsage } from './parse-soak.ts'
import { identitiesOf, runSoak, type Soaked } from './run-soak.ts'
import { growthOf, type Sample } from './samples.ts'

const buildRoot = fileURLToPath(new URL('../../.infra/peers/', import.meta.url))
const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

async function main(): Promise<void> {
  const plan = parseSoak(process.argv.slice(2))
  if (!plan.ok || plan.value === null) {
    console.log(plan.ok ? soakUsage : `${plan.error}\n\n${soakUsage}`)
    process.exitCode = plan.ok ? 0 : 2
    return
  }
  process.setMaxListeners(100)
  // After an interruption, the `exit` handlers of the starters end what they started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await soak(plan.value)
}

async function soak(plan: SoakPlan): Promise<void> {
  const clients = identitiesOf(plan)
  const kafka = await startKafka()
  try {
    const soaked = await withPeerRig({ clients, users: clients, buildRoot }, (rig) => runSoak({ rig, kafka, say }, plan))
    mkdirSync(dirname(plan.out), { recursive: true })
    writeFileSync(plan.out, pictureOf(plan, soaked))
    console.log(summaryOf(plan, soaked))
  } finally {
    await kafka.stop()
  }
}

const rssOf = ({ rssBytes }: Sample): number => rssBytes / 1e6
const lagOf = ({ lagMs }: Sample): number => lagMs

function pictureOf({ sockets, eventsPerSecond, churnPerSecond }: SoakPlan, { samples, marks }: Soaked): string {
  const pointsOf = (read: (sample: Sample) => number) => samples.map((sample) => ({ atS: sample.atS, value: read(sample) }))
  return drawLines({
    title: `${sockets.toLocaleString('en-US')} sockets, ${eventsPerSecond} events/s, ${churnPerSecond} connections/s come and go, one slow reader`,
    panels: [
      { title: 'RSS of the gateway, MB', lines: [{ name: '', points: pointsOf(rssOf) }] },
      { title: 'longest delay of the event loop in each second, ms', lines: [{ name: '', points: pointsOf(lagOf) }] },
    ],
    marks,
    unit: 'min',
  })
}

function summaryOf({ sockets, out }: SoakPlan, { samples, accepted, retries, ready }: Soaked): string {
  const lineOf = (what: string, unit: string, read: (sample: Sample) => number): string => {
    const { first, last, ratio } = growthOf(samples, read)
    return `${what}: ${figure(first)} ${unit} in the second quarter, ${figure(last)} ${unit} in the last (medians): x ${figure(ratio)}`
  }
  return [
    lineOf('RSS', 'MB', rssOf),
    lineOf('Longest delay of the event loop in a second', 'ms', lagOf),
    `${accepted} events taken, ${retries} attempts repeated. ${ready} of ${sockets} connections are served at the end.`,
    `The picture is ${out}.`,
  ].join('\n')
}

await main()
