import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

let echo: Server
let proxy: TcpProxy
const opened: Socket[] = []

beforeEach(async () => {
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  proxy = await startTcpProxy((echo.address() as AddressInfo).port) // it listens on TCP
})

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await proxy.close()
  await new Promise((resolve) => echo.close(resolve))
})

interface Line {
  readonly socket: Socket
  readonly events: readonly string[]
}

function dial(port: number): Line {
  const socket = connect({ host: '127.0.0.1', port })
  const events: string[] = []
  socket.setEncoding('utf8')
  socket
    .on('connect', () => events.push('open'))
    .on('data', (text: string) => events.push(text))
    .on('error', (error: NodeJS.ErrnoException) => events.push(String(error.code)))
    .on('close', () => events.push('closed'))
  opened.push(socket)
  return { socket, events }
}

it('a TCP proxy passes data in both directions', async () => {
  const line = dial(proxy.port)
  line.socket.write('hello')
  await vi.waitFor(() => expect(line.events).toEqual(['open', 'hello']))
})

it('a TCP proxy cuts open connections and refuses new ones until it passes again', async () => {
  const line = dial(proxy.port)
  await vi.waitFor(() => expect(line.events).toEqual(['open']))
  await proxy.refuse()
  await vi.waitFor(() => expect(line.events.at(-1)).toBe('closed'))
  const refused = dial(proxy.port)
  await vi.waitFor(() => expect(refused.events).toEqual(['ECONNREFUSED', 'closed']))
  await proxy.pass()
  const later = dial(proxy.port)
  later.socket.write('again')
  await vi.waitFor(() => expect(later.events).toEqual(['open', 'again']))
})

it('a TCP proxy holds the data of old and new connections until it passes again', async () => {
  const old = dial(proxy.port)
  old.socket.write('a')
  await vi.waitFor(() => expect(old.events).toEqual(['open', 'a']))
  await proxy.hold()
  old.socket.write('b')
  const young = dial(proxy.port)
  young.socket.write('c')
  await vi.waitFor(() => expect(young.events).toEqual(['open']))
  expect(old.events).toEqual(['open', 'a'])
  await proxy.pass()
  await vi.waitFor(() =>
    expect([old.events, young.events]).toEqual([
      ['open', 'a', 'b'],
      ['open', 'c'],
    ]),
  )
})

it('a TCP proxy without a target takes connections and stays silent', async () => {
  const silent = await startTcpProxy(null)
  const line = dial(silent.port)
  await vi.waitFor(() => expect(line.events).toEqual(['open']))
  await silent.close()
  await vi.waitFor(() => expect(line.events.at(-1)).toBe('closed'))
})
