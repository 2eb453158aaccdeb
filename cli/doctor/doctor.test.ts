import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { createAuthority, type Credentials, issueCertificate } from '../../testing/certificates.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { type HttpProxyOptions, startHttpProxy } from '../testing/http-proxy.ts'
import { runCli } from '../testing/run-cli.ts'
import { checkNames, type Finding } from './check.ts'

interface Report {
  readonly exit: string
  readonly findings: Readonly<Record<string, Finding>>
}

const page = 'https://app.example.com'

let gateway: TestGateway
let token: string
let gatewayPort: number
beforeAll(async () => {
  gateway = await startTestGateway({ env: { HEARTBEAT_INTERVAL_MS: '1000', HEARTBEAT_TIMEOUT_MS: '900', ALLOWED_ORIGINS: page } })
  token = await gateway.token({ user_id: 'ann' })
  gatewayPort = Number(new URL(gateway.url).port)
})
afterAll(() => gateway.stop())

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Time limit of checks that a fault makes late. All others get an answer. */
const shortly = ['--timeout', '2'] as const

async function examine(url: string, flags: readonly string[] = ['--token', token]): Promise<Report> {
  const patiently = flags.includes('--timeout') ? [] : ['--timeout', '20']
  // A clock that stands still: a busy machine makes no check late.
  const startedAtMs = Date.now()
  const { exit, stdout } = await runCli(['doctor', url, '--json', ...patiently, ...flags], { world: { now: () => startedAtMs } })
  return reportOf(exit, stdout)
}

function reportOf(exit: string, stdout: string): Report {
  // The documented shape of --json.
  const { ok, checks } = JSON.parse(stdout) as { readonly ok: boolean; readonly checks: readonly (Finding & { readonly name: string })[] }
  expect(checks.map(({ name }) => name)).toEqual(checkNames)
  expect(ok).toBe(exit === 'ok')
  return { exit, findings: Object.fromEntries(checks.map(({ name, ...finding }) => [name, finding])) }
}

async function proxied(options: Omit<HttpProxyOptions, 'target'>): Promise<string> {
  const proxy = await startHttpProxy({ target: gatewayPort, ...options })
  closing.push(() => proxy.close())
  return `${options.tls === undefined ? 'http' : 'https'}://localhost:${proxy.port}`
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
}

const failedIn = ({ findings }: Report): readonly string[] =>
  Object.entries(findings).flatMap(([name, { status }]) => (status === 'failed' ? [name] : []))
const withStatus = ({ findings }: Report, wanted: Finding['status']): readonly string[] =>
  Object.entries(findings).flatMap(([name, { status }]) => (status === wanted ? [name] : []))

describe('carillon doctor, of a healthy gateway', () => {
  it('passes every check, and exits with 0', async () => {
    const emitter = await gateway.token({ user_id: 'service', scope: 'carillon.emit' })
    const report = await examine(gateway.url, ['--token', token, '--origin', page, '--emit-token', emitter])
    expect(withStatus(report, 'ok')).toEqual(checkNames)
    expect(report.exit).toBe('ok')
    expect(report.findings['http']?.result).toMatch(/^Carillon: channel chrome-service, version \S+, answers after \d+ ms\.$/)
    expect(report.findings['heartbeat']?.result).toMatch(/^A heartbeat came after \d+ ms; the longest healthy silence is 1000 ms\.$/)
  })

  it('sends no event to any user', async () => {
    const emitter = await gateway.token({ user_id: 'service' })
    await examine(gateway.url, ['--token', token, '--quick', '--emit-token', emitter])
    // The same line shows that an emit would be seen.
    expect(gateway.logger.lines.filter(({ message }) => message === 'session opened')).not.toEqual([])
    expect(gateway.logger.lines.filter(({ message }) => message === 'event emitted')).toEqual([])
  })

  it('does not try what needs a token, without one, and says which checks that are', async () => {
    const report = await examine(gateway.url, [])
    expect(withStatus(report, 'ok')).toEqual(['dns', 'tcp', 'tls', 'http', 'websocket'])
    expect(withStatus(report, 'not-tried')).toEqual(['origin', 'token', 'subprotocol', 'first-event', 'heartbeat', 'cursor', 'sse', 'emit'])
    expect(report.exit).toBe('ok')
    expect(report.findings['websocket']?.result).toContain('asks for a token (401)')
  })

  it('prints a line for each check, with its remedy', async () => {
    const { exit, stdout, stderr } = await runCli(['doctor', gateway.url, '--quick', '--token', token, '--emit-token', 'Bearer a.b.c'])
    expect(exit).toBe('failed')
    expect(stdout).toMatch(/^ok {9}dns {10}127\.0\.0\.1 is an address/m)
    expect(stdout).toMatch(/^not tried {2}heartbeat {4}Left out by --quick\.$/m)
    expect(stdout).toMatch(/^FAILED {5}emit {9}The token begins with "Bearer "\. Give the token alone\.\n {24}Remedy: Correct the token/m)
    expect(stderr).toContain('Failed: emit.')
  })
})

describe('carillon doctor, of a proxy in front of a gateway', () => {
  it('passes a proxy that passes everything on', async () => {
    const report = await examine(await proxied({}))
    expect(failedIn(report)).toEqual([])
    expect(report.exit).toBe('ok')
  })

  it('finds a proxy that buffers the event stream, and only that', async () => {
    const report = await examine(await proxied({ buffers: true }), ['--token', token, ...shortly])
    expect(failedIn(report)).toEqual(['sse'])
    expect(report.exit).toBe('failed')
    expect(report.findings['sse']).toMatchObject({
      result: expect.stringMatching(/then no byte within 2000 ms: a proxy buffers\. Over WebSocket the first event came after \d+ ms\./),
      remedy: expect.stringContaining('proxy_buffering off'),
    })
  })

  it('finds a proxy that compresses the event stream and holds pieces back', async () => {
    const report = await examine(await proxied({ compresses: 'held' }), ['--token', token, '--quick', ...shortly])
    expect(failedIn(report)).toEqual(['sse'])
    expect(report.findings['sse']?.result).toContain('a proxy buffers. A proxy compresses the stream (gzip).')
  })

  it('passes a proxy that compresses the event stream and passes each piece on', async () => {
    const report = await examine(await proxied({ compresses: 'flushed' }), ['--token', token, '--quick'])
    expect(failedIn(report)).toEqual([])
    expect(report.findings['sse']?.result).toMatch(
      /^First bytes after \d+ ms, first event after \d+ ms\. A proxy compresses the stream \(gzip\)\.$/,
    )
  })

  it('finds a proxy that strips the Upgrade header, and still checks the event stream', async () => {
    const report = await examine(await proxied({ stripsUpgrade: true }))
    expect(failedIn(report)).toEqual(['websocket'])
    expect(report.findings['websocket']).toMatchObject({
      result: expect.stringContaining('without its Upgrade header (426)'),
      remedy: expect.stringContaining('proxy_set_header Upgrade'),
    })
    expect(report.findings['cursor']).toEqual({ status: 'not-tried', result: 'It needs websocket, which failed.', remedy: null })
    expect(report.findings['sse']?.status).toBe('ok')
  })

  it('finds the stripped Upgrade header without a token, too', async () => {
    expect(failedIn(await examine(await proxied({ stripsUpgrade: true }), []))).toEqual(['websocket'])
  })

  it('finds a proxy that drops the subprotocol', async () => {
    const report = await examine(await proxied({ drops: 'sec-websocket-protocol' }), ['--token', token, '--quick'])
    expect(failedIn(report)).toEqual(['subprotocol'])
    expect(report.findings['subprotocol']?.result).toContain('browsers drop the connection')
  })

  it('finds an answer 101 that is not to the request', async () => {
    expect(failedIn(await examine(await proxied({ drops: 'sec-websocket-accept' }), ['--token', token, '--quick']))).toEqual(['websocket'])
  })

  it('finds a proxy that changes the content type of the stream', async () => {
    const rewrite: HttpProxyOptions['rewrite'] = ({ headers }) => {
      if (headers['content-type'] === 'text/event-stream') headers['content-type'] = 'text/plain'
    }
    const report = await examine(await proxied({ rewrite }), ['--token', token, '--quick'])
    expect(failedIn(report)).toEqual(['sse'])
    expect(report.findings['sse']?.result).toBe('The content type is text/plain, and not text/event-stream.')
  })
})

describe('carillon doctor, of a certificate', () => {
  const day = { now: new Date(), days: 60 }
  let folder: string
  let authority: Credentials
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-doctor-'))
    authority = await createAuthority('test authority', day)
    writeFileSync(join(folder, 'ca.pem'), authority.certificate)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Runs the program in a process of its own: Node reads NODE_EXTRA_CA_CERTS at its start. */
  async function examineTrusting(url: string, trusted: boolean): Promise<Report> {
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    const child = spawn(process.execPath, [main, 'doctor', url, '--json', '--quick', '--timeout', '5'], {
      env: { PATH: process.env['PATH'], CARILLON_TOKEN: token, ...(trusted ? { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } : {}) },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.on('data', (chunk) => (stdout += String(chunk)))
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return reportOf(code === 0 ? 'ok' : 'failed', stdout)
  }

  const behind = async (dnsNames: readonly string[], validity = day): Promise<string> =>
    proxied({ tls: await issueCertificate(authority, { dnsNames, validity }) })

  it('passes one that is trusted, for the host and valid', async () => {
    const report = await examineTrusting(await behind(['localhost']), true)
    expect(failedIn(report)).toEqual([])
    expect(report.findings['tls']?.result).toMatch(/^The certificate is for localhost, trusted, and valid until \d{4}-/)
    expect(withStatus(report, 'ok')).toContain('sse')
  })

  it('finds one that has expired, and tries nothing that needs it', async () => {
    const report = await examineTrusting(await behind(['localhost'], { now: new Date(Date.now() - 10 * 86_400_000), days: 5 }), true)
    expect(failedIn(report)).toEqual(['tls'])
    expect(report.findings['tls']).toMatchObject({
      result: expect.stringMatching(/^The certificate expired on \d{4}-\d\d-\d\d\.$/),
      remedy: expect.stringContaining('Renew it'),
    })
    expect(withStatus(report, 'not-tried')).toEqual(checkNames.slice(3))
    expect(report.exit).toBe('failed')
  })

  it('warns of one that expires soon', async () => {
    const report = await examineTrusting(await behind(['localhost'], { now: new Date(), days: 3 }), true)
    expect(withStatus(report, 'warning')).toEqual(['tls'])
    expect(report.exit).toBe('ok')
  })

  it('finds one for another host', async () => {
    const report = await examineTrusting(await behind(['other.example.com']), true)
    expect(report.findings['tls']?.result).toMatch(/^The certificate is not for localhost, but for .*other\.example\.com/)
  })

  it('finds one of an authority that is not trusted', async () => {
    const report = await examineTrusting(await behind(['localhost']), false)
    expect(report.findings['tls']).toMatchObject({
      status: 'failed',
      result: expect.stringMatching(/^The chain of the certificate is not trusted \(\w+\)\.$/),
      remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    })
  })

  it('finds a port without TLS', async () => {
    const report = await examine(gateway.url.replace('http', 'https'))
    expect(report.findings['tls']).toMatchObject({ status: 'failed', remedy: expect.stringContaining('plain HTTP') })
  })

  it('finds a port with TLS behind a URL without it', async () => {
    const url = await behind(['localhost'])
    const report = await examine(url.replace('https', 'http'))
    expect(report.findings['http']).toMatchObject({ status: 'failed', remedy: expect.stringContaining('use https or wss') })
  })
})

describe('carillon doctor, of origins and tokens', () => {
  it('finds an origin that is not allowed, with the words of the gateway', async () => {
    const report = await examine(gateway.url, ['--token', token, '--origin', 'https://other.example.com'])
    expect(failedIn(report)).toEqual(['origin'])
    expect(report.findings['origin']?.remedy).toContain('ALLOWED_ORIGINS=https://other.example.com')
    expect(report.findings['sse']?.result).toBe('It needs origin, which failed.')
  })

  it.each([
    ['with "Bearer " before it', () => `Bearer ${token}`, /begins with "Bearer "/],
    ['that is cut', () => token.split('.').slice(0, 2).join('.'), /not a JSON Web Token/],
    ['with a forged signature', () => `${token.slice(0, -6)}AAAAAA`, /refuses the token \(401 unauthenticated\)/],
  ])('finds a token %s', async (_case, given, message) => {
    const report = await examine(gateway.url, ['--token', given()])
    expect(failedIn(report)).toEqual(['token'])
    expect(report.findings['token']?.result).toMatch(message)
    expect(withStatus(report, 'not-tried')).toContain('websocket')
  })

  it('finds a token that has expired', async () => {
    const report = await examine(gateway.url, ['--token', await gateway.token({ user_id: 'ann', exp: 1_000_000_000 })])
    expect(report.findings['token']?.result).toBe('The token expired at 2001-09-09T01:46:40.000Z.')
  })

  it('shows the audience of a refused token, and the words of the gateway', async () => {
    const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const foreign = `${text({ alg: 'ES256' })}.${text({ user_id: 'ann', aud: 'billing' })}.AAAA`
    const report = await examine(gateway.url, ['--token', foreign])
    expect(report.findings['token']?.result).toContain('(aud "billing")')
    expect(report.findings['token']?.remedy).toMatch(/token/)
  })

  it('finds a token that may not emit', async () => {
    const production = await startTestGateway({ config: { isDevelopment: false } })
    closing.push(() => production.stop())
    const report = await examine(production.url, ['--emit-token', await production.token({ user_id: 'ann' })])
    expect(failedIn(report)).toEqual(['emit'])
    expect(report.findings['emit']?.remedy).toMatch(/^403 forbidden\. .*scope/)
  })
})

describe('carillon doctor, of an address without a gateway', () => {
  it('finds a host without an address', async () => {
    const report = await examine('https://gateway.invalid')
    expect(failedIn(report)).toEqual(['dns'])
    expect(withStatus(report, 'not-tried')).toEqual(checkNames.slice(1))
  })

  it('finds a port where nothing listens', async () => {
    const closed = await startTcpProxy(null)
    await closed.close()
    const report = await examine(`http://127.0.0.1:${closed.port}`)
    expect(failedIn(report)).toEqual(['tcp'])
    expect(report.findings['tcp']?.result).toContain('ECONNREFUSED')
  })

  it('finds a server that accepts connections and never answers', async () => {
    const silent = await startTcpProxy(null)
    closing.push(() => silent.close())
    const report = await examine(`http://127.0.0.1:${silent.port}`, shortly)
    expect(report.findings['http']?.result).toBe('No HTTP answer (no answer within 2000 ms).')
  })

  it.each([
    [200, {}, /is answered 200, and not by a Carillon gateway/, /proxy sends \/wss\/NAME/],
    [301, { location: 'https://elsewhere.example.com/' }, /redirects to https:\/\/elsewhere/, /Give that address/],
    [502, {}, /A proxy answers 502: it does not reach the gateway/, /gateway is ready/],
  ])('finds another server that answers %i', async (status, headers, result, remedy) => {
    const report = await examine(await serve((_request, response) => void response.writeHead(status, headers).end('<html>')))
    expect(failedIn(report)).toEqual(['http'])
    expect(report.findings['http']).toMatchObject({ result: expect.stringMatching(result), remedy: expect.stringMatching(remedy) })
  })

  it('finds a gateway of another channel, with the words of the gateway', async () => {
    const report = await examine(gateway.url, ['--channel', 'orders'])
    expect(failedIn(report)).toEqual(['http'])
    expect(report.findings['http']).toMatchObject({
      result: expect.stringMatching(/^The gateway answers 404 /),
      remedy: expect.stringContaining('chrome-service'),
    })
  })
})

describe('carillon doctor with a wrong flag', () => {
  it.each([
    [['--origin', 'app.example.com'], /Give scheme and host alone, such as https:\/\/app\.example\.com/],
    [['--origin', 'https://app.example.com/'], /--origin is/],
    [['--timeout', 'soon'], /--timeout is "soon"/],
    [['--emit-token', 'a', '--emit-token-file', 'b'], /--emit-token and --emit-token-file were both given/],
  ])('%j is wrong use', async (flags, message) => {
    const { exit, stderr } = await runCli(['doctor', gateway.url, ...flags])
    expect(exit).toBe('usage')
    expect(stderr).toMatch(message)
  })
})
