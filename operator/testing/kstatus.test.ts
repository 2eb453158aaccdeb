import { expect, it } from 'vitest'
import type { RealtimeChannelStatus } from '../../api/v1alpha1/realtime-channel.ts'
import { aChannel } from './channel-builders.ts'
import { kstatusOf } from './kstatus.ts'

const condition = (type: string, status: 'True' | 'False' | 'Unknown') => ({
  type,
  status,
  reason: 'R',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

it.each<[string, RealtimeChannelStatus]>([
  ['Current', {}],
  ['Current', { observedGeneration: 1, conditions: [condition('Ready', 'True')] }],
  ['InProgress', { observedGeneration: 0, conditions: [condition('Ready', 'True')] }],
  ['InProgress', { observedGeneration: 1, conditions: [condition('Ready', 'False')] }],
  ['InProgress', { observedGeneration: 1, conditions: [condition('Ready', 'Unknown')] }],
  ['InProgress', { observedGeneration: 1, conditions: [condition('Ready', 'True'), condition('Reconciling', 'True')] }],
  ['Failed', { observedGeneration: 1, conditions: [condition('Ready', 'False'), condition('Stalled', 'True')] }],
  ['Current', { observedGeneration: 1, conditions: [condition('Ready', 'True'), condition('Stalled', 'False')] }],
])('is %s for %j', (kstatus, status) => {
  expect(kstatusOf(aChannel({ status }))).toBe(kstatus)
})

it('is Terminating with any status', () => {
  expect(kstatusOf(aChannel({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { observedGeneration: 0 } }))).toBe(
    'Terminating',
  )
})
