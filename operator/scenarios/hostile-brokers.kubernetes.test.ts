import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frame, startFakeBroker, type FakeBroker } from '../../gateway/adapters/kafka/testing/fake-broker.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

/** Memory limit of the operator in the chart. */
const memoryLimitBytes = 512 * 1_048_576
const mebibyte = 1_048_576

let cluster: TestCluster
let operator: OperatorProcess
const stops: (() => Promise<void>)[] = []

beforeAll(async () => {
  cluster = await startTestCluster()
  operator = await cluster.startOperator()
})
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()))
  await cluster?.stop()
})

/** Opens a port that does this after the first bytes. @returns its number */
async function startPort(answer: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined) // the operator closed the connection
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return (server.address() as AddressInfo).port // a TCP server
}

/** Announces a response of this length, and sends zeros until the client disconnects. */
function flood(announced: number): (socket: Socket) => void {
  return (socket) => {
    const head = Buffer.alloc(8)
    head.writeInt32BE(announced)
    const zeros = Buffer.alloc(mebibyte)
    // Through the event loop: the callback of a write that succeeds at once runs before everything else.
    const more = (): void => {
      if (!socket.destroyed) socket.write(zeros, () => setImmediate(more))
    }
    socket.write(head, more)
  }
}

/** Speaks Kafka, and responds to a request for one topic with as many topics as fit into a mebibyte: 5 bytes each. */
async function startLyingBroker(): Promise<number> {
  const count = Math.floor(mebibyte / 8)
  const lie = Buffer.concat([
    Buffer.from('00000000' /* throttle */, 'hex'),
    Buffer.from([0x01 /* no brokers */, 0x00 /* no cluster id */]),
    Buffer.from('00000001', 'hex'),
    varint(count + 1),
    Buffer.alloc(count * 5),
  ])
  const broker: FakeBroker = await startFakeBroker(({ apiKey, correlationId }) =>
    apiKey === 3 ? (socket) => void socket.write(frame(correlationId, Buffer.concat([Buffer.from([0]), lie]))) : undefined,
  )
  stops.push(() => broker.stop())
  return broker.address.port
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left])
    bytes.push((left % 128) | 0x80)
  }
}

describe('malicious brokers that channels name', () => {
  // One of them made the operator of all namespaces use 564 MB within 9 s. Its limit is 512 MiB.
  it('cost the operator less memory than its limit, delay no other channel, and do not reveal the network to their channels', async () => {
    const kinds = [
      () => startPort(flood(0x7fffffff)),
      () => startPort(flood(mebibyte)),
      () => startPort(flood(-1)),
      () => startPort((socket) => socket.write(Buffer.from('00100000', 'hex'))),
      startLyingBroker,
      () => startPort((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    ]
    const ports = await Promise.all(Array.from({ length: 36 }, (_, index) => kinds[index % kinds.length]?.() ?? 0))
    const namespace = await cluster.makeNamespace()
    const bad = ports.map((port, index) => ({ port, channel: testChannel(cluster, namespace, `bad-${index}`) }))
    await Promise.all(bad.map(({ port, channel }) => channel.apply({ kafka: { bootstrapServers: [`127.0.0.1:${port}`] } })))
    const good = testChannel(cluster, await cluster.makeNamespace())
    await good.apply()
    await untilReady(good)
    const messages = await Promise.all(
      bad.map(async ({ port, channel }) => (await channel.until('Ready', 'False', 'KafkaUnreachable')).replaceAll(String(port), 'PORT')),
    )
    expect([...new Set(messages)]).toEqual([
      expect.stringContaining(
        "Kafka at 127.0.0.1:PORT: no connection (the reason is only in the operator's log, because the channel names these brokers)",
      ),
    ])
    const seen: number[] = []
    // Each is contacted again after some seconds.
    await soon(async () => {
      seen.push((await operator.metrics()).get('process_resident_memory_bytes') ?? Number.POSITIVE_INFINITY)
      expect(operator.lines.filter(({ msg }) => msg === 'channel brokers unreachable').length).toBeGreaterThanOrEqual(36)
    }, 120_000)
    for (let times = 0; times < 3; times++) {
      const before =
        (await operator.metrics()).get('carillon_operator_kafka_requests_total{operation="connect",outcome="unreachable"}') ?? 0
      await soon(async () => {
        const page = await operator.metrics()
        seen.push(page.get('process_resident_memory_bytes') ?? Number.POSITIVE_INFINITY)
        expect(page.get('carillon_operator_kafka_requests_total{operation="connect",outcome="unreachable"}') ?? 0).toBeGreaterThan(
          before + 10,
        )
      }, 120_000)
    }
    expect(Math.max(...seen)).toBeLessThan(memoryLimitBytes)
    await good.apply({ gateway: { replicas: 3 } })
    await untilReady(good)
  }, 600_000)
})
