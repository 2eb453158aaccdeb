import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../run-command.ts'
import { places } from '../places.ts'
import type { Plan, Report } from './plan.ts'

/** Carries out a plan with a foreign client. A failure of one case is a report; it rejects only when the program breaks. */
export type Program = (plan: Plan) => Promise<readonly Report[]>

const source = (path: string): string => fileURLToPath(new URL(`../producers/${path}`, import.meta.url))

/**
 *
 * @param packages folders with packages; of two that hold the same package the first counts
 */
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

interface ForeignRun {
  readonly environment: Readonly<Record<string, string>>
  readonly plan: Plan
}

async function runForeign(command: string, args: readonly string[], { environment, plan }: ForeignRun): Promise<readonly Report[]> {
  const { output } = await runCommand(command, args, { environment, input: JSON.stringify(plan) })
  // The programs write lines of this form, and nothing else.
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Report)
}
