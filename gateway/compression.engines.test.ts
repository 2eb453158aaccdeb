import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../testing/engines/engine.ts'
import { engineNames, launchEngine } from '../testing/engines/launch-engine.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'

describe.each(engineNames)('compression in %s', (engineName) => {
  let engine: Engine
  let gateway: TestGateway

  beforeAll(async () => {
    ;[engine, gateway] = await Promise.all([launchEngine(engineName), startTestGateway({ env: { WS_COMPRESSION: 'on' } })])
  })

  afterAll(() => Promise.all([engine.close(), gateway.stop()]))

  it('is agreed on, and the eighth socket and all later ones read what is compressed', async () => {
    const page = await engine.openPage()
    await page.goto(`${gateway.url}/health`)
    const protocols = JSON.stringify(['cloudevents.json', `bearer.${await gateway.token({ user_id: 'ann' })}`])
    await page.evaluate(`void (globalThis.sockets = Array.from({ length: 10 }, () => {
      const socket = new WebSocket('${gateway.socketUrl}', ${protocols})
      socket.onmessage = ({ data }) => (socket.got = JSON.parse(data).data.text)
      return socket
    }))`)
    await expect
      .poll(() => page.evaluate('sockets.map(({ readyState, extensions }) => `${readyState} ${extensions.split(";")[0]}`)'))
      .toEqual(Array<string>(10).fill('1 permessage-deflate'))
    const text = 'Zoë and the bike lamp. '.repeat(200)
    await gateway.emit({ type: 'large', users: ['ann'], payload: { text } })
    await expect.poll(() => page.evaluate('sockets.map(({ got }) => got)')).toEqual(Array<string>(10).fill(text))
    expect(gateway.metrics.value('sessionsClosed')).toBe(0)
    await page.close()
  })
})
