import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect, type Connection } from '../../client/index.ts'
import type { CloudEvent } from '../../client/types.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { runCli, startCli } from '../testing/run-cli.ts'

let gateway: TestGateway
let receiver: Connection
let arrived: CloudEvent[]
beforeEach(async () => {
  gateway = await startTestGateway()
  const token = await gateway.token({ user_id: 'ann', username: 'Ann', org_id: 'o1', roles: ['admin'] })
  arrived = []
  const opened = Promise.withResolvers<void>()
  receiver = connect({
    channel: 'chrome-service',
    base: gateway.url,
    token: () => token,
    onEvent: (event) => void arrived.push(event),
    onControl: () => opened.resolve(),
  })
  await opened.promise
})
afterEach(async () => {
  receiver.close()
  await gateway.stop()
  for (const close of closing.splice(0)) close()
})
const closing: (() => void)[] = []

/** Starts a server that answers each request as the next of the handlers does, and the later ones as the last. */
async function serve(...handlers: readonly ((body: string, answer: ServerResponse, request: IncomingMessage) => void)[]) {
  const bodies: string[] = []
  const server = createServer(async (request, answer) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array)) // no encoding is set
    const body = Buffer.concat(chunks).toString()
    bodies.push(body)
    handlers[Math.min(bodies.length, handlers.length) - 1]?.(body, answer, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies } // it listens on TCP
}

const problem = (status: number, type: string, headers: Readonly<Record<string, string>> = {}, more: object = {}) => {
  const body = JSON.stringify({ type: `urn:carillon:problem:${type}`, status, detail: `It is ${type}.`, ...more })
  return (_body: string, answer: ServerResponse) =>
    void answer.writeHead(status, { 'content-type': 'application/problem+json', ...headers }).end(body)
}
const accept = (_body: string, answer: ServerResponse): void => void answer.writeHead(202).end('{"id":"x","source":"y"}')
const idOf = (body: string): unknown => (JSON.parse(body) as { readonly id: unknown }).id
const event = (id: string, more: object = {}): string => JSON.stringify({ id, type: 'note', audience: { users: ['ann'] }, ...more })
const arrivedIds = (): readonly string[] => arrived.map(({ id }) => id)

describe('carillon emit, of one message', () => {
  it.each([
    ['a user', ['--user', 'ann', '--user', 'bob']],
    ['a user name', ['--username', 'Ann']],
    ['a role of an organization', ['--organization', 'o1', '--role', 'admin']],
    ['all users', ['--broadcast']],
  ])('reaches %s with its data', async (_audience, audience) => {
    const { exit, stdout } = await runCli([
      'emit',
      gateway.url,
      '--type',
      'order.shipped',
      '--data',
      '{"order": 17}',
      '--id',
      'one',
      ...audience,
    ])
    expect({ exit, stdout }).toEqual({ exit: 'ok', stdout: 'accepted  id=one  source=urn:carillon:emit-message\n' })
    await vi.waitFor(() => expect(arrived).toMatchObject([{ id: 'one', type: 'order.shipped', data: { order: 17 } }]))
  })

  it('makes an id, and prints the answer as JSON', async () => {
    const { stdout } = await runCli(['emit', gateway.url, '--type', 'note', '--user', 'ann', '--json'])
    const { id, source } = JSON.parse(stdout) as { readonly id: string; readonly source: string }
    expect(source).toBe('urn:carillon:emit-message')
    await vi.waitFor(() => expect(arrivedIds()).toEqual([id]))
  })

  it.each([
    ['@file.json', { files: { 'file.json': '[1, 2]' } }],
    ['@-', { stdin: '[1, 2]' }],
  ])('reads the data of %s', async (data, options) => {
    await runCli(['emit', gateway.url, '--type', 'note', '--user', 'ann', '--data', data], options)
    await vi.waitFor(() => expect(arrived.map((one) => one.data)).toEqual([[1, 2]]))
  })

  it('fails with the words of the gateway when it refuses', async () => {
    const { exit, stdout, stderr } = await runCli(['emit', gateway.url, '--type', 'note', '--role', 'admin'])
    expect({ exit, stdout }).toEqual({ exit: 'failed', stdout: '' })
    expect(stderr).toMatch(/^carillon: The gateway refuses the event: 400 invalid-event\. .*roles/)
  })

  it('sends its token', async () => {
    const { exit, stderr } = await runCli(['emit', gateway.url, '--type', 'note', '--user', 'ann'], { env: { CARILLON_TOKEN: 'a.b.c' } })
    expect(exit).toBe('failed')
    expect(stderr).toContain('401 unauthenticated')
  })

  it('sends it again with the same id after 503, 429 and a cut, and says so', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const cut = (_body: string, answer: ServerResponse): void => void answer.destroy()
      const server = await serve(problem(503, 'draining'), problem(429, 'too-many-requests', { 'retry-after': '2' }), cut, accept)
      const run = startCli(['emit', server.url, '--type', 'note', '--user', 'ann'])
      await vi.waitFor(async () => {
        await vi.advanceTimersByTimeAsync(5_000)
        expect(server.bodies).toHaveLength(4)
      })
      expect(await run.exit).toBe('ok')
      expect(new Set(server.bodies.map(idOf)).size).toBe(1)
      expect(run.stderr).toContain('429: It is too-many-requests. Attempt 3 of 6 in 2500 ms, with the same ids.')
    } finally {
      vi.useRealTimers()
    }
  })

  it('gives up after --retries, and prints the id to emit it again', async () => {
    const server = await serve(problem(503, 'not-ready'))
    const { exit, stderr } = await runCli(['emit', server.url, '--type', 'note', '--user', 'ann', '--retries', '0'])
    expect(exit).toBe('failed')
    expect(stderr).toContain(`Emit it again with its id: ${idOf(server.bodies[0] ?? '')}`)
    expect(server.bodies).toHaveLength(1)
  })

  it('does not send it again after a refusal', async () => {
    const server = await serve(problem(502, 'refused-by-log'))
    const { exit } = await runCli(['emit', server.url, '--type', 'note', '--user', 'ann'])
    expect([exit, server.bodies.length]).toEqual(['failed', 1])
  })

  it('ends a wait for the next attempt by Ctrl-C', async () => {
    const server = await serve(problem(503, 'not-ready', { 'retry-after': '60' }))
    const run = startCli(['emit', server.url, '--type', 'note', '--user', 'ann'])
    await vi.waitFor(() => expect(run.stderr).toContain('Attempt 2 of 6'))
    run.interrupt()
    expect(await run.exit).toBe('failed')
    expect(run.stderr).toContain('Interrupted. The event may or may not be in the topic.')
  })
})

describe('carillon emit --event', () => {
  it('emits a CloudEvent as it is, and gives it what it lacks', async () => {
    const file = JSON.stringify({ id: 'e1', source: '/orders', type: 'order.shipped', subject: 'order 17', priority: 5, data: 1 })
    const { exit, stdout } = await runCli(['emit', gateway.url, '--event', 'e.json', '--user', 'ann'], { files: { 'e.json': file } })
    expect({ exit, stdout }).toEqual({ exit: 'ok', stdout: 'accepted  id=e1  source=/orders\n' })
    await vi.waitFor(() => expect(arrived).toMatchObject([{ id: 'e1', source: '/orders', subject: 'order 17', priority: 5, data: 1 }]))
  })

  it('reads standard input', async () => {
    await runCli(['emit', gateway.url, '--event', '-'], { stdin: event('e2') })
    await vi.waitFor(() => expect(arrivedIds()).toEqual(['e2']))
  })
})

describe('carillon emit --batch', () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, at) => `${event(`n${at}`)}\n`).join('')

  it('sends the lines of a file in requests of --batch-size, in order', async () => {
    const { exit, stdout, stderr } = await runCli(['emit', gateway.url, '--batch', 'in', '--batch-size', '10', '--json'], {
      files: { in: lines(25) },
    })
    expect(exit).toBe('ok')
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 25, refused: 0, requests: 3, retries: 0, lastLine: 25, stopped: null })
    expect(stderr).toMatch(/^25 accepted, 0 refused; 3 requests, 0 retries, [\d.]+ s$/m)
    await vi.waitFor(() => expect(arrivedIds()).toEqual(Array.from({ length: 25 }, (_, at) => `n${at}`)))
  })

  it('reads standard input, passes blank lines over, and gives events the audience and type of the flags', async () => {
    const stdin = '{"id": "b1", "data": "ž"}\n\n{"id": "b2", "type": "own"}'
    expect((await runCli(['emit', gateway.url, '--batch', '-', '--type', 'given', '--organization', 'o1'], { stdin })).exit).toBe('ok')
    await vi.waitFor(() =>
      expect(arrived).toMatchObject([
        { id: 'b1', type: 'given', source: 'urn:carillon:cli', data: 'ž' },
        { id: 'b2', type: 'own' },
      ]),
    )
  })

  it('reports wrong lines by number with their reason, sends all others, and exits with 1', async () => {
    const file = [
      event('ok1'),
      'not json',
      event('bad', { audience: {} }),
      event('ok2'),
      '[]',
      event('large', { data: 'x'.repeat(300_000) }),
    ].join('\n')
    const { exit, stdout, stderr } = await runCli(['emit', gateway.url, '--batch', 'in', '--json'], { files: { in: file } })
    expect(exit).toBe('failed')
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, refused: 4, lastLine: 6, stopped: null })
    expect(stderr).toMatch(/^line 2: is not a JSON object$/m)
    expect(stderr).toMatch(/^line 3 \(id bad\): .*audience/m)
    expect(stderr).toMatch(/^line 5: is not a JSON object$/m)
    expect(stderr).toMatch(/^line 6 \(id large\): 413 event-too-large/m)
    await vi.waitFor(() => expect(arrivedIds()).toEqual(['ok1', 'ok2']))
  })

  it('sends smaller requests to a gateway with lower limits', async () => {
    await gateway.stop()
    gateway = await startTestGateway({ env: { EMIT_MAX_BATCH: '4' } })
    const { exit, stdout } = await runCli(['emit', gateway.url, '--batch', 'in', '--json'], { files: { in: lines(10) } })
    expect(exit).toBe('ok')
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 10, refused: 0 })
  })

  it('keeps a request below 1 MB', async () => {
    const server = await serve(accept)
    const file = Array.from({ length: 10 }, (_, at) => event(`n${at}`, { data: 'x'.repeat(200_000) })).join('\n')
    expect((await runCli(['emit', server.url, '--batch', 'in'], { files: { in: file } })).exit).toBe('ok')
    expect(server.bodies).toHaveLength(3)
    expect(Math.max(...server.bodies.map(({ length }) => length))).toBeLessThan(1_000_000)
  })

  it('sends the same request again after a failure, with the ids that it made', async () => {
    const server = await serve(problem(503, 'not-acknowledged'), accept)
    const { exit, stdout } = await runCli(['emit', server.url, '--batch', '-', '--json'], { stdin: '{"type": "a"}\n{"type": "b"}\n' })
    expect(exit).toBe('ok')
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, requests: 2, retries: 1 })
    expect(server.bodies[1]).toBe(server.bodies[0])
  })

  it('stops at a refusal of all events, and says after which line', async () => {
    const server = await serve(accept, problem(403, 'forbidden'))
    const { exit, stdout, stderr } = await runCli(['emit', server.url, '--batch', 'in', '--batch-size', '2', '--json'], {
      files: { in: lines(9) },
    })
    expect(exit).toBe('failed')
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 2, refused: 0, lastLine: 2, stopped: '403 forbidden. It is forbidden.' })
    expect(stderr).toContain('Stopped after line 2: 403 forbidden. It is forbidden.')
    expect(server.bodies).toHaveLength(2)
  })

  it('reports its progress on standard error once a second', async () => {
    let nowMs = 0
    const server = await serve((body, answer) => {
      nowMs += 600
      accept(body, answer)
    })
    const { stderr } = await runCli(['emit', server.url, '--batch', 'in', '--batch-size', '1'], {
      files: { in: lines(5) },
      world: { now: () => nowMs },
    })
    expect(stderr).toMatch(/^line 2: 2 accepted, 0 refused\nline 4: 4 accepted, 0 refused\n5 accepted/)
  })

  it('stops by Ctrl-C with the tally', async () => {
    const server = await serve((body, answer) => {
      run.interrupt()
      accept(body, answer)
    })
    const run = startCli(['emit', server.url, '--batch', 'in', '--batch-size', '2', '--json'], { files: { in: lines(9) } })
    expect(await run.exit).toBe('failed')
    expect(JSON.parse(run.stdout)).toMatchObject({ accepted: 2, lastLine: 2, stopped: 'Interrupted.' })
  })

  it('fails with the reason when the file cannot be read', async () => {
    const { exit, stderr } = await runCli(['emit', gateway.url, '--batch', 'missing'])
    expect(exit).toBe('failed')
    expect(stderr).toContain('The input cannot be read (ENOENT')
  })
})

describe('carillon emit with wrong flags', () => {
  it.each([
    [[], /There is nothing to emit\. Give --type TYPE/],
    [['--type', 'a', '--data', 'order'], /--data is not JSON .* Put it in single quotes/],
    [['--type', 'a', '--data', '@missing'], /file of --data cannot be read/],
    [['--event', 'a', '--batch', 'b'], /--event and --batch were both given/],
    [['--batch', 'b', '--data', '1'], /--data is for one message/],
    [['--event', 'list'], /The file of --event is not a JSON object/],
    [['--type', 'a', '--retries', '-1'], /--retries/],
    [['--type', 'a', '--batch-size', '0'], /--batch-size is "0"/],
  ])('%j is wrong use, with a remedy', async (flags, message) => {
    const { exit, stdout, stderr } = await runCli(['emit', gateway.url, ...flags], { files: { list: '[]' } })
    expect({ exit, stdout }).toEqual({ exit: 'usage', stdout: '' })
    expect(stderr).toMatch(message)
  })
})
