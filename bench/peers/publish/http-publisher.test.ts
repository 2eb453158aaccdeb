import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpPublisher, isWhole } from './http-publisher.ts'

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

const request = (body: string) => ({ path: '/publish', headers: { 'x-key': 'k' }, body })

test('posts each body once, more of them than connections, and returns the status', async () => {
  const { port, bodies } = await startServer((body) => (body === 'no' ? 400 : 202))
  const publisher = new HttpPublisher({ port, connections: 2 })
  ends.push(() => publisher.close())
  const statuses = await Promise.all(['a', 'no', 'ü', 'c', 'd'].map((body) => publisher.publish(request(body))))
  expect(statuses).toEqual([202, 400, 202, 202, 202])
  expect(bodies.toSorted()).toEqual(['a', 'c', 'd', 'no', 'ü'])
})

test('reports a missing answer, and connects again for the next request', async () => {
  const { port } = await startServer((body) => (body === 'cut' ? null : 200))
  const publisher = new HttpPublisher({ port, connections: 1 })
  ends.push(() => publisher.close())
  expect(await publisher.publish(request('cut'))).toBeNull()
  expect(await publisher.publish(request('a'))).toBe(200)
})

test('reports a port without a listener, and uses another port when it is set', async () => {
  const { port } = await startServer(() => 200)
  const publisher = new HttpPublisher({ port: 1, connections: 1 })
  ends.push(() => publisher.close())
  expect(await publisher.publish(request('a'))).toBeNull()
  publisher.port = port
  expect(await publisher.publish(request('a'))).toBe(200)
})

test('an answer is complete when its body is', () => {
  expect(isWhole('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab')).toBe(false)
  expect(isWhole('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')).toBe(true)
  expect(isWhole('HTTP/1.1 204 No Content\r\n\r\n')).toBe(true)
  expect(isWhole('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n')).toBe(false)
  expect(isWhole('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n')).toBe(true)
})
