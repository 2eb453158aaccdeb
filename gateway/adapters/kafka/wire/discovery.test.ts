import { afterEach, describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { startFakeBroker, type FakeBroker } from '../testing/fake-broker.ts'
import { kafkaOptions } from '../testing/test-topic.ts'
import type { BrokerAddress } from './broker-address.ts'
import { createBrokerConnector } from './broker-link.ts'
import { createDiscovery, type Discovery } from './discovery.ts'
import { WireWriter } from './wire-writer.ts'

const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** Metadata 12 of one topic with one partition, and of these brokers. */
function metadata(brokers: readonly BrokerAddress[], errorCode = 0): Buffer {
  const writer = new WireWriter({ isFlexible: true }).int32(0)
  writer.array(brokers, ({ host, port }) => writer.int32(port).string(host).int32(port).string(null).tags())
  writer.string('cluster').int32(1)
  writer.array([0], () => {
    writer.int16(errorCode).string('t').uuid('01234567-89ab-cdef-0123-456789abcdef').boolean(false)
    writer.array([0], () =>
      writer
        .int16(0)
        .int32(0)
        .int32(1)
        .int32(5)
        .array([], () => undefined)
        .array([], () => undefined)
        .array([], () => undefined)
        .tags(),
    )
    writer.int32(0).tags()
  })
  return writer.tags().done()
}

async function aBroker(answer: () => Buffer | null, accepts = true): Promise<FakeBroker> {
  const broker = await startFakeBroker(({ apiKey }) => (accepts ? (apiKey === 3 ? answer() : undefined) : null))
  stops.push(() => broker.stop())
  return broker
}

function aDiscovery(brokers: readonly BrokerAddress[]): Discovery {
  const discovery = createDiscovery({
    brokers,
    connect: createBrokerConnector(kafkaOptions({ kafkaBrokers: ['127.0.0.1:1'] }), createRecordingLogger().logger),
  })
  stops.push(() => discovery.close())
  return discovery
}

describe('a discovery', () => {
  it('gets past a silent port, a refused one, a name that does not resolve and a broker that never answers, in the time of two of them', async () => {
    const silent = await aBroker(() => null, false)
    const deaf = await aBroker(() => null)
    const good = await aBroker(() => metadata([]))
    const discovery = aDiscovery([
      silent.address,
      { host: '127.0.0.1', port: 1 },
      { host: 'nowhere.invalid', port: 9092 },
      deaf.address,
      good.address,
    ])
    const started = performance.now()
    const failures = []
    for (let attempt = 0; attempt < 4; attempt++)
      failures.push(
        await discovery.describe('t').then(
          () => 'ok',
          (error: Error) => error.message,
        ),
      )
    expect(failures).toEqual([
      expect.stringContaining(`127.0.0.1:${silent.address.port} did not connect within 1500 ms`),
      expect.stringContaining('ECONNREFUSED'),
      expect.stringContaining('nowhere.invalid'),
      expect.stringContaining(`127.0.0.1:${deaf.address.port} did not answer Metadata within 1500 ms`),
    ])
    expect((await discovery.describe('t')).topic).toEqual({
      topicId: '01234567-89ab-cdef-0123-456789abcdef',
      partitions: [{ leader: 1, leaderEpoch: 5, errorCode: 0 }],
    })
    expect(performance.now() - started).toBeLessThan(6_000)
    expect(silent.sockets.concat(deaf.sockets).every(({ closed, destroyed }) => closed || destroyed)).toBe(true)
  })

  it('stays with a broker that answers, and goes to another after `turn`', async () => {
    const brokers = [await aBroker(() => metadata([])), await aBroker(() => metadata([]))]
    const discovery = aDiscovery(brokers.map(({ address }) => address))
    await discovery.describe('t')
    await discovery.describe('t')
    expect(brokers.map(({ sockets }) => sockets.length)).toEqual([1, 0])
    discovery.turn()
    await discovery.describe('t')
    expect(brokers.map(({ sockets }) => sockets.length)).toEqual([1, 1])
  })

  it('asks brokers of earlier answers when the configured ones are gone', async () => {
    const learnt = await aBroker(() => metadata([]))
    const first = await aBroker(() => metadata([learnt.address]))
    const discovery = aDiscovery([first.address])
    await discovery.describe('t')
    await first.stop()
    stops.splice(stops.length - 2, 1)
    const outcomes = []
    for (let attempt = 0; attempt < 3; attempt++)
      outcomes.push(
        await discovery.describe('t').then(
          () => 'ok',
          () => 'failed',
        ),
      )
    expect(outcomes).toContain('ok')
  })

  it('reports a topic that may not be described, and a missing one', async () => {
    const broker = await aBroker(() => metadata([], 29))
    await expect(aDiscovery([broker.address]).describe('t')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining('TOPIC_AUTHORIZATION_FAILED'),
    })
    const other = await aBroker(() => metadata([], 3))
    expect((await aDiscovery([other.address]).describe('t')).topic).toBeNull()
  })

  it('ends at once when it is closed while it connects', async () => {
    const silent = await aBroker(() => null, false)
    const discovery = aDiscovery([silent.address])
    const waiting = Promise.allSettled([discovery.describe('t')])
    discovery.close()
    expect((await waiting)[0]).toMatchObject({ reason: { kind: 'connection', message: expect.stringContaining('was closed') } })
    await expect(discovery.describe('t')).rejects.toMatchObject({ kind: 'connection' })
  })
})
