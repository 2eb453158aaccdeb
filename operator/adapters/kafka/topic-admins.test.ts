import { startFakeBroker } from '../../../gateway/adapters/kafka/testing/fake-broker.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import type { KafkaConnection, TopicAdmins } from '../../reconcile/topic-admin.ts'
import { createScriptedCluster } from './testing/scripted-cluster.ts'
import { createTopicAdmins } from './topic-admins.ts'

const at = (...brokers: readonly string[]): KafkaConnection => ({ brokers, tls: null, sasl: null })
const withPassword = (password: string): KafkaConnection => ({ ...at('a:1'), sasl: { mechanism: 'plain', username: 'operator', password } })

describe('a broker that a channel names', () => {
  // A fake Kafka answered with a length of 2 GiB and streamed zeros: the operator of all namespaces kept them, and ran out of memory.
  it('cannot make the operator keep an answer that is announced as huge', async () => {
    let written = 0
    const broker = await startFakeBroker(() => (socket) => {
      const zeros = (): void => {
        written += 65_536
        if (!socket.destroyed) socket.write(Buffer.alloc(65_536), zeros)
      }
      socket.write(Buffer.from('7fffffff00000000', 'hex'), zeros)
    })
    const admins = createTopicAdmins({ logger: createRecordingLogger().logger, now: Date.now })
    const name = `127.0.0.1:${broker.address.port}`
    expect(await admins.of(at(name)).describe('t')).toMatchObject({ ok: false, error: { kind: 'unreachable', detail: expect.stringContaining(`the broker ${name} announced an answer of 2147483647 bytes; expected 4 to 8388608`) } })
    expect(written).toBeLessThan(8 * 1_048_576)
    await admins.stop()
    await broker.stop()
  })
})

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
  const connected = () => made.filter(({ isConnected }) => isConnected).map(({ of }) => (of.sasl?.mechanism === 'oauthbearer' ? of.sasl.token : of.sasl?.password) ?? of.brokers[0])

  it('connect when they are asked, and no sooner', async () => {
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

  it('let go of the cluster that was used longest ago when there are too many', async () => {
    for (const broker of ['a:1', 'b:1', 'c:1', 'a:1', 'd:1']) await use(at(broker))
    expect(connected()).toEqual(['a:1', 'c:1', 'd:1'])
  })

  it('let go of a cluster that nobody uses, and connect again when somebody does', async () => {
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

  it('let go of all when they are stopped, twice too, and answer only that', async () => {
    await use(at('a:1'))
    await admins.stop()
    await admins.stop()
    expect(connected()).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
    expect(await use(at('a:1'))).toEqual({ ok: false, error: { kind: 'unreachable', detail: 'the operator is stopping' } })
  })

  it('do not delay another cluster by one that is silent', async () => {
    const silent = createTopicAdmins({
      logger: createRecordingLogger().logger,
      now: Date.now,
      createCluster: ({ brokers }) => createScriptedCluster(brokers[0] === 'silent:1' ? { connect: () => new Promise(() => {}) } : {}).cluster,
    })
    const outcome = silent.of(at('silent:1')).delete('t')
    expect(await silent.of(at('a:1')).delete('t')).toMatchObject({ ok: false, error: { kind: 'transient' } }) // answered
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await outcome).toMatchObject({ ok: false, error: { kind: 'transient' } })
    await silent.stop()
  })
})
