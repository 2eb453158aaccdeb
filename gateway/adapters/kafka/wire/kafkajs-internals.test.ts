import { createRequire } from 'node:module'
import kafkajs from 'kafkajs'
import type { Mechanism } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { createCluster, prepareKafka, scramProvider } from './kafkajs-internals.ts'

const newKafka = () => new kafkajs.Kafka({ brokers: ['127.0.0.1:1'], logLevel: kafkajs.logLevel.NOTHING })

describe('the insides of kafkajs', () => {
  it('are those of the pinned version', () => {
    const require = createRequire(import.meta.url)
    expect((require('kafkajs/package.json') as { version: string }).version).toBe('2.2.4')
    const cluster = createCluster(newKafka())
    for (const method of ['connect', 'disconnect'] as const) expect(cluster[method], method).toBeTypeOf('function')
    expect(cluster.connectionPoolBuilder.build).toBeTypeOf('function')
    expect(cluster.brokerPool.findConnectedBroker).toBeTypeOf('function')
  })

  it.each(['scram-sha-256', 'scram-sha-512'] as const)('authenticate by %s', async (mechanism) => {
    const said: unknown[] = []
    const saslAuthenticate = async ({ request }: { readonly request: { encode(): Buffer | Promise<Buffer> } }): Promise<never> => {
      said.push((await request.encode()).subarray(4).toString())
      throw new Error('enough')
    }
    const logger = { debug: () => {}, error: () => {} } as unknown as Parameters<Mechanism['authenticationProvider']>[0]['logger'] // the part that is used
    const authenticator = scramProvider(mechanism)({ username: 'ada', password: 'p' })({ host: 'a', port: 1, logger, saslAuthenticate })
    await expect(authenticator.authenticate()).rejects.toThrow('enough')
    expect(said).toEqual([expect.stringMatching(/^n,,n=ada,r=/)])
  })

  it('are missing in any other object', () => {
    const other = {} as unknown as InstanceType<typeof kafkajs.Kafka> // stand-ins for another version
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
