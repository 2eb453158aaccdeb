import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { recordedVerdicts } from '../../interop/http/conformance/recorded-verdicts.ts'
import { startFaultyServer } from '../testing/faulty-server.ts'
import { runCli, startCli } from '../testing/run-cli.ts'
import { createLab, type Subject } from './lab.ts'
import { profiles } from './profiles.ts'
import { openEventStream } from './streams.ts'

interface Report {
  readonly ok: boolean
  readonly profiles: readonly {
    readonly name: string
    readonly rules: readonly { readonly id: string; readonly level: string; readonly status: string; readonly note: string }[]
  }[]
}

const origin = 'https://app.example.com'
let gateway: TestGateway
let token: string
beforeAll(async () => {
  gateway = await startTestGateway({ env: { HEARTBEAT_INTERVAL_MS: '1000', ALLOWED_ORIGINS: origin } })
  token = await gateway.token({ user_id: 'ann' })
})
afterAll(() => gateway.stop())

const stops: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
  )
  return (server.address() as AddressInfo).port // it listens on TCP
}

/** Returns a report with the rules by id. */
function readReport(stdout: string): {
  readonly ok: boolean
  readonly of: (id: string) => { readonly status: string; readonly note: string } | undefined
  readonly statuses: readonly string[]
} {
  const report = JSON.parse(stdout) as Report // our own output
  const rules = report.profiles.flatMap((profile) => profile.rules)
  return { ok: report.ok, of: (id) => rules.find((rule) => rule.id === id), statuses: rules.map(({ status }) => status) }
}

describe('carillon conformance', () => {
  it('gives Carillon the verdicts that docs/conformance.md shows', async () => {
    const { stdout } = await runCli(['conformance', gateway.url, '--token', token, '--timeout', '20', '--json'])
    const report = JSON.parse(stdout) as Report // our own output
    const verdicts = report.profiles.flatMap(({ rules }) => rules.map(({ id, status }) => [id, status] as const))
    expect(Object.fromEntries(verdicts)).toEqual(recordedVerdicts('Carillon', null))
  })

  it.each([
    ['without an origin', [], ['resume.close-codes']],
    ['as a page', ['--origin', origin], ['resume.damaged-cursor']],
  ])('finds that Carillon keeps every rule on both transports, %s', async (_how, flags, notApplicable) => {
    const { exit, stdout, stderr } = await runCli(['conformance', gateway.url, '--token', token, '--timeout', '20', '--json', ...flags])
    expect(stderr).toContain('Every MUST is kept.')
    expect(exit).toBe('ok')
    const report = JSON.parse(stdout) as Report // our own output
    const unkept = report.profiles.flatMap(({ rules }) =>
      rules.filter(({ status }) => status !== 'pass').map(({ id, status }) => `${status} ${id}`),
    )
    const noReply = ['http.reply-attributes', 'http.reply-encoding', 'http.reply-datacontenttype']
    expect(unkept.sort()).toEqual([...noReply, ...notApplicable].map((id) => `not-applicable ${id}`).sort())
    expect(report.profiles.map(({ name, rules }) => [name, rules.length])).toEqual(
      Object.entries(profiles).map(([name, { rules }]) => [name, rules.length]),
    )
  })

  it('does not ask a server without a feature to keep the rules of that feature', async () => {
    const without = (text: string): string => text.replace(/"features":\[.*?\]/, '"features":[]')
    const fault = { message: (text: string) => [without(text)], block: without }
    const server = await startFaultyServer(Number(new URL(gateway.url).port), fault)
    stops.push(() => server.close())
    const url = `http://127.0.0.1:${server.port}`
    const { exit, stdout } = await runCli(['conformance', url, '--profile', 'resume', '--token', token, '--timeout', '20', '--json'])
    expect(exit).toBe('ok')
    const [report] = (JSON.parse(stdout) as Report).profiles // our own output
    const spared = report?.rules.flatMap(({ id, status, note }) => (status === 'not-applicable' ? [[id, note]] : []))
    const notes = (feature: string, ids: readonly string[]) => ids.map((id) => [id, `The server does not have the feature ${feature}.`])
    expect(spared?.filter(([id]) => id !== 'resume.close-codes')).toEqual([
      ...notes('short-cursors', ['resume.short-cursors', 'resume.short-cursors-sse', 'resume.short-cursor-ids', 'resume.whole-cursors']),
      ...notes('subscribe', ['resume.subscribe', 'resume.subscribe-sse', 'resume.unknown-session']),
    ])
  })

  it('prints each verdict, and below one that is not passed the rule and its section; exits with 1 for a MUST', async () => {
    const server = await startFaultyServer(Number(new URL(gateway.url).port), { message: (text) => [Buffer.from(text)] })
    stops.push(() => server.close())
    const url = `http://127.0.0.1:${server.port}/wss/chrome-service/v1/ws`
    const { exit, stdout, stderr } = await runCli([
      'conformance',
      url,
      '--profile',
      'websocket',
      '--token',
      token,
      '--emit-url',
      `${gateway.url}/api/chrome-service/v1/events`,
      '--extension',
      'audience={"users":["ann"]}',
      '--timeout',
      '1',
    ])
    expect(exit).toBe('failed')
    expect(stdout).toMatch(
      /^websocket: CloudEvents WebSocket binding 1\.0\.2\npass {9}MUST {4}websocket\.handshake {2,}The answer is 101\.$/m,
    )
    expect(stdout).toMatch(
      /^FAIL {9}MUST {4}websocket\.text-frames {2,}Of a message: it is a binary message\.\n {21}Rule: .*\n {21}CloudEvents WebSocket binding 1\.0\.2, section 1\.5: https:\/\/github\.com\/cloudevents\/spec\/blob\/v1\.0\.2\/cloudevents\/bindings\/websockets-protocol-binding\.md#15-cloudevents-subprotocols$/m,
    )
    expect(stdout).toMatch(/^NOT CHECKED {2}MUST {4}websocket\.required-id/m)
    expect(stderr).toContain('Not kept or not checked, of every MUST: websocket.text-frames, ')
  })

  it('checks a WebSocket server that sends back what it gets, without a target of POST', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({
      server,
      handleProtocols: (offered) => (offered.has('cloudevents.json') ? 'cloudevents.json' : false),
    })
    sockets.on('connection', (socket) => socket.on('message', (text) => socket.send(String(text))))
    stops.push(() => sockets.clients.forEach((socket) => socket.terminate()))
    const { stdout } = await runCli([
      'conformance',
      `ws://127.0.0.1:${await listen(server)}/events`,
      '--profile',
      'websocket',
      '--timeout',
      '20',
      '--json',
    ])
    const { of } = readReport(stdout)
    expect(of('websocket.size')).toMatchObject({ status: 'pass' })
    // It sends null back, which is allowed.
    expect(of('websocket.null-attributes')).toMatchObject({ status: 'pass' })
    expect(of('websocket.unknown-subprotocol')).toMatchObject({ status: 'pass' })
  })

  it('does not pass a server whose decoding nothing shows: those rules are not checked, with the remedy', async () => {
    const server = createServer((request, answer) => request.resume().once('end', () => answer.writeHead(204).end()))
    const { exit, stdout } = await runCli(['conformance', `http://127.0.0.1:${await listen(server)}/`, '--profile', 'http', '--json'])
    const { ok, of } = readReport(stdout)
    expect({ exit, ok }).toEqual({ exit: 'failed', ok: false })
    expect(of('http.percent-decoding')).toEqual(
      expect.objectContaining({ status: 'not-checked', note: expect.stringContaining('no WebSocket was given (--socket-url)') }),
    )
    expect(of('http.invalid-utf8')).toMatchObject({ status: 'fail', note: 'Not refused with 4xx: %C0%A0: 204, %FF: 204.' })
  })

  it('says of a mode that a server refuses that its rules do not apply', async () => {
    const server = createServer((request, answer) =>
      request
        .resume()
        .once('end', () => answer.writeHead(request.headers['content-type']?.startsWith('application/cloudevents') ? 415 : 204).end()),
    )
    const { stdout } = await runCli(['conformance', `http://127.0.0.1:${await listen(server)}/`, '--profile', 'http', '--json'])
    const { of } = readReport(stdout)
    expect(of('http.structured')).toMatchObject({ status: 'fail' })
    expect(of('http.structured-null')).toEqual(
      expect.objectContaining({ status: 'not-applicable', note: expect.stringContaining('structured mode. The answer is 415.') }),
    )
    expect(of('http.batch')).toMatchObject({ status: 'not-applicable' })
  })

  it('writes JUnit XML with one test case per rule, and failures for broken MUSTs alone', async () => {
    const server = createServer((request, answer) => request.resume().once('end', () => answer.writeHead(204).end()))
    const { stdout, files } = await (async () => {
      const run = startCli(['conformance', `http://127.0.0.1:${await listen(server)}/`, '--profile', 'http', '--junit', 'out.xml'])
      await run.exit
      return run
    })()
    const xml = files.get('out.xml') ?? ''
    expect(xml.match(/<testcase /g)).toHaveLength(profiles.http.rules.length)
    expect(xml).toContain(
      '<testcase classname="http" name="http.invalid-utf8: A header value whose encoded bytes are not UTF-8 is refused"><failure message="Not refused',
    )
    expect(xml).toMatch(/name="http\.binary-required: [^"]*"><skipped message="SHOULD, fail: /)
    expect(stdout).toContain('http.invalid-utf8')
  })

  it('sends headers, tokens and extensions with every message', async () => {
    const seen: (readonly [string, string, string])[] = []
    const server = createServer((request, answer) => {
      seen.push([String(request.headers['x-key']), String(request.headers.authorization), String(request.headers['ce-tenant'])])
      request.resume().once('end', () => answer.writeHead(204).end())
    })
    const url = `http://127.0.0.1:${await listen(server)}/`
    await runCli(['conformance', url, '--profile', 'http', '--header', 'X-Key: k', '--extension', 'tenant=a b', '--emit-token', 'secret'])
    expect(new Set(seen.map(([key, authorization]) => `${key} ${authorization}`))).toEqual(new Set(['k Bearer secret']))
    expect(seen.some(([, , tenant]) => tenant === 'a%20b')).toBe(true)
  })

  it.each([
    [['--profile', 'grpc'], /no profile "grpc"\. Give one of websocket, http, resume\./],
    [['--profile', 'http', '--emit-url', 'localhost'], /--emit-url is "localhost"\. Give a whole address/],
    [['--profile', 'websocket', '--profile', 'http'], /The profile http needs --emit-url\./],
    [['--profile', 'http', '--channel', 'news'], /The events of a run need an audience/],
    [[], /The events of a run need an audience, and the token's user .* is not known/],
    [['--profile', 'http', '--header', 'secret'], /A --header cannot be read/],
    [['--profile', 'http', '--extension', 'Bad=1'], /A --extension cannot be read/],
    [['--profile', 'http', '--timeout', '0'], /--timeout is "0"/],
  ])('refuses %j as wrong use, with the remedy', async (flags, message) => {
    const { exit, stderr } = await runCli(['conformance', 'http://127.0.0.1:9', ...flags])
    expect(exit).toBe('usage')
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('secret')
  })
})

describe('carillon conformance, against a hostile server', () => {
  it('ends when no answer ever comes, and names what was not checked', async () => {
    const server = createServer(() => undefined)
    server.on('upgrade', (_request, socket) => void stops.unshift(() => void socket.destroy()))
    const url = `ws://127.0.0.1:${await listen(server)}/`
    const { exit, stdout } = await runCli(['conformance', url, '--profile', 'websocket', '--timeout', '1', '--json'])
    const { statuses } = readReport(stdout)
    expect(exit).toBe('failed')
    expect(statuses).toHaveLength(profiles.websocket.rules.length)
    expect(statuses).not.toContain('pass')
  })

  it('leaves an answer that does not end', async () => {
    const server = createServer((request, answer) => {
      request.resume()
      answer.writeHead(200, { 'content-type': 'application/cloudevents+json' })
      const fill = (): void => {
        while (answer.write(Buffer.alloc(65_536, 0x20)));
        answer.once('drain', fill)
      }
      fill()
    })
    const url = `http://127.0.0.1:${await listen(server)}/`
    const { exit, stdout } = await runCli(['conformance', url, '--profile', 'http', '--timeout', '5', '--json'])
    expect(exit).toBe('failed')
    expect(readReport(stdout).of('http.reply-attributes')).toMatchObject({
      status: 'fail',
      note: 'The answer says that it is an event in JSON, and is none.',
    })
  })

  it('leaves an event stream without end, when more than 4 MiB wait', async () => {
    const server = createServer((request, answer) => {
      request.resume()
      answer.writeHead(200, { 'content-type': 'text/event-stream' })
      const fill = (): void => {
        while (answer.write(Buffer.alloc(65_536, 0x78)));
        answer.once('drain', fill)
      }
      fill()
    })
    const subject: Subject = {
      socket: null,
      stream: new URL(`http://127.0.0.1:${await listen(server)}/`),
      emit: null,
      headers: {},
      token: null,
      emitToken: null,
      origin: null,
      extensions: {},
      timeoutMs: 20_000,
      interrupted: new AbortController().signal,
    }
    const opened = await openEventStream(createLab(subject))
    if (opened.kind !== 'open') throw new Error(opened.reason)
    expect(await opened.stream.next(20_000)).toEqual({ kind: 'end', reason: 'The server sent more than is read at once.' })
    opened.stream.close()
  })

  it('ends at Ctrl-C, and says so', async () => {
    const server = createServer(() => undefined)
    const asked = new Promise((resolve) => server.once('request', resolve))
    const run = startCli(['conformance', `http://127.0.0.1:${await listen(server)}/`, '--profile', 'http', '--timeout', '600'])
    await asked
    run.interrupt()
    expect(await run.exit).toBe('failed')
    expect(run.stderr).toContain('Interrupted before the last rule.')
  })

  it('escapes what a terminal would obey', async () => {
    const server = createServer((request, answer) =>
      request
        .resume()
        .once('end', () => answer.writeHead(200, { 'ce-specversion': '1.0', 'ce-id': 'x', 'ce-subject': 'a%1B%5B31m' }).end('{}')),
    )
    const { stdout } = await runCli(['conformance', `http://127.0.0.1:${await listen(server)}/`, '--profile', 'http'])
    expect(stdout).not.toContain('\u001b')
    expect(stdout).toMatch(/a\\+u001b\[31m/)
  })
})
