import { spawn } from 'node:child_process'

const timeLimitMs = 120_000

export interface CommandRun {
  readonly environment: Readonly<Record<string, string>>
  readonly input: string
}

/** Runs a command to its end, within two minutes. @throws with its last output when it does not exit with 0 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { environment, input }: CommandRun,
): Promise<{ readonly output: string }> {
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: 'pipe',
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
  })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (written[stream] += chunk.toString()))
  // A program that fails early closes its input; the error below has the reason.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  })
  if (code !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with ${code}:\n${`${written.stdout}${written.stderr}`.slice(-2_000)}`)
  return { output: written.stdout }
}
