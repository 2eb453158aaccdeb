import { describe, expect, it } from 'vitest'
import { channelLabels } from '../../../api/labels.ts'
import type { KubernetesObject, ObjectMeta } from '../../../api/kubernetes.ts'
import { aChannel, ownedBy } from '../../testing/channel-builders.ts'
import { isChildOf, isOrphanOf } from './ownership.ts'

const channel = aChannel()
const applied = [{ manager: 'carillon-operator', operation: 'Apply', fieldsV1: { 'f:spec': {} } }] as const
const service = (metadata: Partial<ObjectMeta>): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'chat-gateway', namespace: 'shop', ...metadata },
})

describe('an object', () => {
  it('is the child of the channel that controls it, and of no other of its name', () => {
    expect(isChildOf(channel, service(ownedBy(channel)))).toBe(true)
    const former = service({ ...ownedBy(aChannel({ metadata: { uid: 'former' } })), labels: channelLabels('chat'), managedFields: applied })
    expect([isChildOf(channel, former), isOrphanOf(channel, former)]).toEqual([false, true])
  })

  it("is the channel's by its label when the operator made it and it has no owner", () => {
    // A client removed the owner reference from a Deployment. The Deployment then counted as foreign, and the
    // channel said so without end, although the operator had made it. The same happened to the objects of a channel that was deleted with --cascade=orphan and created again.
    const left = service({ labels: channelLabels('chat'), managedFields: applied })
    expect([isChildOf(channel, left), isOrphanOf(channel, left)]).toEqual([true, false])
  })

  it.each<[string, Partial<ObjectMeta>]>([
    ['has labels that any client could have copied', { labels: channelLabels('chat') }],
    ['has the label of another channel', { labels: channelLabels('news'), managedFields: applied }],
    ['has no label', { managedFields: applied }],
    [
      'has another controller',
      {
        labels: channelLabels('chat'),
        managedFields: applied,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Other', name: 'chat', uid: 'u', controller: true }],
      },
    ],
  ])('without an owner that %s is not', (_what, metadata) => {
    expect(isChildOf(channel, service(metadata))).toBe(false)
  })
})
