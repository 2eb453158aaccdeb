import { connect } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { loopbackUrls } from '../../testing/loopback-urls.ts'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { testNames } from '../testing/recording-metrics.ts'
import type { HealthVerdict } from '../../program/health.ts'
import type { ListeningServer } from '../../program/listening-server.ts'
import type { Health } from './health.ts'
import { createInternalServer } from './internal-server.ts'
import { createPrometheusMetrics } from './prometheus.ts'

const ok: HealthVerdict = { ok: true, waitingFor: [] }
const servers: ListeningServer[] = []

async function start(health: Partial<Health> = {}, render?: () => Promise<string>, host = '127.0.0.1') {
  const log = createRecordingLogger()
  const prometheus = createPrometheusMetrics(testNames)
  const server = createInternalServer({
    health: { live: () => ok, ready: () => ok, conditions: () => [], ...health },
    page: { render: render ?? prometheus.render, contentType: prometheus.contentType },
    logger: log.logger,
  })
  servers.push(server)
  const { port } = await server.listen({ host, port: 0 })
  const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init)
  return { server, port, get, lines: log.lines }
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ deadlineMs: 0 })))
})

describe('the internal port of an operator', () => {
  it('answers probes with the reasons for waiting', async () => {
    const waiting = { ok: false, waitingFor: ['the watch of deployments has not synced yet'] }
    const { get } = await start({
      ready: () => waiting,
      conditions: () => [{ watch: 'deployments', hasSynced: false, heardSecondsAgo: null, isTypeMissing: false, isOutOfReach: false }],
    })
    const [live, ready] = [await get('/livez'), await get('/readyz?verbose')]
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok', waitingFor: [] }])
    expect([ready.status, await ready.json()]).toEqual([
      503,
      {
        status: 'waiting',
        waitingFor: waiting.waitingFor,
        conditions: [{ watch: 'deployments', hasSynced: false, heardSecondsAgo: null, isTypeMissing: false, isOutOfReach: false }],
      },
    ])
    expect(ready.headers.get('cache-control')).toBe('no-store')
  })

  it('shows the metrics', async () => {
    const { get } = await start()
    const page = await get('/metrics')
    expect(page.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await page.text()).toContain('workqueue_depth{name="realtimechannel",priority="user"} 0')
  })

  it('answers HEAD without a body, and refuses methods other than GET', async () => {
    const { get } = await start()
    const head = await get('/livez', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await get('/livez', { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it('has no other page', async () => {
    const { get } = await start()
    for (const path of ['/', '/constructor', '/livez/x']) expect((await get(path)).status).toBe(404)
  })

  it('logs why a page could not be made, and continues', async () => {
    const bug = new Error('a bug')
    const { get, lines } = await start({}, () => Promise.reject(bug))
    expect((await get('/metrics')).status).toBe(500)
    expect(lines).toMatchObject([{ level: 'error', fields: { err: bug, path: '/metrics' } }])
    expect((await get('/livez')).status).toBe(200)
  })

  it('answers by IPv4 and by IPv6 when no address is given', async () => {
    const { port } = await start({}, undefined, '')
    for (const url of loopbackUrls(port)) expect((await fetch(`${url}/livez`)).status, url).toBe(200)
  })

  it('names the address on which it cannot listen', async () => {
    const { port } = await start()
    const other = createInternalServer({
      health: { live: () => ok, ready: () => ok, conditions: () => [] },
      page: createPrometheusMetrics(testNames),
      logger: createRecordingLogger().logger,
    })
    await expect(other.listen({ host: '127.0.0.1', port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
    await other.close({ deadlineMs: 0 })
  })

  it('closes although a client holds a connection open, and may be closed twice', async () => {
    const { server, port } = await start()
    const silent = connect({ host: '127.0.0.1', port })
    await once(silent, 'connect')
    const ended = once(silent, 'close')
    silent.resume()
    await Promise.all([server.close({ deadlineMs: 10 }), server.close({ deadlineMs: 60_000 })])
    await ended
    expect(silent.destroyed).toBe(true)
  })
})
