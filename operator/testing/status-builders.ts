import { operandTypes, type OperandKind } from '../../api/child-types.ts'
import type { RealtimeChannel, RealtimeChannelStatus } from '../../api/v1alpha1/realtime-channel.ts'
import type { Plan } from '../reconcile/plan-types.ts'
import { perUse } from '../reconcile/topic/topic-uses.ts'
import type { Deployment } from '../reconcile/children/running-gateway.ts'
import { childKey, type World } from '../reconcile/world.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { aChannel, aTopic, aWorld, ownedBy } from './channel-builders.ts'

/** A child of the channel, as the API server may return it. */
export function aChild(channel: RealtimeChannel, kind: OperandKind, more: Readonly<Record<string, unknown>> = {}): KubernetesObject {
  const { group, version } = operandTypes[kind]
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    metadata: { name: 'chat-gateway', namespace: 'shop', uid: `uid-${kind}`, generation: 1, ...ownedBy(channel) },
    ...more,
  }
}

/** A Deployment whose two pods are all of the newest template, and available. */
export function aDeployment(
  channel: RealtimeChannel,
  { spec = {}, status = {} }: Pick<Deployment, 'spec' | 'status'> = {},
): KubernetesObject {
  const replicas = spec.replicas ?? 2
  const complete = {
    observedGeneration: 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }],
  }
  return aChild(channel, 'Deployment', { spec: { replicas, ...spec }, status: { ...complete, ...status } })
}

export function childrenOf(...objects: readonly KubernetesObject[]): World['children'] {
  // Only kinds of children are made above.
  return new Map(
    objects.map((object) => [
      childKey(object.kind, object.metadata.name),
      { kind: 'object', type: operandTypes[object.kind as OperandKind], object },
    ]),
  )
}

/** A world in which everything is as the channel asks. */
export function aGoodWorld(world: Partial<World> = {}): World {
  const channel = world.channel ?? aChannel()
  return aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, children: childrenOf(aDeployment(channel)), ...world })
}

/** A plan without actions. */
export function aPlan(plan: Partial<Plan> = {}): Plan {
  const record = {
    name: 'shop.chat',
    id: 'topic-1',
    clusterId: 'cluster-1',
    partitions: 3,
    replicas: 1,
    origin: 'Created' as const,
    configKeys: [],
  }
  const control = { ...record, name: 'shop.chat.control', id: 'topic-control', partitions: 1 }
  return {
    phase: 'active',
    actions: [],
    refusals: [],
    ...perUse(() => ({ whenDone: null, otherwise: null })),
    topic: { whenDone: record, otherwise: record },
    control: { whenDone: control, otherwise: control },
    route: { whenDone: null, otherwise: null },
    holdsGatewayBack: false,
    requeueAfterMs: null,
    ...plan,
  }
}

/** Returns `Type=Status Reason` of each condition. */
export function conditionsIn({ conditions = [] }: RealtimeChannelStatus): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
}
