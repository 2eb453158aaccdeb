import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { options } from './config/options.ts'
import { loopbackUrls } from '../testing/loopback-urls.ts'
import { findFreePortPair } from '../testing/free-ports.ts'
import { type GatewayProcess, type GatewayProcessOptions, spawnGateway } from '../testing/processes/gateway-process.ts'
import { openSocket, RefusedError } from './testing/test-socket.ts'

/** The process itself: what it says, where it listens, and how it ends. */

const running: GatewayProcess[] = []

function run(how: GatewayProcessOptions = {}): GatewayProcess {
  const child = spawnGateway(how)
  running.push(child)
  return child
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((child) => child.kill()))
})

const freePorts = { PORT: '0', INTERNAL_PORT: '0' }

interface Started {
  readonly child: GatewayProcess
  readonly port: number
  readonly url: string
  readonly internalUrl: string
  readonly socketUrl: string
  token(claims: Readonly<Record<string, unknown>>): Promise<string>
  emit(message: unknown): Promise<Response>
}

/** A gateway in development mode that is ready. */
async function start(env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const child = run({ env: { ...freePorts, ...env } })
  const { port, internalPort } = await child.line('listening')
  const [url, internalUrl] = [`http://127.0.0.1:${String(port)}`, `http://127.0.0.1:${String(internalPort)}`]
  await vi.waitFor(async () => expect((await fetch(`${internalUrl}/readyz`)).status).toBe(200))
  return {
    child,
    port: Number(port),
    url,
    internalUrl,
    socketUrl: `ws://127.0.0.1:${String(port)}/wss/chrome-service/v1/ws`,
    token: async (claims) => {
      const answer = await fetch(`${url}/dev/token`, { method: 'POST', body: JSON.stringify(claims) })
      return ((await answer.json()) as { readonly token: string }).token // by the API's description
    },
    emit: (message) => fetch(`${url}/api/chrome-service/v1/emit-message`, { method: 'POST', body: JSON.stringify(message) }),
  }
}

const outcome = async (child: GatewayProcess) => ({ ...(await child.exited), stdout: child.stdout, stderr: child.stderr })

/** Why nothing answers at an address; null: something does. */
const refusalAt = (host: string, port: number): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 })
    socket
      .once('connect', () => resolve(null))
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
      .once('timeout', () => resolve('ETIMEDOUT'))
    socket.once('connect', () => socket.destroy()).once('timeout', () => socket.destroy())
  })

describe('a start without options', () => {
  it('needs nothing: the gateway answers, says where it is, and what to try next', async () => {
    const { child, url, internalUrl, port } = await start()
    const answers = await Promise.all(
      [`${url}/health`, `${internalUrl}/livez`, `${url}/console`, `${url}/api/chrome-service/v1/openapi.json`].map((page) => fetch(page)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(child.stdout).toContain(`http://localhost:${port}/console`)
    expect(child.stdout).toContain('curl -i')
    expect(child.stderr).toBe('')
  })

  it('offers a next command that works as it is printed', async () => {
    const { child, url } = await start()
    const body = /-d '(.*)'/.exec(child.stdout)?.[1] ?? ''
    const answer = await fetch(`${url}/api/chrome-service/v1/emit-message`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body,
    })
    expect(answer.status).toBe(202)
  })

  it("accepts the snippets for a browser's console unchanged", async () => {
    const { port, token } = await start()
    const site = `http://localhost:${port}`
    const socket = await openSocket(`ws://localhost:${port}/wss/chrome-service/v1/ws`, {
      cookie: `cs_jwt=${await token({ user_id: 'ann' })}`,
      origin: site,
    })
    const snippet = `fetch("/api/chrome-service/v1/emit-message", {method: "POST", body: JSON.stringify({id: "message-id", type: "notifications.drawer",
      broadcast: true, users: [], roles: [], organizations: [], payload: {title: "New notification", description: "Some longer body"}})})`
    /** The page's own: relative to the page, with its Origin, and text/plain for a text. */
    const pageFetch = (path: string, init: RequestInit): Promise<Response> =>
      fetch(new URL(path, site), { ...init, headers: { origin: site } })
    const answer = await (runInNewContext(snippet, { fetch: pageFetch }) as Promise<Response>) // the snippet is one call of fetch
    expect([answer.status, await answer.json()]).toEqual([202, { id: 'message-id', source: 'urn:carillon:emit-message' }])
    expect((await socket.until(1))[0]).toMatchObject({
      id: 'message-id',
      type: 'notifications.drawer',
      data: { title: 'New notification' },
    })
    expect(socket.protocol).toBe('cloudevents.json')
  })

  it('listens on 127.0.0.1 only, for any HOST, and reports it', async () => {
    const { child, port, internalUrl } = await start({ HOST: '0.0.0.0', INTERNAL_HOST: '0.0.0.0' })
    const others = Object.values(networkInterfaces())
      .flat()
      .flatMap((at) => (at !== undefined && !at.internal && at.family === 'IPv4' ? [at.address] : []))
    const internalPort = Number(new URL(internalUrl).port)
    const refusals = await Promise.all(['127.0.0.2', ...others].flatMap((host) => [refusalAt(host, port), refusalAt(host, internalPort)]))
    expect([await refusalAt('127.0.0.1', port), refusals.filter((refusal) => refusal === null)]).toEqual([null, []])
    expect(child.lines.filter(({ level }) => level === 'warn').map(({ warning }) => String(warning))).toEqual([
      expect.stringContaining('HOST is ignored'),
    ])
  })

  it('writes nothing at all with LOG_LEVEL=silent', async () => {
    const port = await findFreePortPair()
    const child = run({ env: { PORT: String(port), INTERNAL_PORT: String(port + 1), LOG_LEVEL: 'silent' } })
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port + 1}/readyz`)).status).toBe(200), { timeout: 10_000 })
    child.signal('SIGTERM')
    expect(await outcome(child)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })
})

describe('options', () => {
  it('that are missing in production are all named at once, and nothing starts', async () => {
    const { code, stdout, stderr } = await outcome(run({ env: { NODE_ENV: 'production' } }))
    expect([code, stdout]).toEqual([2, ''])
    const missing = ['JWT_JWKS_URI', 'JWT_ISSUER', 'JWT_AUDIENCE', 'KAFKA_BROKERS', 'ALLOWED_ORIGINS']
    expect(missing.filter((name) => !stderr.includes(`  ${name}: expected`))).toEqual([])
    expect(stderr).not.toContain('    at ')
  })

  it('that are wrong are all named at once, with what was given, what is expected, and the way to the list; a secret is not shown', async () => {
    const env = { PORT: 'http', MAX_CONNECTIONS: '0', CONSOLE: 'maybe', KAFKA_SASL_MECHANISM: 'none', KAFKA_SASL_PASSWORD: 'hunter2' }
    const { code, stderr } = await outcome(run({ env, args: ['--heartbeat-interval-ms=5'] }))
    expect(code).toBe(2)
    expect(
      ['PORT', 'MAX_CONNECTIONS', 'CONSOLE', 'HEARTBEAT_INTERVAL_MS', 'KAFKA_SASL_MECHANISM'].filter(
        (name) => !stderr.includes(`  ${name}: `),
      ),
    ).toEqual([])
    expect(stderr).toMatch(/^5 options are not valid:/)
    expect([stderr.includes('"http" is not valid'), stderr.includes('--help'), stderr.includes('hunter2')]).toEqual([true, true, false])
  })

  it('that do not exist are named with the one that was probably meant', async () => {
    const [flag, variable] = [
      run({ args: ['--prot=1', '--max-conections', '3'] }),
      run({ env: { ...freePorts, KAFKA_BROKER: 'localhost:9092' } }),
    ]
    const { code, stderr } = await outcome(flag)
    expect([code, stderr.includes('--max-connections')]).toEqual([2, true])
    expect(await variable.line('suspicious option')).toMatchObject({ level: 'warn', warning: expect.stringContaining('KAFKA_BROKERS') })
  })

  it('are listed by --help, and the version by --version, even with an invalid environment', async () => {
    const env = { NODE_ENV: 'production', PORT: 'http' }
    const [help, version] = await Promise.all([outcome(run({ env, args: ['--help'] })), outcome(run({ env, args: ['--version'] }))])
    expect([help.code, help.stderr, Object.values(options).filter((option) => !help.stdout.includes(option.env))]).toEqual([0, '', []])
    const { version: expected } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      readonly version: string
    } // our own file
    expect([version.code, version.stdout, version.stderr]).toEqual([0, `${expected}\n`, ''])
  })

  it.each(['PORT', 'INTERNAL_PORT'])('whose %s is taken end it with a sentence that names the address', async (name) => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo // it listens on TCP
    const { code, stderr } = await outcome(run({ env: { ...freePorts, [name]: String(port) } }))
    server.close()
    expect([code, stderr.split('\n').length]).toEqual([1, 2])
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}`)
  })
})

describe('a stop', () => {
  it('by SIGTERM turns unready, turns newcomers away, gives each session all that was acknowledged and the drain code, and ends with 0', async () => {
    const { child, socketUrl, internalUrl, token, emit } = await start({ DRAIN_DELAY_MS: '400', DRAIN_MS: '200' })
    const ann = await token({ user_id: 'ann' })
    const sockets = await Promise.all(
      ['latest', 'latest', undefined, undefined].map((cursor) =>
        openSocket(socketUrl, { token: ann, ...(cursor === undefined ? {} : { cursor }) }),
      ),
    )
    const eventIds = Array.from({ length: 60 }, (_, index) => `event-${index}`)
    const answers = Promise.all(eventIds.map(async (id) => ({ id, status: (await emit({ id, type: 't', users: ['ann'] })).status })))
    await sockets[0]?.untilReceived('event-0')
    child.signal('SIGTERM')
    await child.line('stopping; a second signal exits at once')
    const readiness = await fetch(`${internalUrl}/readyz`)
    expect([readiness.status, await readiness.text()]).toEqual([503, expect.stringContaining('not-draining')])
    const newcomer: unknown = await openSocket(socketUrl, { token: ann }).catch((error: unknown) => error)
    expect(newcomer).toMatchObject({ status: 503, body: expect.stringContaining('urn:carillon:problem:draining') })
    expect(newcomer).toBeInstanceOf(RefusedError)
    const acknowledged = (await answers).filter(({ status }) => status === 202).map(({ id }) => id)
    expect(acknowledged.length).toBe(60)
    const closed = await Promise.all(sockets.map((socket) => socket.closed))
    expect(closed.map(({ code, reason }) => [code, /reconnect-after=\d+$/.test(reason)])).toEqual(sockets.map(() => [4200, true]))
    const events = sockets.map(({ ids }) => ids.filter((id) => !id.startsWith('!')).toSorted())
    expect(events).toEqual(sockets.map(() => eventIds.toSorted()))
    expect(sockets.map(({ ids }) => ids.includes('!draining'))).toEqual([true, true, false, false])
    expect(await outcome(child)).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  it('by SIGINT, as Ctrl-C, ends with 0 as well', async () => {
    const { child } = await start()
    child.signal('SIGINT')
    expect(await outcome(child)).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(child.lines.at(-1)).toMatchObject({ level: 'info' })
  })

  it('answers what is under way when it comes: an emit whose body is still arriving is acknowledged', async () => {
    const { child, url, port } = await start({ DRAIN_MS: '0' })
    const body = JSON.stringify({ id: 'late', type: 't', broadcast: true })
    const socket = connect({ host: '127.0.0.1', port })
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.write(
      `POST /api/chrome-service/v1/emit-message HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
    )
    await vi.waitFor(() => expect(answer).toContain('100 Continue'))
    child.signal('SIGTERM')
    await vi.waitFor(async () =>
      expect(
        await fetch(`${url}/health`).then(
          () => 'open',
          () => 'closed',
        ),
      ).toBe('closed'),
    )
    socket.write(body)
    await ended
    expect([answer.includes('HTTP/1.1 202'), (await child.exited).code]).toEqual([true, 0])
  })

  it('by a Ctrl-C that arrives twice, from the terminal and from npm, is not cut short', async () => {
    const { child } = await start({ DRAIN_DELAY_MS: '500' })
    child.signal('SIGINT')
    await child.line('stopping; a second signal exits at once')
    child.signal('SIGINT')
    expect((await child.exited).code).toBe(0)
  })

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGINT'],
  ] as const)('by %s is cut short by %s, with code 1', async (first, second) => {
    const { child } = await start({ DRAIN_DELAY_MS: '60000' })
    child.signal(first)
    await child.line('stopping; a second signal exits at once')
    const sentAt = performance.now()
    // Again and again: a SIGINT right behind another counts as its echo.
    const impatience = setInterval(() => child.signal(second), 100)
    expect((await child.exited).code).toBe(1)
    clearInterval(impatience)
    expect(performance.now() - sentAt).toBeLessThan(5_000)
  })
})

describe('with keys configured', () => {
  let folder: string
  let keyFile: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-'))
    keyFile = join(folder, 'keys.pem')
    writeFileSync(keyFile, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** A gateway for production whose broker is down: nothing listens on the port behind its own. */
  async function startWithKeys(env: Readonly<Record<string, string>> = {}) {
    const [port, brokerPort] = [await findFreePortPair(), await findFreePortPair()]
    const child = run({
      env: {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        INTERNAL_HOST: '127.0.0.1',
        PORT: String(port),
        INTERNAL_PORT: String(port + 1),
        JWT_KEYS_FILE: keyFile,
        JWT_ISSUER: 'https://sso.example',
        JWT_AUDIENCE: 'carillon',
        ALLOWED_ORIGINS: 'https://console.example',
        KAFKA_BROKERS: `127.0.0.1:${brokerPort}`,
        ...env,
      },
    })
    const url = `http://127.0.0.1:${port}`
    await vi.waitFor(async () => expect((await fetch(`${url}/health`)).status).toBe(200), { timeout: 15_000, interval: 100 })
    return { child, url, internalUrl: `http://127.0.0.1:${port + 1}` }
  }

  it('gives out no token and no console, needs a token to emit, and reports what it waits for', async () => {
    const { child, url, internalUrl } = await startWithKeys()
    const statuses = await Promise.all([
      fetch(`${url}/dev/token`, { method: 'POST', body: '{"user_id":"ann"}' }),
      fetch(`${url}/console`),
      fetch(`${url}/api/chrome-service/v1/emit-message`, { method: 'POST', body: '{"type":"t","broadcast":true}' }),
      fetch(`${internalUrl}/livez`),
      fetch(`${internalUrl}/readyz`),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 401, 200, 503])
    expect(await statuses[4]?.json()).toMatchObject({ waitingFor: expect.arrayContaining([expect.stringMatching(/^log-opened: /)]) })
    expect(await (await fetch(`${url}/api/chrome-service/v1/openapi.json`)).text()).not.toContain('/dev/token')
    expect(child.stdout).not.toContain('Console')
  })

  it('answers by IPv4 and by IPv6 on both ports when no address is given', async () => {
    const { url, internalUrl } = await startWithKeys({ HOST: '', INTERNAL_HOST: '' })
    const probes = [
      ...loopbackUrls(Number(new URL(url).port)).map((each) => `${each}/health`),
      ...loopbackUrls(Number(new URL(internalUrl).port)).map((each) => `${each}/livez`),
    ]
    for (const probe of probes) expect((await fetch(probe)).status, probe).toBe(200)
  })

  it('serves the console when CONSOLE=on asks for it', async () => {
    const { url } = await startWithKeys({ CONSOLE: 'on' })
    const page = await fetch(`${url}/console`)
    expect([page.status, page.headers.get('content-security-policy')]).toEqual([200, expect.stringContaining('default-src')])
  })

  /** PID 1 of a container would have lived until it was killed, because signals have no default action there. */
  it('ends with 0 at a signal that comes while it still waits for the broker', async () => {
    const { child } = await startWithKeys()
    child.signal('SIGTERM')
    expect(await outcome(child)).toMatchObject({ code: 0, signal: null, stderr: '' })
  })

  it('does not start with a key file that has no keys, and names the option', async () => {
    const empty = join(folder, 'empty.pem')
    writeFileSync(empty, '')
    const child = run({
      env: {
        ...freePorts,
        HOST: '127.0.0.1',
        INTERNAL_HOST: '127.0.0.1',
        JWT_KEYS_FILE: empty,
        JWT_ISSUER: 'i',
        JWT_AUDIENCE: 'a',
        ALLOWED_ORIGINS: 'https://a.example',
        KAFKA_BROKERS: '127.0.0.1:1',
      },
    })
    const { code, stderr } = await outcome(child)
    expect([code, stderr.includes('JWT_KEYS_FILE')]).toEqual([1, true])
  })
})
