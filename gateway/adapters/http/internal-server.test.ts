import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHealth, type Health, type HealthCondition, healthConditions } from '../../observability/health.ts'
import { createPrometheusMetrics } from '../../observability/prometheus.ts'
import { loopbackUrls } from '../../../testing/loopback-urls.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createInternalServer, type InternalServerParts } from './internal-server.ts'
import type { ListeningServer } from '../../../program/listening-server.ts'

const servers: ListeningServer[] = []
let health: Health
beforeEach(() => {
  health = createHealth()
})
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close({ deadlineMs: 1000 }))))

async function start(
  more: Partial<InternalServerParts> = {},
  host = '127.0.0.1',
): Promise<{
  readonly url: string
  readonly lines: ReturnType<typeof createRecordingLogger>['lines']
  readonly server: ListeningServer
}> {
  const { logger, lines } = createRecordingLogger()
  const server = createInternalServer({
    health,
    page: createPrometheusMetrics(),
    metrics: createRecordingMetrics().metrics,
    logger,
    ...more,
  })
  servers.push(server)
  const { port } = await server.listen({ host, port: 0 })
  return { url: `http://127.0.0.1:${port}`, lines, server }
}

const conditionNames = Object.keys(healthConditions) as HealthCondition[]

describe('the internal port', () => {
  test('answers /readyz with 503 and the reason, then with 200', async () => {
    const { url } = await start()
    const waiting = await fetch(`${url}/readyz`)
    expect(waiting.status).toBe(503)
    expect(await waiting.json()).toMatchObject({
      status: 'waiting',
      waitingFor: expect.arrayContaining([expect.stringContaining('log-opened')]),
    })
    for (const name of conditionNames) health.set(name, null)
    const ready = await fetch(`${url}/readyz`)
    expect(ready.status).toBe(200)
    expect(ready.headers.get('cache-control')).toBe('no-store')
    expect(await ready.json()).toMatchObject({ status: 'ok', waitingFor: [], degraded: [] })
    const degraded = [{ partition: 3, kind: 'no-leader', detail: 'partition 3 has no leader' }]
    health.degrade(degraded)
    const serving = await fetch(`${url}/readyz`)
    expect([serving.status, await serving.json()]).toEqual([200, expect.objectContaining({ status: 'ok', waitingFor: [], degraded })])
    health.set('log-reading', 'the broker is gone')
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
  })

  test('answers /livez with 200 while not ready, and with 503 when only a restart helps', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    health.fail('the sink threw')
    const stuck = await fetch(`${url}/livez`)
    expect(stuck.status).toBe(503)
    expect(await stuck.json()).toMatchObject({ waitingFor: ['failed: the sink threw'] })
  })

  test('serves /metrics as Prometheus reads it', async () => {
    const { url } = await start()
    const page = await fetch(`${url}/metrics`)
    expect(page.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(await page.text()).toContain('carillon_emit_in_flight_events 0')
  })

  test.each(['/', '/healthz', '/livez/', '/metrics/x', '/api/chrome-service/v1/events', '/console', '//readyz'])(
    'answers %s with 404',
    async (path) => {
      const { url } = await start()
      const answer = await fetch(`${url}${path}`)
      expect(answer.status).toBe(404)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
    },
  )

  test('ignores a query', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/livez?verbose=1`)).status).toBe(200)
  })

  test('answers HEAD as GET without the body, and refuses other methods', async () => {
    const { url } = await start()
    const head = await fetch(`${url}/livez`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('answers 500 without details for a page that fails, and logs the details', async () => {
    const { url, lines } = await start({
      page: { contentType: 'text/plain', render: () => Promise.reject(new Error('the registry broke')) },
    })
    const answer = await fetch(`${url}/metrics`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('registry')
    expect(lines).toMatchObject([
      { level: 'error', fields: { path: '/metrics', err: expect.objectContaining({ message: 'the registry broke' }) } },
    ])
  })

  test('names an address that is taken in the error', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    const second = createInternalServer({
      health,
      page: createPrometheusMetrics(),
      metrics: createRecordingMetrics().metrics,
      logger: createRecordingLogger().logger,
    })
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  })

  // On an IPv6-only cluster the kubelet probes IPv6 addresses, and pods listened on 0.0.0.0 alone: no gateway was ever ready.
  test('answers over IPv4 and IPv6 when no address is given', async () => {
    const { server } = await start({}, '')
    const address = server.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    for (const url of loopbackUrls(port)) expect((await fetch(`${url}/livez`)).status, url).toBe(200)
  })

  test('closes twice, and accepts no connection afterwards', async () => {
    const { url, server } = await start()
    await fetch(`${url}/livez`)
    await Promise.all([server.close({ deadlineMs: 1000 }), server.close({ deadlineMs: 1000 })])
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed')
  })
})
