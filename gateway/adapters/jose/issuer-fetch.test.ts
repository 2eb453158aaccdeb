import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { fetchText } from './fetch-text.ts'
import { createIssuerFetch, type IssuerFetchOptions } from './issuer-fetch.ts'
import { createAuthority, issueCertificate } from '../../../testing/certificates.ts'

const validity = { now: new Date(), days: 2 }
const [companyCa, otherCa] = [await createAuthority('company-ca', validity), await createAuthority('other-ca', validity)]
const sso = await issueCertificate(companyCa, { commonName: 'sso', dnsNames: ['localhost', 'sso.test'], validity })

let folder: string
let caFile: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-'))
  caFile = file('ca.crt', companyCa.certificate)
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** @returns the port */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port // it listens on TCP
}

const keys: RequestListener = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}')
const startIssuer = (answer: RequestListener = keys): Promise<number> =>
  listen(createHttpsServer({ cert: sso.certificate, key: sso.key }, answer))

/** Forwards CONNECT and absolute-form requests, and notes their targets. Names are not looked up: all of them are this machine. */
async function startProxy(): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = []
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    keys(request, response)
  })
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`)
    const upstream = connect({ host: '127.0.0.1', port: Number(request.url?.split(':').at(-1)) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, asked }
}

const get = (url: string, options: Partial<IssuerFetchOptions> = {}, more: { maxBytes?: number; timeoutMs?: number } = {}) =>
  fetchText(url, {
    fetch: createIssuerFetch({ jwksCaFile: '', jwksProxy: '', ...options }),
    timeoutMs: 20_000,
    maxBytes: 10_000,
    signal: new AbortController().signal,
    ...more,
  })

describe('keys behind a certificate of a private authority', () => {
  it('are fetched when the authority is named, and refused otherwise', async () => {
    const url = `https://localhost:${await startIssuer()}/keys`
    expect(await get(url, { jwksCaFile: caFile })).toEqual({ ok: true, value: '{"keys":[]}' })
    expect(await get(url)).toEqual({ ok: false, error: expect.stringMatching(/certificate/) })
    expect(await get(url, { jwksCaFile: file('other.crt', otherCa.certificate) })).toEqual({
      ok: false,
      error: expect.stringMatching(/certificate/),
    })
  })

  it('are fetched with the current authorities of the file', async () => {
    const url = `https://localhost:${await startIssuer()}/keys`
    const rotated = file('rotated.crt', otherCa.certificate)
    const fetch = createIssuerFetch({ jwksCaFile: rotated, jwksProxy: '' })
    const again = () => fetchText(url, { fetch, timeoutMs: 20_000, maxBytes: 10_000, signal: new AbortController().signal })
    expect((await again()).ok).toBe(false)
    file('rotated.crt', companyCa.certificate)
    expect((await again()).ok).toBe(true)
    file('rotated.crt', 'nothing')
    expect(await again()).toEqual({ ok: false, error: expect.stringMatching(/^JWKS_CA_FILE .*rotated\.crt\) is not a PEM certificate/) })
  })

  it('keep the bounds of every fetch: status, size, time, no redirect', async () => {
    const url = `https://127.0.0.1:${await startIssuer(({ url: path }, response) => {
      if (path === '/large') return void response.end('x'.repeat(20_000))
      if (path === '/moved') return void response.writeHead(302, { location: '/keys' }).end()
      if (path === '/nothing') return void response.writeHead(204).end()
      return undefined // no answer, ever
    })}`
    expect(await get(`${url}/large`, { jwksCaFile: caFile })).toEqual({ ok: false, error: 'the response has more than 10000 bytes' })
    expect(await get(`${url}/moved`, { jwksCaFile: caFile })).toEqual({ ok: false, error: 'the response was HTTP status 302, not 200' })
    expect(await get(`${url}/nothing`, { jwksCaFile: caFile })).toEqual({ ok: false, error: 'the response was HTTP status 204, not 200' })
    expect(await get(`${url}/silent`, { jwksCaFile: caFile }, { timeoutMs: 100 })).toEqual({
      ok: false,
      error: 'there was no complete response within 100 ms',
    })
  })

  it('with an authority file without certificates end the start, with the name of the option', () => {
    const empty = file('empty.crt', '')
    expect(() => createIssuerFetch({ jwksCaFile: empty, jwksProxy: '' })).toThrow(`JWKS_CA_FILE (${empty}) is not a PEM certificate`)
  })
})

describe('keys behind a proxy', () => {
  it("are fetched through a tunnel, and the server's certificate is checked against the named authority", async () => {
    const [port, proxy] = [await startIssuer(), await startProxy()]
    const url = `https://sso.test:${port}/keys`
    expect(await get(url, { jwksCaFile: caFile, jwksProxy: proxy.url })).toEqual({ ok: true, value: '{"keys":[]}' })
    expect(await get(url, { jwksProxy: proxy.url })).toEqual({ ok: false, error: expect.stringMatching(/certificate/) })
    expect(proxy.asked).toEqual([`CONNECT sso.test:${port}`, `CONNECT sso.test:${port}`])
  })

  it('are fetched by their whole URI when it is plain http', async () => {
    const proxy = await startProxy()
    expect(await get('http://sso.test/keys', { jwksProxy: proxy.url })).toEqual({ ok: true, value: '{"keys":[]}' })
    expect(proxy.asked).toEqual(['GET http://sso.test/keys'])
  })

  /** Fetches until it is aborted, as the time-out and the stop of a gateway do. */
  const getUntil = (signal: AbortSignal, options: Partial<IssuerFetchOptions>, url: string) =>
    fetchText(url, {
      fetch: createIssuerFetch({ jwksCaFile: '', jwksProxy: '', ...options }),
      timeoutMs: 600_000,
      maxBytes: 10_000,
      signal,
    })

  // The agent of Node.js never stopped waiting for such a proxy: a gateway would not have fetched its keys again.
  it.each(['the proxy', 'the server behind the proxy'])(
    'that are abandoned while %s is silent leave no connection behind',
    async (silent) => {
      const [ended, givenUp] = [Promise.withResolvers<void>(), new AbortController()]
      const proxy = createHttpServer()
      proxy.on('connect', (_, socket: Socket) => {
        if (silent !== 'the proxy') socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        // The proxy notes the first bytes of the handshake with the server, which follow its own answer.
        socket
          .on('error', () => {})
          .once('end', () => ended.resolve())
          .once('data', () => givenUp.abort())
        if (silent === 'the proxy') givenUp.abort()
      })
      const jwksProxy = `http://127.0.0.1:${await listen(proxy)}`
      expect(await getUntil(givenUp.signal, { jwksProxy }, 'https://sso.test/keys')).toMatchObject({ ok: false })
      await ended.promise
    },
  )

  it('that are abandoned after half an answer leave no connection behind', async () => {
    const [ended, givenUp] = [Promise.withResolvers<void>(), new AbortController()]
    const [port, proxy] = [
      await startIssuer((request, response) => {
        request.socket.once('close', () => ended.resolve())
        response.writeHead(200).write('{"keys":', () => givenUp.abort())
      }),
      await startProxy(),
    ]
    expect(await getUntil(givenUp.signal, { jwksCaFile: caFile, jwksProxy: proxy.url }, `https://sso.test:${port}/keys`)).toMatchObject({
      ok: false,
    })
    await ended.promise
  })

  it('that refuses are not fetched around it', async () => {
    const refusing = createHttpServer()
    refusing.on('connect', (_, socket) => void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    const [port, proxyPort] = [await startIssuer(), await listen(refusing)]
    expect(await get(`https://localhost:${port}/keys`, { jwksCaFile: caFile, jwksProxy: `http://127.0.0.1:${proxyPort}` })).toEqual({
      ok: false,
      error: expect.stringContaining('403'),
    })
  })
})
