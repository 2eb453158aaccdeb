import { spawnSync } from 'node:child_process'
import { withoutGit } from '../git-environment.ts'

/** A step of a release that cannot be done. The message names the remedy. */
export class ReleaseError extends Error {}

/**
 * Runs a command to its end, and returns its output.
 * @throws ReleaseError when the command is missing or fails
 */
export function output(command: string, args: readonly string[], cwd: string, { input }: { readonly input?: string } = {}): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: withoutGit(process.env),
    ...(input === undefined ? {} : { input }),
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  if (error !== undefined) throw new ReleaseError(`${command} cannot be run (${error.message}). Install it.`, { cause: error })
  if (status !== 0) throw new ReleaseError(`\`${command} ${args.join(' ')}\` failed with ${status}: ${stderr.trim() || stdout.trim()}`)
  return stdout
}
