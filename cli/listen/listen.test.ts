import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestLog, startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { startHttpProxy } from '../testing/http-proxy.ts'
import { type CliOptions, type CliRun, runCli, startCli } from '../testing/run-cli.ts'

let gateway: TestGateway
let token: string
beforeEach(async () => {
  gateway = await startTestGateway()
  token = await gateway.token({ user_id: 'ann' })
})
afterEach(() => gateway.stop())

const listen = (flags: readonly string[], options: CliOptions = {}): CliRun =>
  startCli(['listen', gateway.url, ...flags], { env: { CARILLON_TOKEN: token }, ...options })

const connected = (run: CliRun): Promise<void> => vi.waitFor(() => expect(run.stderr).toContain('connected ('))
const emitAll = async (...types: readonly string[]): Promise<void> => {
  for (const type of types) await gateway.emit({ id: type, type, users: ['ann'], payload: { of: type } })
}
const idsIn = (stdout: string): readonly string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => String((JSON.parse(line) as { readonly id: unknown }).id))

describe('carillon listen', () => {
  it.each(['websocket', 'sse', 'auto'])('prints events as NDJSON over %s, and ends after --count', async (transport) => {
    const run = listen(['--json', '--count', '2', '--transport', transport])
    await connected(run)
    await emitAll('a', 'b', 'c')
    expect(await run.exit).toBe('ok')
    expect(idsIn(run.stdout)).toEqual(['a', 'b'])
    expect(run.stderr).toMatch(/^cursor: \S+$/m)
  })

  it('prints the events that a type or a prefix names, and counts only those', async () => {
    const run = listen(['--json', '--count', '3', '--type', 'order.*', '--type', 'note'])
    await connected(run)
    await emitAll('order.new', 'notes', 'note', 'bill.sent', 'order.gone', 'order.late')
    expect(await run.exit).toBe('ok')
    expect(idsIn(run.stdout)).toEqual(['order.new', 'note', 'order.gone'])
  })

  it.each(['websocket', 'sse'])('prints the events that pass the filters of the gateway over %s', async (transport) => {
    const run = listen(['--json', '--count', '2', '--filters', '{"prefix": {"type": "order."}}', '--transport', transport])
    await connected(run)
    await emitAll('order.new', 'note', 'order.gone')
    expect(await run.exit).toBe('ok')
    expect(idsIn(run.stdout)).toEqual(['order.new', 'order.gone'])
  })

  it('refuses filters that are no JSON as wrong use, and shows why the gateway refuses others', async () => {
    const wrong = listen(['--filters', 'type = order'])
    expect(await wrong.exit).toBe('usage')
    expect(wrong.stderr).toContain('--filters is not JSON')
    const unknown = listen(['--filters', '{"like": {}}'])
    expect(await unknown.exit).toBe('failed')
    expect(unknown.stderr).toContain('like')
  })

  it('prints events for people, and escapes what a terminal would obey', async () => {
    const run = listen(['--count', '1'])
    await connected(run)
    await gateway.emit({ id: 'one', type: 'note', users: ['ann'], payload: { text: 'a\u009b31mb' } })
    expect(await run.exit).toBe('ok')
    expect(run.stdout).toMatch(/^note {2}id=one {2}source=urn:carillon:emit-message/)
    expect(run.stdout).toContain('  "text": "a\\u009b31mb"\n')
  })

  it('ends by Ctrl-C with the cursor on standard error, and resumes there without a loss or a duplicate', async () => {
    const first = listen(['--json'])
    await connected(first)
    await emitAll('a')
    await vi.waitFor(() => expect(first.stdout).not.toBe(''))
    first.interrupt()
    expect(await first.exit).toBe('ok')
    const [, cursor = ''] = /^cursor: (\S+)$/m.exec(first.stderr) ?? []
    await emitAll('b', 'c')
    const second = listen(['--json', '--count', '2', '--cursor', cursor])
    expect(await second.exit).toBe('ok')
    expect(idsIn(first.stdout + second.stdout)).toEqual(['a', 'b', 'c'])
  })

  it('keeps the newest cursor in the cursor file, and resumes from it', async () => {
    const first = listen(['--json', '--count', '1', '--cursor-file', 'kept'])
    await connected(first)
    await emitAll('a')
    await first.exit
    await emitAll('b')
    const second = listen(['--json', '--count', '1', '--cursor-file', 'kept'], {
      files: Object.fromEntries(first.files),
      env: { CARILLON_TOKEN: token },
    })
    expect(await second.exit).toBe('ok')
    expect(idsIn(first.stdout + second.stdout)).toEqual(['a', 'b'])
    expect(second.files.get('kept')).not.toBe(first.files.get('kept'))
  })

  it('reports a gap on standard error, and goes on', async () => {
    const old = listen(['--json', '--count', '1'])
    await connected(old)
    await emitAll('a')
    await old.exit
    const [, cursor = ''] = /^cursor: (\S+)$/m.exec(old.stderr) ?? []
    await gateway.stop()
    gateway = await startTestGateway({ log: createTestLog() })
    token = await gateway.token({ user_id: 'ann' })
    const run = listen(['--json', '--count', '1', '--cursor', cursor])
    await vi.waitFor(() => expect(run.stderr).toMatch(/^gap: (?:epoch|future|bad-cursor)\. Events may be lost/m))
    await emitAll('b')
    expect(await run.exit).toBe('ok')
    expect(idsIn(run.stdout)).toEqual(['b'])
  })

  it.each(['websocket', 'sse', 'auto'])("fails with the gateway's words when the token is refused over %s", async (transport) => {
    const run = listen(['--transport', transport], { env: { CARILLON_TOKEN: 'a.b.c' } })
    expect(await run.exit).toBe('failed')
    expect(run.stderr).toMatch(/carillon: .*[Tt]oken/)
    expect(run.stdout).toBe('')
  })

  it('names the doctor when the event stream opens and the WebSocket does not, and falls back', async () => {
    const proxy = await startHttpProxy({ target: Number(new URL(gateway.url).port), stripsUpgrade: true })
    const run = startCli(['listen', `http://127.0.0.1:${proxy.port}`, '--json', '--count', '1'], { env: { CARILLON_TOKEN: token } })
    await vi.waitFor(() => expect(run.stderr).toContain('connected (sse)'))
    await emitAll('a')
    expect(await run.exit).toBe('ok')
    await proxy.close()
    expect(run.stderr.match(/carillon doctor ws:\S+ shows the reason/g)).toHaveLength(1)
  })

  it('fails with a remedy when the reader of standard output is too slow', async () => {
    const run = listen(['--json'], { env: { CARILLON_TOKEN: token }, world: { pendingBytes: () => 1e9 } })
    await connected(run)
    await emitAll('a')
    expect(await run.exit).toBe('failed')
    expect(run.stderr).toContain('The reader of standard output is too slow. Resume from the cursor.')
  })

  it('uses SSE where Node.js has no WebSocket, and says so', async () => {
    const run = listen(['--json', '--count', '1'], { env: { CARILLON_TOKEN: token }, world: { WebSocket: undefined } })
    await vi.waitFor(() => expect(run.stderr).toContain('connected (sse)'))
    await emitAll('a')
    expect(await run.exit).toBe('ok')
    expect(run.stderr).toContain('This Node.js has no WebSocket (Node.js 22 has it), so events come over SSE.')
  })
})

describe('carillon listen with a wrong flag', () => {
  it.each([
    [['--type', 'a*b'], /--type is "a\*b"\. Give a whole type, or a prefix/],
    [['--count', '0'], /--count is "0"\. Give a whole number from 1/],
    [['--transport', 'udp'], /--transport is "udp"\. Give websocket, sse or auto/],
    [['--token', 'Bearer a.b.c'], /The token begins with "Bearer "\. Give the token alone/],
    [['--token', 'a.b.c', '--token-file', 'x'], /were both given/],
    [['--token-file', 'missing'], /cannot be read \(ENOENT/],
    [['--cursor-file', 'broken'], /broken has no cursor in it/],
  ])('%j is wrong use, with a remedy', async (flags, message) => {
    const { exit, stdout, stderr } = await runCli(['listen', gateway.url, ...flags], { files: { broken: 'not a cursor' } })
    expect({ exit, stdout }).toEqual({ exit: 'usage', stdout: '' })
    expect(stderr).toMatch(message)
  })

  it('a WebSocket where Node.js has none is wrong use, with a remedy', async () => {
    const { exit, stderr } = await runCli(['listen', gateway.url, '--transport', 'websocket'], { world: { WebSocket: undefined } })
    expect(exit).toBe('usage')
    expect(stderr).toContain('Use Node.js 22 or later, or --transport sse.')
  })
})
