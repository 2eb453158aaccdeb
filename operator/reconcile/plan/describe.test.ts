import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import { aChannel } from '../../testing/channel-builders.ts'
import { aChild, aPlan } from '../../testing/status-builders.ts'
import type { Action } from '../plan-types.ts'
import { describePlan } from './describe.ts'

const apply = (kind: 'Deployment' | 'Service', restartsPods = false): Action => ({
  kind: 'apply-object',
  type: operandTypes[kind],
  object: aChild(aChannel(), kind),
  change: 'change',
  restartsPods,
})

describe('the description of a plan', () => {
  it('says that there is nothing to do, with the reason', () => {
    expect(describePlan(aPlan())).toBe('Nothing: all is as the channel asks.')
    expect(describePlan(aPlan({ phase: 'paused' }))).toBe('Nothing: the channel is paused.')
  })

  it('says first whether pods restart', () => {
    expect(describePlan(aPlan({ actions: [apply('Service')] }))).toBe('No pods restart. Change Service/chat-gateway.')
    expect(describePlan(aPlan({ actions: [apply('Deployment', true)] }))).toBe(
      'Pods restart, one after the other. Change Deployment/chat-gateway.',
    )
  })

  it('covers every kind of action, and refusals', () => {
    const actions: readonly Action[] = [
      { kind: 'add-finalizer' },
      { kind: 'create-topic', topic: { name: 't', partitions: 3, replicas: 2, config: { a: '1' } }, isAgain: true },
      { kind: 'grow-partitions', name: 't', from: 3, to: 6 },
      { kind: 'alter-topic', name: 't', changes: { a: '2', b: null } },
      { kind: 'hand-over-replicas', type: operandTypes.Deployment, object: aChild(aChannel(), 'Deployment') },
      { kind: 'delete-object', type: operandTypes.Ingress, ref: { namespace: 'shop', name: 'chat-gateway' }, uid: 'u' },
      { kind: 'delete-topic', name: 't' },
      { kind: 'remove-finalizer', because: 'policy-is-retain' },
    ]
    expect(
      describePlan(
        aPlan({
          actions,
          holdsGatewayBack: true,
          refusals: [{ about: 'TopicReady', reason: 'PartitionsCannotShrink', message: 'It has 12.' }],
        }),
      ).split('. '),
    ).toEqual([
      'Pods restart, one after the other',
      'Add the finalizer, for the topic is to be deleted with the channel',
      'Create again, empty, topic t with 3 partitions, replication factor 2, a=1',
      'Add partitions to topic t: from 3 to 6',
      'Change topic t: a=2, unset b',
      'Hand the number of pods of Deployment/chat-gateway over to the autoscaler',
      'Delete Ingress/chat-gateway',
      'Delete topic t with all its records',
      'Remove the finalizer: the topic is to be kept',
      'Then start the gateways with the id of the new topic',
      'Not done (PartitionsCannotShrink): It has 12.',
    ])
  })

  it('fits into an Event, and counts the sentences that do not', () => {
    const bytes = (text: string): number => new TextEncoder().encode(text).length
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 600 }), { minLength: 1, maxLength: 20 }), (messages) => {
        const note = describePlan(
          aPlan({ refusals: messages.map((message) => ({ about: 'TopicReady', reason: 'TopicNotOurs', message })) }),
        )
        expect(bytes(note)).toBeLessThanOrEqual(1_024)
      }),
    )
    expect(describePlan(aPlan({ actions: Array.from({ length: 100 }, () => apply('Service')) }))).toMatch(
      /Change Service\/chat-gateway\. and \d+ more\.$/,
    )
  })
})
