import type { Kafka, Producer, Transaction } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { BrokerError } from '../kafka-error.ts'
import type { Coordinator, GroupOffset } from './group-offsets.ts'
import { createKafkaTransactions } from './kafka-transactions.ts'

/** Actions, in their order. */
type Step = 'fence' | 'offset opened' | 'aborted' | 'committed' | `connected to ${string}` | `${string} was asked` | `${string} closed`

interface ScriptedBroker {
  readonly name: string
  /** Its answers, look by look. The last is repeated. */
  readonly says: readonly (GroupOffset | Error)[]
}

/** One partition, whose producer always succeeds. Each connection leads to the next of these brokers. */
function scripted(brokers: readonly ScriptedBroker[]) {
  const steps: Step[] = []
  const left = [...brokers]
  const transaction = {
    sendOffsets: async () => void steps.push('offset opened'),
    abort: async () => void steps.push('aborted'),
    commit: async () => void steps.push('committed'),
  } as Partial<Transaction> as Transaction // the part that the adapter uses
  const producer = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    transaction: async () => {
      if (steps.length === 0) steps.push('fence')
      return transaction
    },
  } as Partial<Producer> as Producer // the part that the adapter uses
  const connect = async (): Promise<Coordinator> => {
    const next = left.shift()
    if (next === undefined) throw new Error('no further broker')
    const says = [...next.says]
    steps.push(`connected to ${next.name}`)
    return {
      look: async () => {
        steps.push(`${next.name} was asked`)
        const said = says.length > 1 ? says.shift() : says[0]
        if (said instanceof Error) throw said
        return said ?? -1
      },
      close: () => void steps.push(`${next.name} closed`),
    }
  }
  const kafka = { producer: () => producer } as Partial<Kafka> as Kafka // the part that the adapter uses
  const transactions = createKafkaTransactions({ kafka, groupId: 'g', topic: 't', dlqTopic: 't.dlq', offsets: { connect } })
  return { transactions, steps }
}

const nothing = (): null => null

describe("the group's offset behind the fence", () => {
  it('is not believed of a broker that does not know the transaction: it has lost the group', async () => {
    const { transactions, steps } = scripted([
      { name: 'the former', says: [3] },
      { name: 'the present', says: ['open', 9] },
    ])
    expect(await transactions.run(0, nothing, false)).toBe(9)
    expect(steps).toEqual([
      'fence',
      'offset opened',
      'connected to the former',
      'the former was asked',
      'the former closed',
      'connected to the present',
      'the present was asked',
      'aborted',
      'the present was asked',
      'the present closed',
    ])
    await transactions.end()
  })

  it('is waited for while the transaction is being aborted', async () => {
    const { transactions } = scripted([{ name: 'one', says: ['open', 'open', 'open', 9] }])
    expect(await transactions.run(0, nothing, false)).toBe(9)
    await transactions.end()
  })

  it('is asked for again, behind another fence, when the proven connection breaks', async () => {
    const { transactions } = scripted([
      { name: 'one', says: ['open', new BrokerError('connection', 'one:1', 'gone')] },
      { name: 'two', says: ['open', 12] },
    ])
    await expect(transactions.run(0, nothing, false)).rejects.toThrow('gone')
    expect(await transactions.run(0, nothing, true)).toBe(12)
    await transactions.end()
  })

  it('is not asked for again by the producer that has it', async () => {
    const { transactions, steps } = scripted([{ name: 'one', says: ['open', 9] }])
    await transactions.run(0, nothing, false)
    const before = steps.length
    expect(await transactions.run(0, (committed) => ({ copies: [], offset: committed + 1 }), false)).toBe(10)
    expect(steps.slice(before)).toEqual(['offset opened', 'committed'])
    await transactions.end()
  })
})
