import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { failed, ok, type Result } from '../../../program/result.ts'

const keptCharacters = 2_000

/** Runs a command of a build to its end. A failure has its last output. */
export async function runStep(command: string, args: readonly string[], directory: string): Promise<Result<null, string>> {
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  const hear = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-keptCharacters))
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const [code] = (await once(child, 'close')) as [number | null] // arguments of 'close'
  return code === 0
    ? ok(null)
    : failed(`\`${[command, ...args.slice(0, 2)].join(' ')}\` ended with ${String(code)}: ${said.trim().split('\n').at(-1) ?? ''}`)
}
