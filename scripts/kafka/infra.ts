/**
 * `make infra` starts a real Kafka on 127.0.0.1:9092, by docker compose or natively, and `make infra-down` ends what it started (and
 * nothing else). Both are idempotent. Their state is in .infra/.
 * node scripts/kafka/infra.ts up|down [--native] [--port N] [--folder DIR]
 */
import { messageOf } from '../../program/message-of.ts'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findCommand } from '../find-command.ts'
import { end, identify, isRunning, type OwnProcess } from './own-process.ts'
import { speaksKafka } from './speaks-kafka.ts'
import { howToGetKafka } from '../test/suites.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const startTimeoutMs = 90_000
const image = 'apache/kafka:4.1.1'

interface Place {
  readonly port: number
  readonly folder: string
  readonly native: boolean
}

async function up(place: Place): Promise<void> {
  const ours = remembered(place) !== null || existsSync(composeMark(place))
  if (await speaksKafka('127.0.0.1', place.port))
    return say(place, ours ? 'runs already' : 'runs already (`make infra` did not start it and will not stop it)')
  mkdirSync(place.folder, { recursive: true })
  if (!place.native && canCompose()) return composeUp(place)
  const command = findCommand('kafka-server') ?? (process.env['KAFKA_HOME'] === undefined ? null : join(root, 'scripts/kafka-server'))
  if (command !== null) return nativeUp(place, command)
  throw new Error(
    `There is no way to run Kafka on this machine. Either install docker with the compose plugin and let it pull ${image}, or: ${howToGetKafka}`,
  )
}

async function down(place: Place): Promise<void> {
  const own = remembered(place)
  const composed = existsSync(composeMark(place))
  if (own !== null) await end(own)
  if (composed) docker(['compose', '--file', join(root, 'compose.yaml'), 'down'], 'inherit')
  rmSync(pidFile(place), { force: true })
  rmSync(composeMark(place), { force: true })
  console.log(own !== null || composed ? 'Kafka has stopped.' : '`make infra` has nothing running.')
  if (existsSync(dataFolder(place)))
    console.log(
      `Its data are still in ${dataFolder(place)}: the next \`make infra\` finds them again; remove the folder to begin with an empty Kafka.`,
    )
}

// ---- docker compose

function canCompose(): boolean {
  if (docker(['info']) !== 0 || docker(['compose', 'version']) !== 0) return false
  if (docker(['image', 'inspect', image]) === 0) return true
  console.log(`docker pull ${image}`)
  return docker(['pull', image], 'inherit') === 0
}

function docker(words: readonly string[], stdio: 'ignore' | 'inherit' = 'ignore'): number {
  return spawnSync('docker', words, { stdio }).status ?? 1
}

async function composeUp(place: Place): Promise<void> {
  console.log('starting Kafka with docker compose')
  // Written before the start: a half-started Kafka must be stopped as well.
  writeFileSync(composeMark(place), '')
  const code = docker(['compose', '--file', join(root, 'compose.yaml'), 'up', '--detach', '--wait'], 'inherit')
  if (code !== 0) throw new Error('docker compose could not start it: see above. `make infra-down` cleans up.')
  await accepts(
    place,
    () => true,
    () => 'see `docker compose logs kafka`',
  )
}

// ---- natively

async function nativeUp(place: Place, command: string): Promise<void> {
  const logFile = join(place.folder, 'kafka.log')
  console.log(`starting Kafka with ${command} (its output: ${logFile})`)
  const log = openSync(logFile, 'w')
  const child = spawn(command, ['--port', String(place.port), '--data', dataFolder(place)], {
    detached: true,
    stdio: ['ignore', log, log],
    env: brokerEnvironment(),
  })
  const failure = new Promise<never>((_, reject) => child.once('error', reject))
  closeSync(log)
  child.unref()
  const own = child.pid === undefined ? null : identify(child.pid)
  if (own !== null) writeFileSync(pidFile(place), JSON.stringify(own))
  const hint = (): string => `see ${logFile}; its end:\n${lastLines(logFile)}`
  try {
    await Promise.race([failure, accepts(place, () => own !== null && isRunning(own), hint)])
  } catch (error) {
    if (own !== null) await end(own)
    rmSync(pidFile(place), { force: true })
    throw error
  }
}

/** KAFKA_* variables are options of the gateway here, but settings of the broker to some launchers. */
function brokerEnvironment(): NodeJS.ProcessEnv {
  const kept = ['KAFKA_HOME', 'KAFKA_OPTS', 'KAFKA_HEAP_OPTS']
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KAFKA_') || kept.includes(name)))
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : ''
}

// ---- both

async function accepts(place: Place, isAlive: () => boolean, hint: () => string): Promise<void> {
  const began = Date.now()
  for (let round = 1; !(await speaksKafka('127.0.0.1', place.port)); round += 1) {
    if (!isAlive()) throw new Error(`Kafka ended before it took connections: ${hint()}`)
    if (Date.now() - began > startTimeoutMs)
      throw new Error(`Kafka does not answer on port ${place.port} after ${startTimeoutMs / 1000} s: ${hint()}`)
    if (round % 10 === 0) console.log(`  waiting for Kafka (${Math.round((Date.now() - began) / 1000)} s)`)
    await sleep(250)
  }
  say(place, `is ready after ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

function say(place: Place, how: string): void {
  const brokers = `127.0.0.1:${place.port}`
  console.log(`Kafka on ${brokers} ${how}. Next:\n  KAFKA_BROKERS=${brokers} make start\n  make emit-test`)
}

/** Kafka that `up` started and that still runs. */
function remembered(place: Place): OwnProcess | null {
  if (!existsSync(pidFile(place))) return null
  // Only nativeUp writes this file.
  const own = JSON.parse(readFileSync(pidFile(place), 'utf8')) as OwnProcess
  return isRunning(own) ? own : null
}

const pidFile = (place: Place): string => join(place.folder, 'kafka.pid')
const composeMark = (place: Place): string => join(place.folder, 'compose')
const dataFolder = (place: Place): string => join(place.folder, 'kafka')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    native: { type: 'boolean', default: false },
    port: { type: 'string', default: '9092' },
    folder: { type: 'string', default: join(root, '.infra') },
  },
})
const [verb = 'up'] = positionals
const place: Place = { port: Number(values.port), folder: resolve(values.folder), native: values.native }
try {
  if (verb !== 'up' && verb !== 'down') throw new Error(`${verb}: expected up or down`)
  await (verb === 'up' ? up(place) : down(place))
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
