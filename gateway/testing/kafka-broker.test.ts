import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { findFreePortPair } from './free-ports.ts'
import { startKafka } from './kafka-broker.ts'

describe('starting a broker for tests', () => {
  it('says what is missing when the command is not on the PATH', async () => {
    const start = startKafka({ command: 'kafka-server-that-is-not-there' })
    await expect(start).rejects.toThrow(/cannot run kafka-server-that-is-not-there: .*ENOENT.*must be on the PATH/)
  })

  it('shows how a command ended that is no broker', async () => {
    await expect(startKafka({ command: 'true' })).rejects.toThrow(/true on port \d+ did not start: .*it ended by itself \(0\)/)
  })

  it('gives up after the deadline and ends what it started', async () => {
    await expect(startKafka({ command: 'yes', startTimeoutMs: 100 })).rejects.toThrow('not ready after 100 ms')
  })

  it('finds two free ports in a row', async () => {
    const port = await findFreePortPair()
    const servers = await Promise.all([port, port + 1].map(listen))
    expect(servers.map(server => server.listening)).toEqual([true, true])
    await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  })
})

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
