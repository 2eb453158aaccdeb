import { describe, expect, it } from 'vitest'
import { aChannel } from '../../testing/channel-builders.ts'
import { aGoodWorld, aPlan } from '../../testing/status-builders.ts'
import type { Action, Outcome, Plan } from '../plan-types.ts'
import type { World } from '../world.ts'
import { renderStatus } from './status.ts'

function conditions({
  world = {},
  plan = {},
  outcomes = [],
}: {
  world?: Partial<World>
  plan?: Partial<Plan>
  outcomes?: readonly Outcome[]
}) {
  const { conditions: all = [] } = renderStatus({ world: aGoodWorld(world), plan: aPlan(plan), outcomes, unknownFields: [] })
  const of = (wanted: string) => all.find(({ type }) => type === wanted)
  return { revocation: of('RevocationReady'), topic: of('TopicReady'), ready: of('Ready') }
}

const create: Action = {
  kind: 'create-topic',
  use: 'control',
  topic: { name: 'shop.chat.control', partitions: 1, replicas: null, config: {} },
}
const failedCreate: Outcome = {
  kind: 'failed',
  action: create,
  failure: { of: 'kafka', failure: { kind: 'unauthorized', detail: 'no Create' } },
}
const unreachable = { kind: 'failed', failure: { kind: 'unreachable', detail: 'no answer' } } as const

describe('the condition RevocationReady', () => {
  it('is True while gateways follow the control topic', () => {
    expect(conditions({}).revocation).toMatchObject({
      status: 'True',
      reason: 'RevocationOn',
      message: expect.stringContaining('shop.chat.control'),
    })
  })

  it('is True for a channel that asks for no control topic', () => {
    const channel = aChannel({ spec: { topic: { control: { enabled: false } } } })
    expect(conditions({ world: { channel } }).revocation).toMatchObject({ status: 'True', reason: 'NoRevocationAsked' })
  })

  it('is False with the refusal of the control topic, and the channel stays Ready', () => {
    const refusals = [{ about: 'RevocationReady', reason: 'TopicClaimed', message: 'Another channel has it.' } as const]
    const { revocation, topic, ready } = conditions({ plan: { refusals } })
    expect(revocation).toMatchObject({ status: 'False', reason: 'TopicClaimed', message: 'Another channel has it.' })
    expect([topic?.status, ready?.status]).toEqual(['True', 'True'])
  })

  it('is False while Kafka refuses to create the control topic, and the channel stays Ready', () => {
    const { revocation, topic, ready } = conditions({ outcomes: [failedCreate] })
    expect(revocation).toMatchObject({ status: 'False', reason: 'KafkaUnauthorized' })
    expect(revocation?.message).toMatch(
      /^The control topic could not be created: .*no Create.*\. Until then, tokens cannot be revoked; events are delivered\.$/,
    )
    expect([topic?.status, ready?.status]).toEqual(['True', 'True'])
  })

  it('stays as it was while Kafka does not answer', () => {
    const refusals = [{ about: 'RevocationReady', reason: 'TopicClaimed', message: 'Another channel has it.' } as const]
    const status = renderStatus({ world: aGoodWorld(), plan: aPlan({ refusals }), outcomes: [], unknownFields: [] })
    const later = conditions({ world: { channel: aChannel({ status }), topic: unreachable, control: unreachable } })
    expect(later.revocation).toMatchObject({ status: 'False', reason: 'TopicClaimed' })
    expect(conditions({ world: { topic: unreachable, control: unreachable } }).revocation).toMatchObject({
      status: 'Unknown',
      reason: 'NotLookedAt',
    })
  })

  it('does not change the record of the topic by a failure of the control topic', () => {
    const created = { name: 'shop.chat', id: 'topic-1', clusterId: 'cluster-1', origin: 'Created' } as const
    const status = renderStatus({
      world: aGoodWorld(),
      plan: aPlan({ topic: { whenDone: created, otherwise: null } }),
      outcomes: [failedCreate],
      unknownFields: [],
    })
    expect(status.topic).toEqual(created)
  })
})
