import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestGateway, type TestGateway } from '../gateway/testing/test-gateway.ts'

interface Run {
  readonly child: ChildProcessWithoutNullStreams
  readonly stdout: string
  readonly stderr: string
  readonly code: Promise<number | null>
}

let gateway: TestGateway
let token: string
let folder: string
beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.token({ user_id: 'ann' })
  folder = mkdtempSync(join(tmpdir(), 'carillon-main-'))
})
afterAll(async () => {
  await gateway.stop()
  rmSync(folder, { recursive: true })
})

function carillon(...argv: readonly string[]): Run {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, ...argv], { env: { PATH: process.env['PATH'], CARILLON_TOKEN: token } })
  const written = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (written.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (written.stderr += String(chunk)))
  return {
    child,
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    code: new Promise((resolve) => child.once('close', resolve)),
  }
}

const emittedTypes = (): readonly unknown[] =>
  gateway.logger.lines.filter(({ message }) => message === 'event emitted').map(({ fields }) => fields['type'])

describe('the process of carillon', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends listen at %s with exit code 0, the cursor on standard error and in the file',
    async (signal) => {
      const file = join(folder, signal)
      const run = carillon('listen', gateway.url, '--json', '--cursor-file', file)
      await vi.waitFor(() => expect(run.stderr).toContain('connected (websocket)'))
      await gateway.emit({ id: signal, type: 'note', users: ['ann'], payload: 1 })
      await vi.waitFor(() => expect(run.stdout).toContain(`"id":"${signal}"`))
      run.child.kill(signal)
      expect(await run.code).toBe(0)
      const [, cursor] = /^cursor: (\S+)$/m.exec(run.stderr) ?? []
      expect(readFileSync(file, 'utf8')).toBe(`${cursor}\n`)
    },
  )

  it('ends listen when the reader of standard output has left', async () => {
    const run = carillon('listen', gateway.url, '--json')
    await vi.waitFor(() => expect(run.stderr).toContain('connected (websocket)'))
    run.child.stdout.destroy()
    await vi.waitFor(async () => {
      await gateway.emit({ type: 'note', users: ['ann'], payload: 1 })
      expect(run.child.exitCode).toBe(0)
    })
    expect(run.stderr).toMatch(/^cursor: \S+$/m)
  })

  it('ends a batch at SIGINT that waits for standard input, with the tally', async () => {
    const run = carillon('emit', gateway.url, '--batch', '-', '--batch-size', '1', '--broadcast')
    run.child.stdin.write('{"type": "a"}\n{"type": "b"}\n')
    await vi.waitFor(() => expect(emittedTypes()).toEqual(expect.arrayContaining(['a', 'b'])))
    run.child.kill('SIGINT')
    expect(await run.code).toBe(1)
    expect(run.stderr).toMatch(/^2 accepted, 0 refused/m)
    expect(run.stderr).toContain('Interrupted.')
  })

  it('emits what standard input has, and prints only data to standard output', async () => {
    const run = carillon('emit', gateway.url, '--batch', '-', '--broadcast', '--json')
    run.child.stdin.end('{"type": "a"}\n{"type": "b"}\n')
    expect(await run.code).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ accepted: 2 })
  })

  it('exits with 2 for wrong use', async () => {
    expect(await carillon('listen').code).toBe(2)
  })

  it('escapes what a terminal would obey in a message', async () => {
    const run = carillon('fly\u001b[31m')
    expect(await run.code).toBe(2)
    expect(run.stderr).toContain('fly\\u001b[31m')
  })
})
