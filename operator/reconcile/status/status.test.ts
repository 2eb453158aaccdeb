import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel, aTopic, smallestSpec } from '../../testing/channel-builders.ts'
import { kstatusOf } from '../../testing/kstatus.ts'
import { aChild, aDeployment, aGoodWorld, aPlan, childrenOf, conditionsIn } from '../../testing/status-builders.ts'
import type { Action, Outcome, Refusal } from '../plan-types.ts'
import { conditionReasons, type ConditionReason } from '../condition-reasons.ts'
import { renderNotUnderstood, renderStatus, sameStatus, type StatusInput } from './status.ts'
import type { World } from '../world.ts'

const render = (input: Partial<StatusInput> = {}): RealtimeChannelStatus =>
  renderStatus({ world: aGoodWorld(), plan: aPlan(), outcomes: [], unknownFields: [], ...input })

const createTopic: Action = { kind: 'create-topic', topic: { name: 'shop.chat', partitions: 3, replicas: null, config: {} } }
const applyOf = (kind: 'Deployment' | 'Ingress'): Action => ({
  kind: 'apply-object',
  type: operandTypes[kind],
  object: aChild(aChannel(), kind),
  change: 'change',
  restartsPods: false,
})
const failedWith = (action: Action, kind: 'forbidden' | 'invalid' | 'unavailable' | 'conflict', message = 'words'): Outcome => ({
  kind: 'failed',
  action,
  failure: { of: 'kubernetes', error: { kind, message, code: 0 } },
})
const kafkaFailed = (action: Action, kind: 'refused' | 'unreachable'): Outcome => ({
  kind: 'failed',
  action,
  failure: { of: 'kafka', failure: { kind, detail: 'words' } },
})
const refused = (about: Refusal['about'], reason: ConditionReason) => ({
  about,
  reason,
  message: `${reason}.`,
})

describe('the status of a channel', () => {
  it('says that all is as asked, with the addresses and the pods', () => {
    const channel = aChannel({ spec: { route: { type: 'Ingress', host: 'app.example.com', tls: {} } } })
    const world = aGoodWorld({ channel, children: childrenOf(aDeployment(channel), aChild(channel, 'Ingress')) })
    const status = render({ world })
    expect(conditionsIn(status)).toEqual([
      'Ready=True Reconciled',
      'TopicReady=True TopicAsAsked',
      'GatewayAvailable=True PodsAvailable',
      'RouteReady=True RouteAccepted',
      'RevocationReady=True RevocationOn',
    ])
    expect(status).toMatchObject({
      observedGeneration: 1,
      url: 'wss://app.example.com/wss/chat/v1/ws',
      apiUrl: 'https://app.example.com/api/chat/v1',
      replicas: 2,
      readyReplicas: 2,
      selector: 'app.kubernetes.io/instance=chat,app.kubernetes.io/name=carillon-gateway',
      topic: { name: 'shop.chat', id: 'topic-1', origin: 'Created' },
    })
  })

  it('names in Ready an operator that leaves the channel to this one, unless it is gone', () => {
    const readyWith = (state: 'alive' | 'gone'): string | undefined =>
      render({ world: aGoodWorld({ bystander: { lease: 'staging/carillon', state } }) }).conditions?.find(({ type }) => type === 'Ready')
        ?.message
    expect(readyWith('alive')).toBe(
      'All is as the channel asks. The operator of the Lease staging/carillon is also configured for this namespace, and leaves this channel to this operator. Give one of the two operators other namespaces.',
    )
    expect(readyWith('gone')).toBe('All is as the channel asks.')
  })

  it('quotes brokers and webhooks without control characters', () => {
    const outcome: Outcome = {
      kind: 'failed',
      action: createTopic,
      failure: { of: 'kafka', failure: { kind: 'refused', detail: 'a\u001b[31m\u0007red\r\nline \u009bü' } },
    }
    expect(render({ outcomes: [outcome] }).conditions?.find(({ type }) => type === 'TopicReady')?.message).toMatch(
      /: a \[31m red line {2}ü$/,
    )
  })

  it('has addresses without encryption where the route has none, and with the paths that the channel chose', () => {
    const channel = aChannel({ spec: { route: { type: 'Ingress', host: 'app.example.com', paths: { socket: '/live', api: '/events' } } } })
    expect(render({ world: aGoodWorld({ channel }) })).toMatchObject({
      url: 'ws://app.example.com/live/v1/ws',
      apiUrl: 'http://app.example.com/events/v1',
    })
  })

  it('has no address for browsers without a route, or where an older channel has it', () => {
    expect(render()).toMatchObject({ apiUrl: 'http://chat-gateway.shop.svc:8000/api/chat/v1' })
    expect(render()).not.toHaveProperty('url')
    const channel = aChannel({ spec: { route: { type: 'Ingress', host: 'app.example.com' } } })
    expect(
      render({ world: aGoodWorld({ channel }), plan: aPlan({ refusals: [refused('RouteReady', 'RouteClaimed')] }) }),
    ).not.toHaveProperty('url')
  })

  it('is the same again for an unchanged world, at another time', () => {
    const first = render()
    const later = render({ world: aGoodWorld({ channel: aChannel({ status: first }), nowMs: Date.now() }) })
    expect(sameStatus(first, later)).toBe(true)
    expect(later).toEqual(first)
  })

  it('keeps the time of a condition until its status changes, with any reason', () => {
    const first = render({ plan: aPlan({ refusals: [refused('TopicReady', 'KafkaUnreachable')] }) })
    const nowMs = Date.parse('2026-01-02T01:00:00.5Z')
    const times = (status: RealtimeChannelStatus): object =>
      Object.fromEntries((status.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]))
    const second = render({
      world: aGoodWorld({ channel: aChannel({ status: first }), nowMs }),
      plan: aPlan({ refusals: [refused('TopicReady', 'KafkaUnauthorized')] }),
    })
    expect(times(second)).toEqual({
      Ready: '2026-01-02T00:00:00Z',
      TopicReady: '2026-01-02T00:00:00Z',
      GatewayAvailable: '2026-01-02T00:00:00Z',
      RouteReady: '2026-01-02T00:00:00Z',
      RevocationReady: '2026-01-02T00:00:00Z',
      Stalled: '2026-01-02T01:00:00Z',
    })
    const third = render({ world: aGoodWorld({ channel: aChannel({ status: second }), nowMs }) })
    expect(times(third)).toMatchObject({ Ready: '2026-01-02T01:00:00Z', GatewayAvailable: '2026-01-02T00:00:00Z' })
  })

  it('reports first what needs a person, and all messages of a condition', () => {
    const plan = aPlan({
      refusals: [
        refused('TopicReady', 'KafkaUnreachable'),
        refused('RouteReady', 'RouteClaimed'),
        refused('RouteReady', 'ObjectTerminating'),
      ],
    })
    const status = render({ plan })
    expect(conditionsIn(status)).toEqual([
      'Ready=False RouteClaimed',
      'TopicReady=False KafkaUnreachable',
      'GatewayAvailable=True PodsAvailable',
      'RouteReady=False RouteClaimed',
      'RevocationReady=True RevocationOn',
      'Stalled=True RouteClaimed',
    ])
    expect(status.conditions?.[0]?.message).toBe('RouteClaimed. ObjectTerminating.')
  })

  it('names the fields that the operator does not know', () => {
    const [ready] = render({ unknownFields: ['spec.mesh'] }).conditions ?? []
    expect([ready?.status, ready?.message]).toEqual([
      'True',
      'All is as the channel asks. Fields that this operator does not know are ignored: spec.mesh. Upgrade the operator.',
    ])
  })
})

describe('the record of the topic', () => {
  const topic = { whenDone: { name: 'new', origin: 'Created' as const }, otherwise: { name: 'old', origin: 'Created' as const } }

  it('is the new one, unless one of its changes failed', () => {
    const plan = aPlan({ topic, actions: [createTopic] })
    expect(render({ plan, outcomes: [{ kind: 'done', action: createTopic }] }).topic?.name).toBe('new')
    expect(render({ plan, outcomes: [{ kind: 'not-tried', action: createTopic }] }).topic?.name).toBe('old')
    expect(render({ plan, outcomes: [kafkaFailed(createTopic, 'refused')] }).topic?.name).toBe('old')
    expect(render({ plan, outcomes: [failedWith(applyOf('Deployment'), 'invalid')] }).topic?.name).toBe('new')
  })

  // A topic whose creation was not answered in time was there at the next look, and counted as adopted: it was never deleted with its channel.
  it('is the new one when Kafka did not answer its creation', () => {
    const plan = aPlan({ topic, actions: [createTopic] })
    expect(render({ plan, outcomes: [kafkaFailed(createTopic, 'unreachable')] }).topic?.name).toBe('new')
  })

  it('is missing before there was a topic', () => {
    expect(render({ plan: aPlan({ topic: { whenDone: null, otherwise: null } }) })).not.toHaveProperty('topic')
  })
})

/** Every state that a channel can be in, and what tools that wait make of it. */
const conformance: readonly (readonly [
  string,
  'Current' | 'InProgress' | 'Failed' | 'Terminating',
  ConditionReason,
  Partial<StatusInput>,
])[] = [
  ['all is as asked', 'Current', 'Reconciled', {}],
  [
    'no pods are asked for',
    'Current',
    'ScaledToZero',
    { world: aGoodWorld({ children: childrenOf(aDeployment(aChannel(), { spec: { replicas: 0 } })) }) },
  ],
  ['it is paused', 'InProgress', 'Paused', { plan: aPlan({ phase: 'paused' }) }],
  [
    'it is new, and its topic was created',
    'InProgress',
    'TopicCreating',
    {
      world: aGoodWorld({ topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: null } }, children: new Map() }),
      plan: aPlan({ actions: [createTopic], holdsGatewayBack: true }),
      outcomes: [{ kind: 'done', action: createTopic }],
    },
  ],
  [
    'its Deployment was just made',
    'InProgress',
    'GatewayProgressing',
    { world: aGoodWorld({ children: childrenOf(aDeployment(aChannel(), { status: { observedGeneration: 0 } })) }) },
  ],
  [
    'its pods are being exchanged',
    'InProgress',
    'GatewayProgressing',
    { world: aGoodWorld({ children: childrenOf(aDeployment(aChannel(), { status: { replicas: 3, updatedReplicas: 1 } })) }) },
  ],
  [
    'its pods are all gone',
    'InProgress',
    'GatewayUnavailable',
    { world: aGoodWorld({ children: childrenOf(aDeployment(aChannel(), { status: { availableReplicas: 0 } })) }) },
  ],
  [
    'its roll-out is past the deadline',
    'Failed',
    'ImagePullFailed',
    {
      world: aGoodWorld({
        children: childrenOf(
          aDeployment(aChannel(), {
            status: { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] },
          }),
        ),
        troubledPods: [{ name: 'p', reason: 'ErrImagePull', message: '' }],
      }),
    },
  ],
  [
    'a quota leaves no room for its pods',
    'Failed',
    'QuotaExceeded',
    {
      world: aGoodWorld({
        children: childrenOf(
          aDeployment(aChannel(), {
            status: {
              availableReplicas: 1,
              conditions: [
                {
                  type: 'ReplicaFailure',
                  status: 'True',
                  reason: 'FailedCreate',
                  message: 'pods "chat-1" is forbidden: exceeded quota: team',
                },
              ],
            },
          }),
        ),
      }),
    },
  ],
  ['Kafka does not answer', 'InProgress', 'KafkaUnreachable', { plan: aPlan({ refusals: [refused('TopicReady', 'KafkaUnreachable')] }) }],
  [
    'Kafka refuses the credentials',
    'Failed',
    'KafkaUnauthenticated',
    { plan: aPlan({ refusals: [refused('TopicReady', 'KafkaUnauthenticated')] }) },
  ],
  ['Kafka refuses the topic', 'Failed', 'TopicRefused', { outcomes: [kafkaFailed(createTopic, 'refused')] }],
  [
    'the topic belongs to another owner',
    'Failed',
    'TopicNotOurs',
    {
      world: aGoodWorld({ children: new Map() }),
      plan: aPlan({
        refusals: [refused('TopicReady', 'TopicNotOurs')],
        holdsGatewayBack: true,
        topic: { whenDone: null, otherwise: null },
      }),
    },
  ],
  [
    'the finalizer could not be set',
    'InProgress',
    'FieldConflict',
    { outcomes: [failedWith({ kind: 'add-finalizer' }, 'conflict'), { kind: 'not-tried', action: createTopic }] },
  ],
  ['an object is invalid', 'Failed', 'InvalidObject', { outcomes: [failedWith(applyOf('Deployment'), 'invalid')] }],
  [
    'a webhook refuses an object',
    'Failed',
    'AdmissionDenied',
    { outcomes: [failedWith(applyOf('Deployment'), 'forbidden', 'admission webhook "x" denied the request')] },
  ],
  [
    'a quota leaves no room for an object',
    'Failed',
    'QuotaExceeded',
    { outcomes: [failedWith(applyOf('Deployment'), 'forbidden', 'exceeded quota: team')] },
  ],
  [
    'a role lacks a verb',
    'Failed',
    'Forbidden',
    { outcomes: [failedWith(applyOf('Deployment'), 'forbidden', 'cannot patch resource "deployments"')] },
  ],
  ['the API server is away', 'InProgress', 'ApiUnavailable', { outcomes: [failedWith(applyOf('Deployment'), 'unavailable')] }],
  ['the route could not be applied', 'Failed', 'InvalidObject', { outcomes: [failedWith(applyOf('Ingress'), 'invalid')] }],
  [
    'no Gateway has answered',
    'InProgress',
    'RouteProgressing',
    {
      world: aGoodWorld({
        channel: aChannel({ spec: { route: { type: 'HTTPRoute', host: 'a.example.com', parentRefs: [{ name: 'edge' }] } } }),
      }),
    },
  ],
  [
    'its name is one that its objects cannot have',
    'Failed',
    'InvalidName',
    {
      plan: aPlan({
        refusals: [refused('TopicReady', 'InvalidName'), refused('GatewayAvailable', 'InvalidName'), refused('RouteReady', 'InvalidName')],
      }),
    },
  ],
  [
    'it is being deleted',
    'Terminating',
    'Deleting',
    {
      world: aGoodWorld({ channel: aChannel({ metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } }) }),
      plan: aPlan({ phase: 'deleting' }),
    },
  ],
]

describe('tools that wait', () => {
  it.each(conformance)('when %s: %s, %s', (_state, kstatus, reason, input) => {
    const world: World = input.world ?? aGoodWorld()
    const status = render(input)
    const ready = status.conditions?.find(({ type }) => type === 'Ready')
    expect([kstatusOf({ ...world.channel, status }), ready?.reason]).toEqual([kstatus, reason])
    expect(ready?.status === 'True').toBe(kstatus === 'Current')
    expect(ready?.message).not.toBe('')
  })

  it.each(Object.entries(conditionReasons).filter(([, { stalled }]) => stalled))(
    'take a channel that is refused for %s for failed, not for one that is being worked at',
    (reason) => {
      // Keys of the table.
      const status = render({ plan: aPlan({ refusals: [refused('RouteReady', reason as ConditionReason)] }) })
      expect(kstatusOf(aChannel({ status }))).toBe('Failed')
    },
  )

  it('wait on after an edit that the operator has not seen', () => {
    expect(kstatusOf(aChannel({ metadata: { generation: 2 }, status: render() }))).toBe('InProgress')
  })
})

describe('a paused channel', () => {
  it('keeps the conditions of its parts, and has neither Reconciling nor Stalled', () => {
    const before = render({ plan: aPlan({ refusals: [refused('TopicReady', 'TopicNotOurs')] }) })
    const status = render({ world: aGoodWorld({ channel: aChannel({ status: before }) }), plan: aPlan({ phase: 'paused' }) })
    expect(conditionsIn(status)).toEqual([
      'Ready=Unknown Paused',
      'TopicReady=False TopicNotOurs',
      'GatewayAvailable=True PodsAvailable',
      'RouteReady=True NoRouteAsked',
      'RevocationReady=True RevocationOn',
    ])
  })
})

describe('a channel that is being deleted', () => {
  it('names what it waits for, and records a failed attempt', () => {
    const channel = aChannel({ metadata: { deletionTimestamp: '2026-01-02T00:00:00Z' } })
    const outcomes: readonly Outcome[] = [
      kafkaFailed({ kind: 'delete-topic', name: 'shop.chat' }, 'unreachable'),
      { kind: 'not-tried', action: { kind: 'remove-finalizer', because: 'topic-deleted' } },
    ]
    const status = render({ world: aGoodWorld({ channel }), plan: aPlan({ phase: 'deleting' }), outcomes })
    expect(conditionsIn(status)).toEqual(['Ready=False Deleting', 'TopicReady=False TopicNotDeleted', 'Reconciling=True Deleting'])
    expect(status.conditions?.[0]?.message).toBe('The channel is being deleted. The topic shop.chat could not be deleted: words')
  })
})

describe('a channel that is not understood', () => {
  const problem = { path: 'spec.topic', found: 'a list', expected: 'an object', message: 'spec.topic is a list.' }
  const object = (status?: unknown) => ({ metadata: { name: 'chat', generation: 4 }, spec: smallestSpec, status })

  it('is reported as one that needs a person', () => {
    const status = renderNotUnderstood(object(), problem, 0)
    expect(conditionsIn(status)).toEqual(['Ready=False SpecNotUnderstood', 'Stalled=True SpecNotUnderstood'])
    expect(kstatusOf({ metadata: { name: 'chat', generation: 4 }, status })).toBe('Failed')
  })

  it('keeps the records of its topic and its parts', () => {
    const before = render()
    const status = renderNotUnderstood(object(before), problem, 0)
    expect(status.topic).toEqual(before.topic)
    expect(conditionsIn(status)).toContain('TopicReady=True TopicAsAsked')
    expect(sameStatus(renderNotUnderstood(object(status), problem, 5_000), status)).toBe(true)
  })

  it('is reported also with a status that is not understood', () => {
    expect(conditionsIn(renderNotUnderstood(object({ conditions: 'none' }), problem, 0))).toHaveLength(2)
  })
})

describe('sameStatus', () => {
  it('ignores the order of conditions, and undefined fields', () => {
    const status = render()
    expect(sameStatus(status, { ...status, conditions: [...(status.conditions ?? [])].reverse() })).toBe(true)
    expect(sameStatus(status, { ...status, replicas: 3 })).toBe(false)
    expect(sameStatus({}, { conditions: [] })).toBe(true)
  })
})

it('a topic that brokers show at last is as the channel asks', () => {
  expect(
    conditionsIn(
      render({ world: aGoodWorld({ topic: { kind: 'present', topic: aTopic() } }), outcomes: [{ kind: 'done', action: createTopic }] }),
    ),
  ).toContain('TopicReady=True TopicAsAsked')
})
