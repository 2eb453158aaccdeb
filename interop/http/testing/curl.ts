import { spawn } from 'node:child_process'
import { toolVersion } from '../versions.ts'
import type { Client } from './trials.ts'

export const curl: Client = { name: 'curl', version: toolVersion('curl') }

/** An answer that curl received. */
export interface CurlAnswer {
  readonly status: number
  /** Headers, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Runs curl with these arguments, 15 s at most. @param input what `--data-binary @-` sends @throws when curl fails */
export async function runCurl(args: readonly string[], input: Buffer | string = ''): Promise<CurlAnswer> {
  const child = spawn('curl', ['--silent', '--show-error', '--include', '--max-time', '15', ...args], { stdio: 'pipe' })
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (written[stream] += text))
  // An answer may come before the whole body was read.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`curl ended with ${String(code)}: ${written.stderr}`)
  return parseAnswer(written.stdout)
}

/** Returns the last answer: an interim one may precede it. */
function parseAnswer(text: string): CurlAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(head)?.[1])
  if (status < 200) return parseAnswer(rest.join('\r\n\r\n'))
  const headers = head
    .split('\r\n')
    .slice(1)
    .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const)
  return { status, headers: Object.fromEntries(headers), body: rest.join('\r\n\r\n') }
}

/** Runs curl until the head of the answer has arrived. Returns its status; NaN when none came. */
export async function statusAtOnce(args: readonly string[]): Promise<number> {
  const child = spawn('curl', ['--silent', '--verbose', '--max-time', '15', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  const status = await new Promise<number>((resolve) => {
    const look = (isOver: boolean): void => {
      const found = /^< HTTP\/1\.1 (\d{3})/m.exec(text)?.[1]
      if (found !== undefined || isOver) resolve(Number(found))
    }
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      look(false)
    })
    child.once('close', () => look(true))
  })
  child.kill('SIGKILL')
  return status
}
