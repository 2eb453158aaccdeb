import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface GatewayProcess {
  readonly port: number
  readonly origin: string
  /** As a crash would; its in-process log is gone with it. */
  kill(): Promise<void>
}

const main = fileURLToPath(new URL('../../main.ts', import.meta.url))

/** Starts a gateway in development mode, as `npm start` does. @param port 0: a free one @param moreEnv options, as a user would set them */
export async function startGatewayProcess(port = 0, moreEnv: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  // Not what the machine's environment may say: no Kafka, no keys.
  const env = { PATH: process.env['PATH'], PORT: String(port), INTERNAL_PORT: '0', LOG_LEVEL: 'info', LOG_FORMAT: 'json', ...moreEnv }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const listening = await readPort(child)
  return {
    port: listening,
    origin: `http://localhost:${listening}`,
    kill: async () => {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      else return
      await exited
    },
  }
}

/** The log line that says where the public port is. */
function readPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const port = /"port":(\d+).*"msg":"listening"/.exec(output)?.[1]
      if (port !== undefined) resolve(Number(port))
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`The gateway ended with ${code} before it listened:\n${output}`)))
  })
}
