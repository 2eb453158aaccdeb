import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action } from '../plan-types.ts'
import { doneEvents, transitions } from './transitions.ts'

/** `Type=Status Reason`, as in `kubectl describe`. */
function status(...conditions: readonly string[]): RealtimeChannelStatus {
  const parsed = conditions.map((text) => /^(\w+)=(True|False|Unknown) (\w+)$/.exec(text))
  // The pattern has three groups.
  return {
    conditions: parsed.map((match) => ({
      type: match?.[1] ?? '',
      status: (match?.[2] ?? 'True') as 'True',
      reason: match?.[3] ?? '',
      message: `about ${match?.[3] ?? ''}`,
      lastTransitionTime: '',
    })),
  }
}

const told = (before: RealtimeChannelStatus | undefined, after: RealtimeChannelStatus): readonly string[] =>
  transitions(before, after).map(({ type, reason }) => `${type} ${reason}`)
const good = status(
  'Ready=True Reconciled',
  'TopicReady=True TopicAsAsked',
  'GatewayAvailable=True PodsAvailable',
  'RouteReady=True NoRouteAsked',
)

describe('transitions', () => {
  it('are told once: nothing is told of what stays as it is, whatever its message', () => {
    const reworded = { conditions: (good.conditions ?? []).map((condition) => ({ ...condition, message: 'other words' })) }
    expect(told(good, reworded)).toEqual([])
  })

  it('are told of each part, and of the whole where it says something else', () => {
    expect(told(undefined, good)).toEqual(['Normal TopicAsAsked', 'Normal PodsAvailable', 'Normal Reconciled'])
  })

  it('warn when something was good, or waits for somebody; that it begins is normal', () => {
    expect(
      told(
        undefined,
        status('Ready=False GatewayProgressing', 'GatewayAvailable=False GatewayProgressing', 'Reconciling=True GatewayProgressing'),
      ),
    ).toEqual(['Normal GatewayProgressing'])
    expect(told(good, status('Ready=False GatewayUnavailable', 'GatewayAvailable=False GatewayUnavailable'))).toEqual([
      'Warning GatewayUnavailable',
    ])
    expect(told(undefined, status('Ready=False TopicNotOurs', 'TopicReady=False TopicNotOurs', 'Stalled=True TopicNotOurs'))).toEqual([
      'Warning TopicNotOurs',
    ])
  })

  it('are told when the reason is another, with the message as the note', () => {
    const [event] = transitions(status('TopicReady=False KafkaUnreachable'), status('TopicReady=False KafkaUnauthorized'))
    expect(event).toEqual({ type: 'Warning', reason: 'KafkaUnauthorized', note: 'about KafkaUnauthorized' })
  })
})

describe('what was done', () => {
  const topic = { name: 't', partitions: 3, replicas: null, config: {} }
  const events = (...actions: readonly Action[]): readonly string[] =>
    doneEvents(actions.map((action) => ({ kind: 'done', action }))).map(({ type, reason }) => `${type} ${reason}`)

  it('to a topic is told, for nobody can undo it', () => {
    expect(
      events({ kind: 'create-topic', topic }, { kind: 'grow-partitions', name: 't', from: 3, to: 6 }, { kind: 'delete-topic', name: 't' }),
    ).toEqual(['Normal TopicCreated', 'Normal PartitionsAdded', 'Normal TopicDeleted'])
    expect(events({ kind: 'create-topic', topic, isAgain: true })).toEqual(['Warning TopicRecreated'])
  })

  it('is told when a topic stays although it was to go', () => {
    expect(events({ kind: 'remove-finalizer', because: 'gave-up' }, { kind: 'remove-finalizer', because: 'topic-kept' })).toEqual([
      'Warning TopicKept',
      'Warning TopicKept',
    ])
    expect(
      events({ kind: 'remove-finalizer', because: 'topic-deleted' }, { kind: 'remove-finalizer', because: 'policy-is-retain' }),
    ).toEqual([])
  })

  it('to objects is not told, and neither is what failed', () => {
    expect(events({ kind: 'delete-object', type: operandTypes.Ingress, ref: { namespace: 'a', name: 'b' }, uid: 'u' })).toEqual([])
    expect(doneEvents([{ kind: 'not-tried', action: { kind: 'create-topic', topic } }])).toEqual([])
  })
})
