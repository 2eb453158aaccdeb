import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { until } from '../../../testing/until.ts'

/** A server of a user's project that runs until it is stopped. */
export interface Server {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server, and waits until it prints its URL. @throws with its output when it ends before */
export async function startServer(folder: string, command: string, words: readonly string[]): Promise<Server> {
  const child = spawn(command, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += stripVTControlCharacters(chunk.toString())))
  const closed = once(child, 'close')
  const find = (): string | undefined => /http:\/\/localhost:\d+\//.exec(output)?.[0]
  await until(() => find() !== undefined, {
    what: `the URL of ${command}, which printed: ${output}`,
    isPossible: () => child.exitCode === null,
  })
  return {
    url: find() ?? '',
    stop: async () => {
      child.kill()
      await closed
    },
  }
}
