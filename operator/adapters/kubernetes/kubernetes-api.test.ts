import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WatchEvent } from '../../runtime/kubernetes-api.ts'
import { configMapType, namespaceType } from '../../testing/kubernetes-api-contract.ts'
import type { ClosableKubernetesApi, KubernetesApiParts, RequestReport } from './kubernetes-api.ts'
import { apiOf } from './testing/api-of.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

let folder: string
let server: Server
let handle: Handler
let apis: ClosableKubernetesApi[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-api-'))
  handle = (_request, response) => answer(response, 200, object)
  server = createServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const api of apis) api.close()
  apis = []
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'a', resourceVersion: '5' } }
const ref = { namespace: 'a', name: 'x' }
const answer = (response: ServerResponse, code: number, body: object | string, headers: Record<string, string> = {}): void =>
  void response
    .writeHead(code, { 'content-type': 'application/json', ...headers })
    .end(typeof body === 'string' ? body : JSON.stringify(body))

/** A client of the server, through a kubeconfig as a person writes it. */
async function client(
  parts: Partial<KubernetesApiParts> = {},
  user: object = { token: 'secret' },
  path = '',
): Promise<ClosableKubernetesApi> {
  const { port } = server.address() as AddressInfo // it listens on TCP
  const file = join(folder, 'config')
  const cluster = { server: `http://127.0.0.1:${port}${path}`, 'insecure-skip-tls-verify': true }
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'm', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'm',
  }
  await writeFile(file, JSON.stringify(config))
  const api = apiOf(file, parts)
  apis.push(api)
  return api
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

describe('a call', () => {
  it('sends the credentials, and the object unchanged', async () => {
    const seen: {
      readonly line: string
      readonly type: unknown
      readonly agent: unknown
      readonly authorization: unknown
      readonly body: string
    }[] = []
    const note = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { 'content-type': type, 'user-agent': agent, authorization } = request.headers
      seen.push({ line: `${request.method} ${request.url}`, type, agent, authorization, body: await bodyOf(request) })
      answer(response, 200, object)
    }
    handle = (request, response) => void note(request, response)
    const api = await client({ version: '1.2.3' }, { token: 'secret' }, '/k8s/clusters/c-1')
    const odd = { ...object, spec: { default: { from: 'é', 'x-kubernetes-y': null } } }
    await api.apply(configMapType, odd, { fieldManager: 'carillon', force: true, isDryRun: true })
    await api.mergePatch(configMapType, ref, { data: { a: null } })
    await api.delete(configMapType, ref, { uid: 'u', propagation: 'Foreground' })
    const base = '/k8s/clusters/c-1/api/v1/namespaces/a/configmaps/x'
    expect(seen).toEqual([
      {
        line: `PATCH ${base}?fieldManager=carillon&force=true&fieldValidation=Strict&dryRun=All`,
        type: 'application/apply-patch+yaml',
        agent: 'carillon-operator/1.2.3',
        authorization: 'Bearer secret',
        body: JSON.stringify(odd),
      },
      expect.objectContaining({
        line: `PATCH ${base}?fieldValidation=Strict`,
        type: 'application/merge-patch+json',
        body: '{"data":{"a":null}}',
      }),
      expect.objectContaining({
        line: `DELETE ${base}`,
        body: JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u' }, propagationPolicy: 'Foreground' }),
      }),
    ])
  })

  it('is unavailable without a response in time, also when the response starts and does not end', async () => {
    handle = (request, response) => {
      if (request.url?.includes('slow-body') === true) response.writeHead(200).write('{')
    }
    const reports: RequestReport[] = []
    const api = await client({ timeoutMs: 100, onRequest: (report) => void reports.push(report) })
    const failure = { ok: false, error: { kind: 'unavailable', code: 0, message: 'no response within 100 ms' } }
    expect(await api.get(configMapType, ref)).toEqual(failure)
    expect(await api.get(configMapType, { ...ref, name: 'slow-body' })).toEqual(failure)
    expect(reports).toEqual([
      { method: 'GET', code: 0, seconds: expect.any(Number) },
      { method: 'GET', code: 0, seconds: expect.any(Number) },
    ])
  })

  it('is unavailable when the connection breaks, or when another kind of server responds', async () => {
    const api = await client()
    handle = (request) => void request.socket.destroy()
    expect(await api.get(configMapType, ref)).toMatchObject({ error: { kind: 'unavailable', code: 0, message: 'socket hang up' } })
    handle = (_request, response) => answer(response, 200, '<html>welcome</html>')
    expect(await api.get(configMapType, ref)).toMatchObject({
      error: { kind: 'unavailable', code: 200, message: 'the response is not an object of the Kubernetes API' },
    })
    handle = (_request, response) => answer(response, 200, { metadata: {} })
    expect(await api.list(configMapType, {})).toMatchObject({
      error: { kind: 'unavailable', message: 'the response is not a list of the Kubernetes API' },
    })
    handle = (_request, response) => answer(response, 301, '', { location: '/elsewhere' })
    expect(await api.get(configMapType, ref)).toMatchObject({ error: { kind: 'unavailable', code: 301 } })
  })

  it('fails on a response that is larger than the limit', async () => {
    handle = (_request, response) => answer(response, 200, { ...object, data: { big: 'x'.repeat(2_000) } })
    const api = await client({ maxBytes: 1_000 })
    expect(await api.get(configMapType, ref)).toMatchObject({
      error: { kind: 'unavailable', message: 'the API server sent an answer of more than 1000 bytes' },
    })
  })

  it('waits for its turn at the limit of calls, within its time limit', async () => {
    const held: ServerResponse[] = []
    handle = (_request, response) => void held.push(response)
    const api = await client({ maxCalls: 2, timeoutMs: 1_000 })
    const calls = [1, 2, 3].map(() => api.get(configMapType, ref))
    await vi.waitFor(() => expect(held).toHaveLength(2))
    for (const response of held.splice(0)) answer(response, 200, object)
    await vi.waitFor(() => expect(held).toHaveLength(1))
    for (const response of held.splice(0)) answer(response, 200, object)
    expect((await Promise.all(calls)).every(({ ok }) => ok)).toBe(true)
    const late = await Promise.all([1, 2, 3].map(() => api.get(configMapType, ref)))
    expect(late).toMatchObject(
      late.map(() => ({ error: { kind: 'unavailable', message: expect.stringMatching(/^(no response|not sent) within 1000 ms/) } })),
    )
  })

  // mayWrite was checked before a call, and then the call waited for its turn. A process that was paused there for a minute woke up when
  // another process led, and sent the call.
  it('is not sent when it changes something and the leadership was lost since the call started', async () => {
    const held: ServerResponse[] = []
    handle = (_request, response) => void held.push(response)
    let leads = true
    const api = await client({ maxCalls: 1, mayWrite: () => leads })
    const first = api.get(configMapType, ref)
    await vi.waitFor(() => expect(held).toHaveLength(1))
    const writes = [
      api.apply(configMapType, object, { fieldManager: 'x', force: true }),
      api.delete(configMapType, ref, {}),
      api.create(configMapType, object),
    ]
    const read = api.get(configMapType, ref)
    leads = false
    for (const response of held.splice(0)) answer(response, 200, object)
    await vi.waitFor(() => expect(held).toHaveLength(1))
    for (const response of held.splice(0)) answer(response, 200, object)
    const refused = { ok: false, error: { kind: 'unavailable', message: 'nothing was sent: this process is not the leader any more' } }
    expect(await Promise.all([first, ...writes, read])).toMatchObject([{ ok: true }, refused, refused, refused, { ok: true }])
    expect(held).toHaveLength(0)
  })

  it('is retried at once when the server had closed an idle connection, but only for reads', async () => {
    const api = await client()
    const seen: string[] = []
    handle = (request, response) => {
      seen.push(request.method ?? '')
      // The second request finds the connection closed.
      if (seen.length === 2 || seen.length === 5) request.socket.destroy()
      else answer(response, 200, object)
    }
    await api.get(configMapType, ref)
    expect(await api.get(configMapType, ref)).toMatchObject({ ok: true })
    expect(seen).toEqual(['GET', 'GET', 'GET'])
    await api.get(configMapType, ref)
    expect(await api.create(configMapType, object)).toMatchObject({ error: { kind: 'unavailable' } })
    expect(seen).toEqual(['GET', 'GET', 'GET', 'GET', 'POST'])
  })

  it('reuses a connection', async () => {
    const ports = new Set<number | undefined>()
    handle = (request, response) => {
      ports.add(request.socket.remotePort)
      answer(response, 200, object)
    }
    const api = await client()
    for (let each = 0; each < 5; each += 1) await api.get(configMapType, ref)
    expect(ports.size).toBe(1)
  })

  it('reports its method, its code and its time', async () => {
    const reports: RequestReport[] = []
    let clock = 1_000
    handle = (_request, response) => {
      clock += 250
      answer(response, 429, { kind: 'Status', code: 429, message: 'busy' }, { 'retry-after': '7' })
    }
    const api = await client({ onRequest: (report) => void reports.push(report), now: () => clock })
    expect(await api.create(namespaceType, { ...object, metadata: { name: 'a' } })).toEqual({
      ok: false,
      error: { kind: 'overloaded', code: 429, message: 'busy', retryAfterMs: 7_000 },
    })
    expect(reports).toEqual([{ method: 'POST', code: 429, seconds: 0.25 }])
  })

  it('adds the kind and apiVersion to the items of a list', async () => {
    handle = (_request, response) =>
      answer(response, 200, {
        kind: 'ConfigMapList',
        metadata: { resourceVersion: '9', continue: '' },
        items: [{ metadata: { name: 'x' } }],
      })
    const api = await client()
    expect(await api.list(configMapType, {})).toEqual({
      ok: true,
      value: { items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }], resourceVersion: '9', continueToken: null },
    })
    handle = (_request, response) => answer(response, 200, { metadata: { resourceVersion: '9' }, items: null })
    expect(await api.list(configMapType, {})).toMatchObject({ value: { items: [] } })
  })
})

describe('credentials', () => {
  const seen: unknown[] = []
  beforeEach(() => {
    seen.length = 0
    handle = (request, response) => {
      const { authorization } = request.headers
      seen.push(authorization)
      if (authorization === 'Bearer good') answer(response, 200, object)
      else answer(response, 401, { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
    }
  })

  it('are read again as soon as the server refuses them', async () => {
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'old')
    const api = await client({}, { tokenFile })
    await writeFile(tokenFile, 'good')
    expect(await api.get(configMapType, ref)).toMatchObject({ ok: true })
    await writeFile(tokenFile, 'bad')
    expect(await api.get(configMapType, ref)).toMatchObject({ ok: true })
    const other = await client({}, { tokenFile })
    expect(await other.get(configMapType, ref)).toMatchObject({ error: { kind: 'unauthorized', code: 401 } })
    await writeFile(tokenFile, 'good\n')
    expect(await other.get(configMapType, ref)).toMatchObject({ ok: true })
    expect(seen).toEqual(['Bearer good', 'Bearer good', 'Bearer bad', 'Bearer good'])
  })

  it('are requested from a plugin once for simultaneous calls', async () => {
    const [plugin, log] = [join(folder, 'plugin'), join(folder, 'log')]
    const credential = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'good' } })
    await writeFile(plugin, `#!/bin/sh\necho run >> ${log}\necho '${credential}'\n`)
    await chmod(plugin, 0o755)
    const api = await client({}, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } })
    const results = await Promise.all(Array.from({ length: 20 }, () => api.get(configMapType, ref)))
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(await readFile(log, 'utf8')).toBe('run\n')
  })

  it('that cannot be read make the call unavailable with the reason, and the next call tries again', async () => {
    const plugin = join(folder, 'plugin')
    await writeFile(plugin, '#!/bin/sh\necho log in first >&2\nexit 1\n')
    await chmod(plugin, 0o755)
    const api = await client({ timeoutMs: 2_000 }, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } })
    expect(await api.get(configMapType, ref)).toMatchObject({
      error: { kind: 'unavailable', code: 0, message: expect.stringContaining('log in first') },
    })
    await writeFile(plugin, '#!/bin/sh\nexec sleep 5\n')
    const quick = await client({ timeoutMs: 200 }, { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } })
    expect(await quick.get(configMapType, ref)).toMatchObject({ error: { kind: 'unavailable', message: 'no response within 200 ms' } })
  })

  it('name the impersonated user with all groups', async () => {
    const impersonated: unknown[] = []
    handle = (request, response) => {
      const at = (name: string): unknown[] =>
        request.rawHeaders.flatMap((each, index) => (index % 2 === 0 && each.toLowerCase() === name ? [request.rawHeaders[index + 1]] : []))
      impersonated.push(at('impersonate-user'), at('impersonate-group'))
      answer(response, 200, object)
    }
    const api = await client({}, { token: 'secret', as: 'somebody', 'as-groups': ['a', 'b'] })
    await api.get(configMapType, ref)
    expect(impersonated).toEqual([['somebody'], ['a', 'b']])
  })
})

describe('a watch', () => {
  const line = (type: string, name: string): string =>
    `${JSON.stringify({ type, object: { ...object, metadata: { ...object.metadata, name } } })}\n`
  const watch = (api: ClosableKubernetesApi, signal = new AbortController().signal): AsyncIterable<WatchEvent> =>
    api.watch(configMapType, { namespace: 'a', resourceVersion: '5', timeoutSeconds: 60, labelSelector: 'a=b', signal })
  const names = (events: readonly WatchEvent[]): readonly string[] =>
    events.map((event) => ('object' in event ? event.object.metadata.name : event.type))

  it('reads events in any chunks, and ends when the server ends it', async () => {
    let asked: string | undefined
    handle = (request, response) => {
      asked = request.url
      const bytes = Buffer.from(`${line('ADDED', 'é')}${line('MODIFIED', '\u{1F514}')}`)
      const parts = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7))
      response.writeHead(200)
      const next = (): void => {
        const part = parts.shift()
        if (part === undefined) response.end()
        else response.write(part, () => setImmediate(next))
      }
      next()
    }
    const reports: RequestReport[] = []
    const api = await client({ onRequest: (report) => void reports.push(report) })
    expect(names(await Array.fromAsync(watch(api)))).toEqual(['é', '\u{1F514}'])
    expect(asked).toBe(
      '/api/v1/namespaces/a/configmaps?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60&labelSelector=a%3Db',
    )
    expect(reports).toEqual([{ method: 'GET', code: 200, seconds: expect.any(Number) }])
  })

  it('ends with an error when the connection breaks, after any number of events', async () => {
    handle = (_request, response) => {
      response.writeHead(200)
      response.write(line('ADDED', 'x'), () => response.destroy())
    }
    const events = await Array.fromAsync(watch(await client()))
    expect(events).toMatchObject([{ type: 'ADDED' }, { type: 'ERROR', error: { kind: 'unavailable', code: 0 } }])
  })

  it('ends after an error that the server sends, with its kind', async () => {
    handle = (_request, response) => {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' }
      answer(response, 200, `${line('ADDED', 'x')}${JSON.stringify({ type: 'ERROR', object: status })}\n${line('ADDED', 'never')}`)
    }
    expect(await Array.fromAsync(watch(await client()))).toMatchObject([
      { type: 'ADDED' },
      { type: 'ERROR', error: { kind: 'gone', message: 'too old resource version' } },
    ])
  })

  it('ends with an error when it is refused, or receives a line that is not an event', async () => {
    handle = (_request, response) => answer(response, 403, { kind: 'Status', code: 403, message: 'no' })
    expect(await Array.fromAsync(watch(await client()))).toEqual([
      { type: 'ERROR', error: { kind: 'forbidden', code: 403, message: 'no' } },
    ])
    handle = (_request, response) => answer(response, 200, 'nonsense\n')
    expect(await Array.fromAsync(watch(await client()))).toMatchObject([{ type: 'ERROR', error: { kind: 'unavailable' } }])
    handle = (_request, response) => answer(response, 200, 'x'.repeat(5_000))
    expect(await Array.fromAsync(watch(await client({ maxBytes: 1_000 })))).toMatchObject([
      { type: 'ERROR', error: { message: 'the API server sent an event of more than 1000 bytes' } },
    ])
  })

  it('is unavailable when its response does not start in time, and may be silent without limit after that', async () => {
    handle = () => {}
    expect(await Array.fromAsync(watch(await client({ timeoutMs: 100 })))).toEqual([
      { type: 'ERROR', error: { kind: 'unavailable', code: 0, message: 'no response within 100 ms' } },
    ])
    handle = (_request, response) => {
      response.writeHead(200).flushHeaders()
      setTimeout(() => response.end(line('ADDED', 'late')), 300)
    }
    expect(names(await Array.fromAsync(watch(await client({ timeoutMs: 100 }))))).toEqual(['late'])
  })

  it('closes its connection when it is aborted, and when its reader stops', async () => {
    const closed = vi.fn<() => void>()
    handle = (_request, response) => {
      response.writeHead(200).write(line('ADDED', 'x'))
      response.once('close', closed)
    }
    const api = await client()
    const aborted = new AbortController()
    const events: WatchEvent[] = []
    for await (const event of watch(api, aborted.signal)) {
      events.push(event)
      aborted.abort()
    }
    expect(names(events)).toEqual(['x'])
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1))
    for await (const event of watch(api)) {
      events.push(event)
      break
    }
    expect(names(events)).toEqual(['x', 'x'])
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(2))
  })

  it('does not count against the limit of calls', async () => {
    handle = (request, response) => {
      if (request.url?.includes('watch=true') === true) response.writeHead(200).flushHeaders()
      else answer(response, 200, object)
    }
    const api = await client({ maxCalls: 1 })
    const aborted = new AbortController()
    const watching = [1, 2, 3].map(() => Array.fromAsync(watch(api, aborted.signal)))
    expect(await api.get(configMapType, ref)).toMatchObject({ ok: true })
    aborted.abort()
    expect(await Promise.all(watching)).toEqual([[], [], []])
  })
})
