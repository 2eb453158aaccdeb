import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findCommand } from '../../scripts/find-command.ts'
import { howToGetKafka } from '../../scripts/test-suites.ts'
import { places } from './places.ts'
import { findConsoleProducer } from './testing/console-producer.ts'

/** A thing to install: from which files, where, and by which command. */
interface Part {
  readonly what: string
  /** Files. When one of them changes, the part is installed again. */
  readonly sources: readonly string[]
  /** A tool of which another version asks for another installation. */
  readonly tool?: readonly [command: string, ...args: string[]]
  readonly folder: string
  readonly run: () => Promise<void>
}

const here = (path: string): string => fileURLToPath(new URL(`producers/${path}`, import.meta.url))
const limitMs = 600_000

const python = (requirements: string, folder: string): Part => ({
  what: `the Python packages of ${requirements}`,
  sources: [here(`python/${requirements}`)],
  tool: ['python3', '--version'],
  folder,
  // With --target neither a virtual environment nor root is needed. No dependencies but those that the file pins, and nothing is compiled.
  run: () => command('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--target', folder, '--requirement', here(`python/${requirements}`)]),
})

const parts: readonly Part[] = [
  python('requirements.txt', places.python),
  python('requirements-cloudevents-1.txt', places.pythonCloudEvents1),
  {
    what: 'the packages of producers/node/package.json',
    sources: ['package.json', 'package-lock.json'].map((name) => here(`node/${name}`)),
    folder: places.node,
    run: async () => {
      for (const name of ['package.json', 'package-lock.json']) cpSync(here(`node/${name}`), join(places.node, name))
      await command('npm', ['ci', '--ignore-scripts', '--loglevel=error'], places.node)
    },
  },
  {
    what: 'the Go producers',
    sources: ['go.mod', 'go.sum', ...readdirSync(here('go')).filter((name) => name.endsWith('.go'))].map((name) => here(`go/${name}`)),
    folder: dirname(places.goBinary),
    run: () => command('go', ['build', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', places.goBinary, '.'], here('go')),
  },
]

/** Installs what is not there yet, all parts at once. @throws with a remedy when a toolchain is missing, and when a part fails */
export async function install(say: (line: string) => void): Promise<void> {
  const missing = missingTools()
  if (missing.length > 0) throw new Error(`make interop needs more than this machine has.\n${missing.join('\n')}`)
  const outcomes = await Promise.allSettled(parts.map((part) => installPart(part, say)))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

async function installPart({ what, sources, tool, folder, run }: Part, say: (line: string) => void): Promise<void> {
  const stamp = join(folder, '.installed')
  const version = tool === undefined ? '' : execFileSync(tool[0], tool.slice(1), { encoding: 'utf8', timeout: 10_000 })
  const wanted = createHash('sha256').update([...sources.map((path) => readFileSync(path, 'utf8')), version].join('\n')).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const startedMs = Date.now()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run()
  writeFileSync(stamp, wanted)
  say(`Installed ${what} in ${Math.round((Date.now() - startedMs) / 1000)} s.`)
}

/** One line for each tool that is missing, with what to do. */
function missingTools(): readonly string[] {
  const remedies: Readonly<Record<string, string>> = {
    'python3': 'python3 is missing. Install Python 3.10 or later with pip; on Debian: apt-get install python3 python3-pip.',
    'go': 'go is missing. Install Go 1.26 or later: https://go.dev/doc/install.',
    'npm': 'npm is missing. Install Node.js with npm: https://nodejs.org/en/download.',
    'kafka-server': `kafka-server is missing. ${howToGetKafka}`,
  }
  const missing = Object.entries(remedies).flatMap(([name, remedy]) => (findCommand(name) === null ? [remedy] : []))
  return findConsoleProducer() === null ? [...missing, 'kafka-console-producer.sh is missing. It is in bin/ of every Kafka distribution: set KAFKA_HOME to that folder.'] : missing
}

async function command(name: string, args: readonly string[], folder?: string): Promise<void> {
  const child = spawn(name, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-4_000)))
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  if (code !== 0) throw new Error(`${[name, ...args].join(' ')} ended with ${code}:\n${output}`)
}
