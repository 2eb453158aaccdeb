import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { places } from '../places.ts'
import type { Plan, Report } from './plan.ts'

/** Does what a plan says with a foreign client. A failure of one case is a report; only a program that breaks rejects. */
export type Program = (plan: Plan) => Promise<readonly Report[]>

const source = (path: string): string => fileURLToPath(new URL(`../producers/${path}`, import.meta.url))

/** @param packages folders with packages; of two that hold the same package the first counts */
export function pythonProgram(script: string, args: readonly string[] = [], packages: readonly string[] = [places.python]): Program {
  const environment = { PYTHONPATH: packages.join(':'), PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1' }
  return (plan) => runForeign('python3', [source(`python/${script}`), ...args], { environment, plan })
}

export function goProgram(client: string): Program {
  return (plan) => runForeign(places.goBinary, [client], { environment: {}, plan })
}

export function nodeProgram(script: string): Program {
  return (plan) => runForeign(process.execPath, [source(`node/${script}`)], { environment: { INTEROP_PACKAGES: join(places.node) }, plan })
}

const timeLimitMs = 120_000

interface ForeignRun {
  readonly environment: Readonly<Record<string, string>>
  readonly plan: Plan
}

async function runForeign(command: string, args: readonly string[], { environment, plan }: ForeignRun): Promise<readonly Report[]> {
  const { output } = await runCommand(command, args, { environment, input: JSON.stringify(plan) })
  // The programs write lines of this form, and nothing else.
  return output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Report)
}

interface CommandRun {
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
}

/** Runs a command to its end, within two minutes. @throws with its last words when it does not exit with 0 */
export async function runCommand(command: string, args: readonly string[], { environment, input }: CommandRun): Promise<{ readonly output: string }> {
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: 'pipe', timeout: timeLimitMs, killSignal: 'SIGKILL' })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (written[stream] += chunk.toString()))
  // A program that breaks early closes its input; why it broke is told below.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${`${written.stdout}${written.stderr}`.slice(-2_000)}`)
  return { output: written.stdout }
}
