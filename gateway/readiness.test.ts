import { afterEach, describe, expect, it, vi } from 'vitest'
import { createTestLog, startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

const running: TestGateway[] = []

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options)
  running.push(gateway)
  return gateway
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

const ann = { user_id: 'ann', username: 'ann', org_id: 'red', roles: ['reader'] }

describe('a pod that was ready', () => {
  const readyz = async (gateway: TestGateway): Promise<{ readonly status: number; readonly body: unknown }> => {
    const response = await fetch(`${gateway.internalUrl}/readyz`)
    return { status: response.status, body: await response.json() }
  }

  it('stays ready and admits clients while nothing can be read, up to the limit, and names the reason', async () => {
    const gateway = await start()
    gateway.log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    const degraded = [{ partition: null, kind: 'connecting', detail: 'for the test' }]
    await vi.waitFor(async () => expect(await readyz(gateway)).toMatchObject({ status: 200, body: { status: 'ok', degraded } }))
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann), cursor: 'latest' })
    await socket.untilReceived('!resumed')
  })

  it('stays ready while a partition has no leader, names it, and delivers what the others bring', async () => {
    const gateway = await start()
    gateway.log.faults.interruptPartition({ partition: 3, kind: 'no-leader', detail: 'for the test' })
    await vi.waitFor(async () =>
      expect(await readyz(gateway)).toMatchObject({ status: 200, body: { degraded: [{ partition: 3, kind: 'no-leader' }] } }),
    )
    expect([gateway.metrics.value('partitionsBehind', { state: 'no-leader' }), gateway.metrics.value('logHealthy')]).toEqual([1, 0])
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    gateway.log.append([
      { partition: 0, value: JSON.stringify({ specversion: '1.0', id: 'here', source: 's', type: 't', data: { broadcast: true } }) },
    ])
    await socket.untilReceived('here')
    gateway.log.faults.resume()
    await vi.waitFor(async () => expect(await readyz(gateway)).toMatchObject({ status: 200, body: { degraded: [] } }))
  })

  it('stays ready when the topic is recreated', async () => {
    const gateway = await start()
    const turns: boolean[] = []
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann), cursor: 'latest' })
    gateway.log.recreate()
    await socket.untilReceived('!gap')
    for (const { message, fields } of gateway.logger.lines) if (message === 'readiness changed') turns.push(fields['ready'] === true)
    expect([(await readyz(gateway)).status, turns]).toEqual([200, [true]])
  })
})

describe('a pod that is new', () => {
  it('is not ready while a partition of its window is not read, though the others are', async () => {
    const log = createTestLog()
    log.append([{ partition: 1, value: 'x' }])
    log.faults.interruptPartition({ partition: 1, kind: 'unreachable', detail: 'for the test' })
    const gateway = await start({ log })
    const readyz = async (): Promise<unknown> => (await fetch(`${gateway.internalUrl}/readyz`)).json()
    await vi.waitFor(async () =>
      expect(await readyz()).toMatchObject({
        waitingFor: ['warmed-up: the replay log is still being filled'],
        degraded: [{ partition: 1 }],
      }),
    )
    log.faults.resume()
    await vi.waitFor(async () => expect(await readyz()).toMatchObject({ status: 'ok', degraded: [] }))
  })
})
