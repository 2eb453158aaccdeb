/**
 * `node program/health-check/main.ts`: exits with 0 when the gateway or operator of this container is ready. It loads no package, because docker starts
 * it every few seconds.
 */
import { messageOf } from '../message-of.ts'
import { probeUrl } from './probe-url.ts'

const url = probeUrl(process.env)
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) })
  // Docker keeps the end of the output in `docker inspect`.
  process.stdout.write(`${url}: ${answer.status} ${(await answer.text()).slice(0, 1_000)}\n`)
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  // Nothing listens, or no answer came in time.
  process.stdout.write(`${url} did not answer: ${messageOf(error)}\n`)
  process.exitCode = 1
}
