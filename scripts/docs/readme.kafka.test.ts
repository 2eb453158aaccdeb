import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { findCommand } from '../find-command.ts'
import { codeBlocks, readPages, root } from './pages.ts'

/**
 * Types the section "With Kafka" of README, line by line, in a shell: broker, gateway and producer are those that a reader starts. `make
 * emit-test` once wrote records that no gateway delivers, and a test of the topic alone does not see that.
 */

const readme = readPages().find(({ path }) => path === 'README.md')
if (readme === undefined) throw new Error('there is no README.md')
const withKafka = readme.text.slice(readme.text.indexOf('\n## With Kafka'))
const linesOf = (text: string): readonly string[] =>
  codeBlocks({ path: 'README.md', text })
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split('\n'))
    .map((line) => line.replace(/\s+#.*/, '').trim())
    .filter((line) => line !== '')
const lines = linesOf(withKafka.slice(0, withKafka.indexOf('\n## ', 1)))
const only = (pattern: RegExp, from: readonly string[] = lines): string => {
  const [line, ...others] = from.filter((each) => pattern.test(each))
  if (line === undefined || others.length > 0)
    throw new Error(`README has ${others.length + (line === undefined ? 0 : 1)} lines like ${pattern}, and one was expected`)
  return line
}
const produced = lines.filter((line) => line.startsWith('make emit-test') && !line.includes('--help'))

interface Typed {
  readonly output: () => string
  readonly ended: Promise<number>
  /** Acts like Ctrl-C: ends all processes of the line. */
  readonly interrupt: () => Promise<number>
}

/** Polls until it is true; the time limit of the test reports the rest. */
const until = (isSo: () => boolean | Promise<boolean>): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await isSo())) throw new Error('not yet')
    },
    { timeout: 60_000, interval: 100 },
  )

describe('the section "With Kafka" of README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-readme-'))
  const running = new Set<Typed>()
  let ports: { readonly broker: number; readonly gateway: number }
  let gateway: Typed
  let stream: Typed
  const settings = (): NodeJS.ProcessEnv => ({
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: process.env['HOME'],
    PORT: String(ports.gateway),
    INTERNAL_PORT: String(ports.gateway + 1),
    KAFKA_BROKERS: `127.0.0.1:${ports.broker}`,
  })

  /** The line as it stands, except for the ports. */
  function type(line: string): Typed {
    const here = line.replaceAll('localhost:8000', `localhost:${ports.gateway}`).replaceAll('127.0.0.1:9092', `127.0.0.1:${ports.broker}`)
    const child = spawn('sh', ['-c', here], { cwd: root, env: settings(), stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let output = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk) => (output += String(chunk)))
    const ended = once(child, 'close').then(([code]) => Number(code))
    const typed: Typed = {
      output: () => output,
      ended,
      interrupt: () => {
        if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGINT')
        return ended
      },
    }
    running.add(typed)
    void ended.then(() => running.delete(typed))
    return typed
  }

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${ports.gateway + 1}/metrics`)).text()

  async function done(line: string): Promise<string> {
    const typed = type(line)
    const code = await typed.ended
    expect([line, code, typed.output()]).toEqual([line, 0, expect.any(String)])
    return typed.output()
  }

  beforeAll(async () => {
    ports = { broker: await findFreePortPair(), gateway: await findFreePortPair() }
    // This test uses the installation: make must not install it again below the other tests.
    writeFileSync(join(folder, 'make'), `#!/bin/sh\nexec ${findCommand('make')} --assume-old=node_modules/.package-lock.json "$@"\n`)
    chmodSync(join(folder, 'make'), 0o755)
    await done(`${only(/^make infra$/)} ARGS="--native --port ${ports.broker} --folder ${folder}/infra"`)
    gateway = type(only(/make start$/))
    await until(() => gateway.output().includes(`http://localhost:${ports.gateway}/console`))
    const everything = linesOf(readme.text)
    stream = type(`${only(/^TOKEN=/, everything)}\n${only(/^curl -N/, everything)}`)
    await until(async () => (await metrics()).includes('carillon_sessions{transport="sse"} 1\n'))
  })

  afterAll(async () => {
    await Promise.all([...running].map((typed) => typed.interrupt()))
    await done(`make infra-down ARGS="--port ${ports.broker} --folder ${folder}/infra"`)
    rmSync(folder, { recursive: true, force: true })
  })

  it('has lines that produce', () => {
    expect(produced.length).toBeGreaterThan(1)
  })

  it.each(produced)('delivers to the stream of a browser what %s wrote', async (line) => {
    const before = stream.output().split('\ndata:').length
    expect(await done(line)).toMatch(/^wrote 1 record/)
    await vi.waitFor(() => expect(stream.output().split('\ndata:').length).toBe(before + 1), 20_000)
    expect(stream.output()).toContain('It came through Kafka.')
  })

  it('prints its help', async () => {
    expect(await done(only(/^make emit-test ARGS=--help/))).toContain('--type TYPE')
  })

  it('ends the Kafka by the line of README', () => {
    expect(only(/^make infra-down/)).toBe('make infra-down')
  })

  it('shows no warning and no error on the first start, when the topics are new', async () => {
    await until(async () => (await metrics()).includes('carillon_dlq_healthy 1\n'))
    expect(
      gateway
        .output()
        .split('\n')
        .filter((line) => /^\d\d:\d\d:\d\d\.\d+ (warn|error)/.test(line)),
    ).toEqual([])
  })
})
