import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findFreePortPair } from '../testing/free-ports.ts'
import { type GatewayProcess, spawnGateway } from '../testing/processes/gateway-process.ts'
import { type Ipv6Kafka, startIpv6Kafka } from '../testing/kafka/ipv6-kafka.ts'
import { hasIpv6, loopbackUrls } from '../testing/loopback-urls.ts'
import { openSocket } from './testing/test-socket.ts'
import { makeTokenKeys } from './testing/token-keys.ts'

/** A gateway for production on a cluster of IPv6 alone: its brokers, its probes, its clients and its emitters have IPv6 addresses. */
describe.skipIf(!hasIpv6())('a gateway whose whole world is IPv6', () => {
  let folder: string
  let kafka: Ipv6Kafka
  let gateway: GatewayProcess | null = null
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'carillon-'))
    kafka = await startIpv6Kafka()
  })
  afterAll(async () => {
    await gateway?.kill()
    await kafka?.stop()
    rmSync(folder, { recursive: true })
  })

  it('becomes ready, takes an emit and delivers it, with the addresses that it has by default', async () => {
    const [keys, port] = [makeTokenKeys(folder), await findFreePortPair()]
    gateway = spawnGateway({
      env: {
        NODE_ENV: 'production',
        PORT: String(port),
        INTERNAL_PORT: String(port + 1),
        KAFKA_BROKERS: kafka.broker,
        KAFKA_CREATE_TOPIC: 'on',
        ALLOWED_ORIGINS: 'https://console.example',
        ...keys.env,
      },
    })
    const [, internalUrl = ''] = loopbackUrls(port + 1)
    await vi.waitFor(async () => expect((await fetch(`${internalUrl}/readyz`)).status).toBe(200), { timeout: 90_000, interval: 200 })
    const token = keys.sign({ user_id: 'ann', scope: 'carillon.emit', exp: Math.floor(Date.now() / 1_000) + 3_600 })
    const socket = await openSocket(`ws://[::1]:${port}/wss/chrome-service/v1/ws`, { token, cursor: 'latest' })
    const emitted = await fetch(`http://[::1]:${port}/api/chrome-service/v1/emit-message`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: '{"id":"by-ipv6","type":"t","users":["ann"],"payload":{}}',
    })
    expect([emitted.status, await emitted.text()]).toEqual([202, expect.stringContaining('by-ipv6')])
    await socket.untilReceived('by-ipv6')
    socket.close()
  })
})
