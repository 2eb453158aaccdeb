import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findCommand } from '../scripts/find-command.ts'

/** A part to install: its files, its folder, and its command. */
export interface Part {
  readonly what: string
  /** Files of the part. A change in one of them makes it install again. */
  readonly sources: readonly string[]
  /** A tool and the arguments that print its version. Another version needs another installation. */
  readonly tool?: readonly [command: string, ...args: string[]]
  readonly folder: string
  readonly run: () => Promise<void>
}

const limitMs = 600_000

/** Remedy for each tool, for the message about a missing one. */
export const toolRemedies = {
  python3: 'python3 is missing. Install Python 3.10 or later with pip; on Debian: apt-get install python3 python3-pip.',
  go: 'go is missing. Install Go 1.26 or later: https://go.dev/doc/install.',
  npm: 'npm is missing. Install Node.js with npm: https://nodejs.org/en/download.',
} as const

/** Returns the part with the packages of a requirements file, below a folder for PYTHONPATH. */
export function pythonPart(requirements: string, folder: string): Part {
  return {
    what: `the Python packages of ${requirements}`,
    sources: [requirements],
    tool: ['python3', '--version'],
    folder,
    // --target needs neither a virtual environment nor root. No dependencies but those that the file pins, and nothing is compiled.
    run: () =>
      runInstaller('python3', [
        '-m',
        'pip',
        'install',
        '--quiet',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary=:all:',
        '--target',
        folder,
        '--requirement',
        requirements,
      ]),
  }
}

/** Returns the part with the packages of a folder with package.json and package-lock.json, without their scripts. */
export function nodePart(source: string, folder: string): Part {
  const sources = ['package.json', 'package-lock.json'].map((name) => join(source, name))
  return {
    what: `the npm packages of ${source}`,
    sources,
    folder,
    run: async () => {
      for (const path of sources) cpSync(path, join(folder, path.slice(source.length)))
      await runInstaller('npm', ['ci', '--ignore-scripts', '--loglevel=error'], folder)
    },
  }
}

/** Returns the part with the Go program of a folder with go.mod and go.sum. */
export function goPart(source: string, binary: string): Part {
  return {
    what: `the Go program of ${source}`,
    sources: ['go.mod', 'go.sum', ...readdirSync(source).filter((name) => name.endsWith('.go'))].map((name) => join(source, name)),
    folder: dirname(binary),
    run: () => runInstaller('go', ['build', '-buildvcs=false', '-trimpath', '-ldflags=-s -w', '-o', binary, '.'], source),
  }
}

/** Returns a line with the remedy for each tool that is missing. */
export function findMissingTools(remedies: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(remedies).flatMap(([name, remedy]) => (findCommand(name) === null ? [remedy] : []))
}

/** Installs the missing parts, all at once. @throws with the remedies when tools are missing, and when a part fails */
export async function installParts(parts: readonly Part[], missing: readonly string[], say: (line: string) => void): Promise<void> {
  if (missing.length > 0) throw new Error(`make interop needs more than this machine has.\n${missing.join('\n')}`)
  const outcomes = await Promise.allSettled(parts.map((part) => installPart(part, say)))
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

async function installPart({ what, sources, tool, folder, run }: Part, say: (line: string) => void): Promise<void> {
  const stamp = join(folder, '.installed')
  const version = tool === undefined ? '' : execFileSync(tool[0], tool.slice(1), { encoding: 'utf8', timeout: 10_000 })
  const wanted = createHash('sha256')
    .update([...sources.map((path) => readFileSync(path, 'utf8')), version].join('\n'))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const startedMs = Date.now()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run()
  writeFileSync(stamp, wanted)
  say(`Installed ${what} in ${Math.round((Date.now() - startedMs) / 1000)} s.`)
}

/** Runs the command of a part to its end. @throws with its last output when it does not exit with 0 */
export async function runInstaller(name: string, args: readonly string[], folder?: string): Promise<void> {
  const child = spawn(name, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-4_000)))
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  if (code !== 0) throw new Error(`${[name, ...args].join(' ')} ended with ${code}:\n${output}`)
}
