/** Measures side by side and prints the tables: `node bench/peers/main.ts [--quick] [NAME...]`. Figures never make it fail. */
import { messageOf } from '../../program/message-of.ts'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type KafkaBroker, startKafka } from '../../testing/kafka/kafka-broker.ts'
import { replaceBetweenMarks } from '../lib/page-marks.ts'
import { type Choice, parseCommandLine, usageText } from './command-line.ts'
import type { Contender } from './contenders/contender.ts'
import { contenders, inOneMeasure } from './contenders/contenders.ts'
import { busyElsewhere, describeMachine } from './machine/describe-machine.ts'
import { measures } from './measures/measures.ts'
import type { MeasureWorld } from './measures/measure.ts'
import { buildDirectoryOf, withPeerRig } from './peer-rig.ts'
import { renderReport } from './report/report.ts'
import type { Section } from './report/section.ts'

const buildRoot = fileURLToPath(new URL('../../.infra/peers/', import.meta.url))
const pagePictures = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))
const page = new URL('../../docs/benchmarks.md', import.meta.url)
const names = { measures: measures.map(({ name }) => name), contenders: contenders.map(({ name }) => name) }
const say = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)

async function main(): Promise<void> {
  const choice = parseCommandLine(process.argv.slice(2), names)
  if (!choice.ok || choice.value.isHelp) {
    console.log(choice.ok ? usageText(names) : `${choice.error}\n\n${usageText(names)}`)
    process.exitCode = choice.ok ? 0 : 2
    return
  }
  if (process.platform !== 'linux') {
    console.log('It reads figures of processes from Linux; this is another system.')
    process.exitCode = 2
    return
  }
  process.setMaxListeners(100)
  // After an interruption, the `exit` handlers of the starters end what they started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await run(choice.value)
}

async function run(choice: Choice): Promise<void> {
  const startMs = Date.now()
  // Later processes keep off the processor of the measured server, unless they are that server.
  spawnSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)])
  const prepared = await prepare(choice)
  const busyBefore = await busyElsewhere(say)
  const sections = await withPeerRig(
    { clients: choice.isQuick ? 1_000 : 10_000, users: choice.isQuick ? 200 : 2_000, buildRoot },
    async (rig) => measureAll(choice, { rig, contenders: prepared.had, isQuick: choice.isQuick, say, kafka: null }),
  )
  const report = renderReport({
    sections,
    versions: prepared.versions,
    absent: prepared.absent,
    contenders: [...contenders, ...inOneMeasure],
    machine: describeMachine(),
    busyBefore,
    minutes: (Date.now() - startMs) / 60_000,
    isQuick: choice.isQuick,
    date: new Date(),
  })
  console.log(report)
  writePictures(choice, sections)
  if (choice.isWhole) writeFileSync(page, replaceBetweenMarks(readFileSync(page, 'utf8'), 'bench/peers/main.ts', report))
}

/** Writes them beside the page. Those of a part of the measures are only to look at. */
function writePictures({ isWhole }: Choice, sections: ReadonlyMap<string, Section>): void {
  const folder = isWhole ? pagePictures : buildRoot
  mkdirSync(folder, { recursive: true })
  for (const { file, svg } of [...sections.values()].flatMap(({ pictures = [] }) => pictures)) {
    writeFileSync(join(folder, file), svg)
    say(`a picture is in ${join(folder, file)}`)
  }
}

interface Prepared {
  readonly had: readonly Contender[]
  readonly versions: ReadonlyMap<string, string>
  /** Reasons why contenders are missing. */
  readonly absent: ReadonlyMap<string, string>
}

async function prepare(choice: Choice): Promise<Prepared> {
  const versions = new Map<string, string>()
  const absent = new Map<string, string>()
  for (const contender of contenders.filter(({ name }) => choice.contenders.includes(name))) {
    const version = await contender.prepare({ directory: buildDirectoryOf(buildRoot, contender), say })
    if (version.ok) versions.set(contender.name, version.value)
    else absent.set(contender.name, version.error)
    if (!version.ok) say(`${contender.title} is left out: ${version.error}`)
  }
  return { had: contenders.filter(({ name }) => versions.has(name)), versions, absent }
}

/** A broker runs only while measures need it: it takes memory and time. */
async function measureAll(choice: Choice, world: MeasureWorld): Promise<ReadonlyMap<string, Section>> {
  const sections = new Map<string, Section>()
  let kafka: KafkaBroker | null = null
  try {
    for (const measure of measures.filter(({ name }) => choice.measures.includes(name))) {
      if (measure.wantsKafka) kafka ??= await startKafkaIfAny()
      say(`---- ${measure.name}`)
      sections.set(measure.name, await measure.run({ ...world, kafka }))
    }
  } finally {
    await kafka?.stop()
  }
  return sections
}

async function startKafkaIfAny(): Promise<KafkaBroker | null> {
  try {
    return await startKafka()
  } catch (error) {
    // The message names what is missing, and what to install.
    say(messageOf(error))
    return null
  }
}

await main()
