import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import { serverFrame } from '../testing/faulty-server.ts'
import { type ProbeSocket, upgrade } from './probe-socket.ts'

const server = createServer()
afterEach(() => void server.removeAllListeners('upgrade').close())

/** Opens a socket to a server that has accepted the handshake. */
async function open(): Promise<{ readonly socket: ProbeSocket; readonly stream: Duplex }> {
  const accepted = new Promise<Duplex>((resolve) => {
    server.on('upgrade', (_request, stream: Duplex) => {
      stream.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      resolve(stream)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const outcome = await upgrade({
    url: new URL(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`), // it listens on TCP
    protocols: [],
    origin: null,
    timeoutMs: 10_000,
    interrupted: new AbortController().signal,
  })
  if (outcome.kind !== 'opened') throw new Error(outcome.kind)
  return { socket: outcome.socket, stream: await accepted }
}

it('a socket ends with the first bytes that are no frame', async () => {
  const { socket, stream } = await open()
  const left = new Promise<void>((resolve) =>
    stream
      .once('end', resolve)
      .once('error', () => resolve())
      .resume(),
  )
  stream.write(Buffer.from([0xf1, 0x00]))
  expect(await socket.next(() => false, 10_000)).toMatchObject({ kind: 'end', reason: expect.stringContaining('not frames') })
  await left
})

it('a socket answers pings only while the server takes the answers', async () => {
  const { socket, stream } = await open()
  const pings = 200_000
  // The server does not read. After the last ping it does.
  stream.write(Buffer.concat(Array.from({ length: pings }, () => serverFrame(9, Buffer.alloc(125)))))
  stream.write(serverFrame(1, Buffer.from('last')))
  expect(await socket.next((frame) => frame.kind === 'text', 30_000)).toEqual({ kind: 'text', text: 'last' })
  socket.send(1, Buffer.from('done'))
  const pongs = await countFrames(stream, 131)
  socket.close()
  expect(pongs).toBeLessThan(pings / 2)
})

/** Counts frames of one size, up to the first text frame. */
async function countFrames(stream: Duplex, size: number): Promise<number> {
  let skip = 0
  let count = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    for (; skip < chunk.length; skip += size) {
      if (chunk[skip] === 0x81) return count
      count += 1
    }
    skip -= chunk.length
  }
  throw new Error('The stream ended.')
}
