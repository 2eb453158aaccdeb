import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { startFakeBroker } from '../../../gateway/adapters/kafka/testing/fake-broker.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import type { KafkaConnection, TopicAdmins } from '../../reconcile/topic/topic-admin.ts'
import { createScriptedCluster } from './testing/scripted-cluster.ts'
import { createTopicAdmins } from './topic-admins.ts'

const at = (...brokers: readonly string[]): KafkaConnection => ({ brokers, tls: null, sasl: null })
const ofChannel = (...brokers: readonly string[]): KafkaConnection => ({ ...at(...brokers), isOfChannel: true })
const withPassword = (password: string): KafkaConnection => ({ ...at('a:1'), sasl: { mechanism: 'plain', username: 'operator', password } })

describe('a broker that a channel names', () => {
  // A fake Kafka announced a length of 2 GiB and streamed zeros. The operator of all namespaces kept them, and ran out of memory.
  it('cannot make the operator keep a response that is announced as huge', async () => {
    let written = 0
    const broker = await startFakeBroker(() => (socket) => {
      const zeros = (): void => {
        written += 65_536
        if (!socket.destroyed) socket.write(Buffer.alloc(65_536), () => setImmediate(zeros))
      }
      socket.write(Buffer.from('7fffffff00000000', 'hex'), zeros)
    })
    const log = createRecordingLogger()
    const admins = createTopicAdmins({ logger: log.logger, now: Date.now })
    const name = `127.0.0.1:${broker.address.port}`
    const bounds: readonly (readonly [KafkaConnection, number])[] = [
      [at(name), 8_388_608],
      [ofChannel(name), 1_048_576],
    ]
    for (const [connection, bound] of bounds) {
      written = 0
      const found = await admins.of(connection).describe('t')
      const reported = [JSON.stringify(found), ...log.lines.map(({ fields }) => JSON.stringify(fields))].join('')
      expect(found).toMatchObject({ ok: false, error: { kind: 'unreachable' } })
      expect(reported).toContain(`the broker ${name} announced a response of 2147483647 bytes; expected 4 to ${bound}`)
      expect(written).toBeLessThan(8_388_608)
    }
    await admins.stop()
    await broker.stop()
  })

  // Channels could scan the network through the operator: a closed port, an open one, HTTP, TLS and an unknown name each had its own error.
  it('shows the channel nothing about the service behind the address, and logs everything once', async () => {
    const http = await startPort((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const closing = await startPort((socket) => socket.end())
    const tls = await startPort((socket) => socket.write(Buffer.from('15030300020228', 'hex')))
    const garbage = await startPort((socket) => socket.write(Buffer.from('00000010ffffffffffffffffffffffffffffffff', 'hex')))
    const closed = await startPort(() => {})
    await closed.stop()
    const log = createRecordingLogger()
    const admins = createTopicAdmins({ logger: log.logger, now: Date.now })
    const ports = [http, closing, tls, garbage, closed].map(({ port }) => `127.0.0.1:${port}`)
    const targets: readonly KafkaConnection[] = [...ports, 'nosuch.invalid:9092'].flatMap((name) => [
      ofChannel(name),
      { ...ofChannel(name), tls: { ca: null, certificate: null, key: null } },
    ])
    for (const target of targets) {
      for (const _ of [1, 2]) {
        expect(await admins.of(target).describe('t'), target.brokers[0]).toEqual({
          ok: false,
          error: {
            kind: 'unreachable',
            of: 'connection',
            detail: `Kafka at ${target.brokers[0]}: no connection (the reason is only in the operator's log, because the channel names these brokers)`,
          },
        })
      }
    }
    const reported = log.lines
      .filter(({ message }) => message === 'channel brokers unreachable')
      .map(({ fields }) => String(fields['reason']))
    expect(reported.length).toBeGreaterThanOrEqual(targets.length)
    expect(reported.join(' ')).toMatch(/ECONNREFUSED/)
    expect(reported.join(' ')).toMatch(/this port speaks HTTP/)
    await admins.stop()
    await Promise.all([http, closing, tls, garbage].map(({ stop }) => stop()))
  })

  it('gets no more topics per request than fit into its response', async () => {
    const asked: number[] = []
    const cluster = createScriptedCluster({
      send: async ({ request }) => (
        request.apiKey === 3 ? asked.push((await request.encode()).buf.length) : 0,
        { value: { clusterId: null, brokers: new Map(), topics: [] } }
      ),
    })
    const admins = createTopicAdmins({ logger: createRecordingLogger().logger, now: Date.now, createCluster: () => cluster.cluster })
    const describeForty = (connection: KafkaConnection) =>
      Promise.all(Array.from({ length: 40 }, (_, index) => admins.of(connection).describe(`topic-${index + 10}`)))
    await describeForty(at('own:1'))
    expect(asked).toHaveLength(1)
    await describeForty(ofChannel('other:1'))
    expect(asked).toHaveLength(1 + 3)
    await admins.stop()
  })
})

/** A port that does this to each connection after the first bytes. */
async function startPort(answer: (socket: Socket) => void): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined) // a client that went away
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // it listens on TCP
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('topic admins', () => {
  let admins: TopicAdmins
  let made: { readonly of: KafkaConnection; readonly isConnected: boolean }[]

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout', 'Date'] })
    made = []
    admins = createTopicAdmins({
      logger: createRecordingLogger().logger,
      now: Date.now,
      maxConnections: 3,
      createCluster(of) {
        const cluster = createScriptedCluster()
        made.push(Object.assign(cluster, { of }))
        return cluster.cluster
      },
    })
  })

  afterEach(async () => {
    await admins.stop()
    vi.useRealTimers()
  })

  const use = (connection: KafkaConnection) => admins.of(connection).delete('t')
  const connected = () =>
    made
      .filter(({ isConnected }) => isConnected)
      .map(({ of }) => (of.sasl?.mechanism === 'oauthbearer' ? of.sasl.token : of.sasl?.password) ?? of.brokers[0])

  it('connect at the first request', async () => {
    const admin = admins.of(at('a:1'))
    expect(made).toEqual([])
    await admin.delete('t')
    expect(connected()).toEqual(['a:1'])
  })

  it('share a connection between equal ones, and no other', async () => {
    await use(at('a:1'))
    await use(at('a:1'))
    expect(made).toHaveLength(1)
    await use(withPassword('one'))
    await use(withPassword('two'))
    expect(connected()).toEqual(['a:1', 'one', 'two'])
  })

  it('close the cluster that was used longest ago when there are too many', async () => {
    for (const broker of ['a:1', 'b:1', 'c:1', 'a:1', 'd:1']) await use(at(broker))
    expect(connected()).toEqual(['a:1', 'c:1', 'd:1'])
  })

  it('close an idle cluster, and connect again at the next request', async () => {
    const [idle, busy] = [admins.of(at('idle:1')), admins.of(at('busy:1'))]
    await idle.delete('t')
    for (let minutes = 0; minutes < 6; minutes++) {
      await busy.delete('t')
      vi.advanceTimersByTime(60_000)
    }
    expect(connected()).toEqual(['busy:1'])
    await idle.delete('t')
    expect(connected().toSorted()).toEqual(['busy:1', 'idle:1'])
    expect(made).toHaveLength(3)
  })

  it('close all clusters at the stop, also at a second one, and then fail every call', async () => {
    await use(at('a:1'))
    await admins.stop()
    await admins.stop()
    expect(connected()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
    expect(await use(at('a:1'))).toEqual({ ok: false, error: { kind: 'unreachable', detail: 'the operator is stopping' } })
  })

  it('do not let a silent cluster delay another one', async () => {
    const silent = createTopicAdmins({
      logger: createRecordingLogger().logger,
      now: Date.now,
      createCluster: ({ brokers }) =>
        createScriptedCluster(brokers[0] === 'silent:1' ? { connect: () => new Promise(() => {}) } : {}).cluster,
    })
    const outcome = silent.of(at('silent:1')).delete('t')
    expect(await silent.of(at('a:1')).delete('t')).toMatchObject({ ok: false, error: { kind: 'transient' } }) // answered
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toMatchObject({ ok: false, error: { kind: 'transient' } })
    await silent.stop()
  })
})
