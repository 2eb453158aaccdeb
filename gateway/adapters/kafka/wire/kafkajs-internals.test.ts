import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { createCluster, prepareKafka } from './kafkajs-internals.ts'

const newKafka = () => new kafkajs.Kafka({ brokers: ['127.0.0.1:1'], logLevel: kafkajs.logLevel.NOTHING })

describe('the insides of kafkajs', () => {
  it('are those of the version that they were written for', () => {
    const require = createRequire(import.meta.url)
    expect((require('kafkajs/package.json') as { version: string }).version).toBe('2.2.4')
    const cluster = createCluster(newKafka())
    for (const method of ['connect', 'disconnect'] as const) expect(cluster[method], method).toBeTypeOf('function')
    expect(cluster.connectionPoolBuilder.build).toBeTypeOf('function')
    expect(cluster.brokerPool.findConnectedBroker).toBeTypeOf('function')
  })

  it('are missing in anything else', () => {
    const other = {} as unknown as InstanceType<typeof kafkajs.Kafka> // what another version might be
    expect(() => createCluster(other)).toThrow('2.2.4')
  })

  it('sleep when there is nothing to send', async () => {
    const kafka = newKafka()
    prepareKafka(kafka, { brokers: [{ host: '127.0.0.1', port: 1 }], maxAnswerBytes: 1_000 })
    const connections = await createCluster(kafka).connectionPoolBuilder.build()
    expect(connections.pool.length).toBeGreaterThan(0)
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    for (const { requestQueue } of connections.pool) requestQueue.scheduleCheckPendingRequests()
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout')).toHaveLength(timers)
  })
})
