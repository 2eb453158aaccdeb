import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { httpWire } from './http-wire.ts'
import { PublishConnections } from './publish-connections.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

async function startServer(statusOf: (body: string) => number | null): Promise<{ readonly port: number; readonly bodies: string[] }> {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    const status = statusOf(body)
    if (status === null) return void request.socket.destroy()
    bodies.push(body)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, bodies } // it listens on TCP
}

function createPublisher(port: number, connections: number): PublishConnections {
  const publisher = new PublishConnections({ port, connections, wire: httpWire, key: 'key' })
  ends.push(() => publisher.close())
  return publisher
}

const request = (body: string) => ({ path: '/publish', headers: { 'x-key': 'k' }, body })

test('posts each body once, more of them than connections, and returns the status', async () => {
  const { port, bodies } = await startServer((body) => (body === 'no' ? 400 : 202))
  const publisher = createPublisher(port, 2)
  const statuses = await Promise.all(['a', 'no', 'ü', 'c', 'd'].map((body) => publisher.publish(request(body))))
  expect(statuses).toEqual([202, 400, 202, 202, 202])
  expect(bodies.toSorted()).toEqual(['a', 'c', 'd', 'no', 'ü'])
})

test('reports a missing answer, and connects again for the next request', async () => {
  const { port } = await startServer((body) => (body === 'cut' ? null : 200))
  const publisher = createPublisher(port, 1)
  expect(await publisher.publish(request('cut'))).toBeNull()
  expect(await publisher.publish(request('a'))).toBe(200)
})

test('reports a port without a listener, and uses another port when it is set', async () => {
  const { port } = await startServer(() => 200)
  const publisher = createPublisher(1, 1)
  expect(await publisher.publish(request('a'))).toBeNull()
  publisher.port = port
  expect(await publisher.publish(request('a'))).toBe(200)
})
