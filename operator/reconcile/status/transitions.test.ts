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

const eventsOf = (before: RealtimeChannelStatus | undefined, after: RealtimeChannelStatus): readonly string[] =>
  transitions(before, after).map(({ type, reason }) => `${type} ${reason}`)
const good = status(
  'Ready=True Reconciled',
  'TopicReady=True TopicAsAsked',
  'GatewayAvailable=True PodsAvailable',
  'RouteReady=True NoRouteAsked',
)

describe('transitions', () => {
  it('are reported once, and an unchanged condition is not, with any message', () => {
    const reworded = { conditions: (good.conditions ?? []).map((condition) => ({ ...condition, message: 'other words' })) }
    expect(eventsOf(good, reworded)).toEqual([])
  })

  it('are reported for each part, and for Ready where it differs', () => {
    expect(eventsOf(undefined, good)).toEqual(['Normal TopicAsAsked', 'Normal PodsAvailable', 'Normal Reconciled'])
  })

  it('are warnings when a condition was True, or needs a person, and normal at the start', () => {
    expect(
      eventsOf(
        undefined,
        status('Ready=False GatewayProgressing', 'GatewayAvailable=False GatewayProgressing', 'Reconciling=True GatewayProgressing'),
      ),
    ).toEqual(['Normal GatewayProgressing'])
    expect(eventsOf(good, status('Ready=False GatewayUnavailable', 'GatewayAvailable=False GatewayUnavailable'))).toEqual([
      'Warning GatewayUnavailable',
    ])
    expect(eventsOf(undefined, status('Ready=False TopicNotOurs', 'TopicReady=False TopicNotOurs', 'Stalled=True TopicNotOurs'))).toEqual([
      'Warning TopicNotOurs',
    ])
  })

  it('are reported when the reason changes, with the message as the note', () => {
    const [event] = transitions(status('TopicReady=False KafkaUnreachable'), status('TopicReady=False KafkaUnauthorized'))
    expect(event).toEqual({ type: 'Warning', reason: 'KafkaUnauthorized', note: 'about KafkaUnauthorized' })
  })
})

describe('a completed action', () => {
  const topic = { name: 't', partitions: 3, replicas: null, config: {} }
  const events = (...actions: readonly Action[]): readonly string[] =>
    doneEvents(actions.map((action) => ({ kind: 'done', action }))).map(({ type, reason }) => `${type} ${reason}`)

  it('on a topic is reported, because it cannot be undone', () => {
    expect(
      events({ kind: 'create-topic', topic }, { kind: 'grow-partitions', name: 't', from: 3, to: 6 }, { kind: 'delete-topic', name: 't' }),
    ).toEqual(['Normal TopicCreated', 'Normal PartitionsAdded', 'Normal TopicDeleted'])
    expect(doneEvents([{ kind: 'done', action: { kind: 'create-topic', topic, isAgain: true } }])).toEqual([
      { type: 'Warning', reason: 'TopicRecreated', note: 'The topic t was missing and was created again, empty: clients get a gap.' },
    ])
  })

  it('is reported when a topic stays although the policy is Delete', () => {
    expect(events({ kind: 'remove-finalizer', because: 'gave-up' }, { kind: 'remove-finalizer', because: 'topic-kept' })).toEqual([
      'Warning TopicKept',
      'Warning TopicKept',
    ])
    expect(
      events({ kind: 'remove-finalizer', because: 'topic-deleted' }, { kind: 'remove-finalizer', because: 'policy-is-retain' }),
    ).toEqual([])
  })

  it('on objects is not reported, and neither is a failure', () => {
    expect(events({ kind: 'delete-object', type: operandTypes.Ingress, ref: { namespace: 'a', name: 'b' }, uid: 'u' })).toEqual([])
    expect(doneEvents([{ kind: 'not-tried', action: { kind: 'create-topic', topic } }])).toEqual([])
  })
})
