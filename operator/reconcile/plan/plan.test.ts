import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ApiError } from '../../runtime/kubernetes-api.ts'
import { aChannel, aForeignObject, aTopic, aWorld, noRivals, ownedBy, someSettings } from '../../testing/channel-builders.ts'
import { createModelWorld, type ModelWorld } from '../../testing/model-world.ts'
import type { Action, Plan } from '../plan-types.ts'
import { planChannel } from './plan.ts'
import { childKey, type World } from '../world.ts'

const settings = someSettings()
const route: Partial<RealtimeChannelSpec> = { route: { type: 'Ingress', host: 'app.example.com', tls: {} } }
const autoscaling = (minReplicas = 2): Partial<RealtimeChannelSpec> => ({ gateway: { autoscaling: { minReplicas, maxReplicas: 9 } } })
const deployment = childKey('Deployment', 'chat-gateway')

const plan = (world: Partial<World>): Plan => planChannel(aWorld(world), settings)
const withTopic = (world: Partial<World>): Partial<World> => ({ topic: { kind: 'present', topic: aTopic() }, ...world })

function summary(action: Action): string {
  if (action.kind === 'apply-object') return `${action.change} ${action.object.kind}${action.restartsPods ? ', pods restart' : ''}`
  if (action.kind === 'delete-object') return `delete ${action.type.kind}`
  return action.kind
}
const summaries = ({ actions }: Pick<Plan, 'actions'>): readonly string[] => actions.map(summary)

/** A channel at rest, with its pods running. */
function atRest(spec: Partial<RealtimeChannelSpec> = {}, autoscaled?: number): ModelWorld {
  const model = createModelWorld(aChannel({ spec }))
  model.converge(settings)
  model.settle(autoscaled)
  model.converge(settings)
  return model
}

function planAfter(model: ModelWorld, spec: Partial<RealtimeChannelSpec>): Plan {
  model.edit((channel) => ({ ...channel, spec: aChannel({ spec }).spec }))
  return planChannel(model.world(), settings)
}

describe('a new channel', () => {
  it('gets its topic and everything but its pods, whose environment has the id of the topic', () => {
    expect(summaries(plan({ channel: aChannel({ spec: route }) }))).toEqual([
      'create-topic',
      'create ServiceAccount',
      'create NetworkPolicy',
      'create Service',
      'create PodDisruptionBudget',
      'create Ingress',
    ])
    expect(plan({}).holdsGatewayBack).toBe(true)
  })

  it('gets no autoscaler before there is something to scale', () => {
    expect(summaries(plan({ channel: aChannel({ spec: autoscaling() }) }))).not.toContain('create HorizontalPodAutoscaler')
  })

  it('gets its pods when the topic is there', () => {
    const planned = plan(withTopic({ channel: aChannel({ spec: { ...route, ...autoscaling() } }) }))
    expect(summaries(planned)).toEqual([
      'create ServiceAccount',
      'create NetworkPolicy',
      'create Service',
      'create PodDisruptionBudget',
      'create Deployment',
      'create HorizontalPodAutoscaler',
      'create Ingress',
    ])
    expect(planned.holdsGatewayBack).toBe(false)
  })

  it('gets its finalizer before its topic is created', () => {
    expect(summaries(plan({ channel: aChannel({ spec: { topic: { deletionPolicy: 'Delete' } } }) })).slice(0, 2)).toEqual([
      'add-finalizer',
      'create-topic',
    ])
  })

  it('is refused when its objects cannot have its name', () => {
    for (const name of ['a'.repeat(60), 'my.chat', '1chat']) {
      const planned = plan({ channel: aChannel({ metadata: { name } }) })
      expect(planned.actions).toEqual([])
      expect(planned.refusals.map(({ about, reason }) => `${about} ${reason}`)).toEqual([
        'TopicReady InvalidName',
        'GatewayAvailable InvalidName',
        'RouteReady InvalidName',
      ])
    }
  })

  it('gets everything but its pods with options that the gateway would refuse', () => {
    const planned = plan(withTopic({ channel: aChannel({ spec: { replay: { maxBytes: '64Ki' }, limits: { eventBytes: 131_072 } } }) }))
    expect(summaries(planned)).toEqual(['create ServiceAccount', 'create NetworkPolicy', 'create Service', 'create PodDisruptionBudget'])
    expect(planned.refusals).toMatchObject([{ about: 'GatewayAvailable', reason: 'InvalidGatewayOptions' }])
  })

  it('gets no pods while no Kafka is named', () => {
    const planned = planChannel(
      aWorld({ topic: { kind: 'no-connection', problem: { kind: 'no-brokers' } } }),
      someSettings({ defaultKafka: null }),
    )
    expect(summaries(planned)).not.toContain('create Deployment')
    expect(planned.refusals).toMatchObject([{ about: 'TopicReady', reason: 'KafkaNotConfigured' }])
  })

  it('lets only the namespaces of the options reach its pods', () => {
    const policies = [settings, someSettings({ publicNamespaces: [], metricsNamespaces: [] })].map((each) => {
      const action = planChannel(aWorld(), each).actions.find(
        (candidate) => candidate.kind === 'apply-object' && candidate.object.kind === 'NetworkPolicy',
      )
      return action?.kind === 'apply-object' ? JSON.stringify(action.object['spec']) : ''
    })
    expect(policies[0]).toContain('"kubernetes.io/metadata.name":"ingress"')
    expect(policies[0]).toContain('"kubernetes.io/metadata.name":"monitoring"')
    expect(policies[1]).not.toContain('metadata.name')
  })
})

describe('the pods of a channel', () => {
  const securityOf = (spec: Partial<RealtimeChannelSpec>, assignsPodUsers: boolean): unknown => {
    const action = plan(withTopic({ channel: aChannel({ spec }), assignsPodUsers: { ok: true, value: assignsPodUsers } })).actions.find(
      (each) => each.kind === 'apply-object' && each.object.kind === 'Deployment',
    )
    return action?.kind === 'apply-object'
      ? (action.object['spec'] as { template: { spec: { securityContext: unknown } } }).template.spec.securityContext
      : null // a Deployment
  }
  const assigned = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }
  const fixed = { ...assigned, runAsUser: 65_532, runAsGroup: 65_532 }

  it('ask for a user of their own, and for none where the cluster assigns users', () => {
    expect([securityOf({}, false), securityOf({}, true)]).toEqual([fixed, assigned])
  })

  it('ask for the user of the channel in every cluster', () => {
    expect([securityOf({ gateway: { podUser: 'Fixed' } }, true), securityOf({ gateway: { podUser: 'Assigned' } }, false)]).toEqual([
      fixed,
      assigned,
    ])
  })

  const unanswered = { ok: false, error: { kind: 'forbidden', message: 'groups are hidden', code: 403 } } as const
  const hasDeployment = ({ actions }: Plan): boolean =>
    actions.some((action) => action.kind === 'apply-object' && action.object.kind === 'Deployment')

  it('are not started before it is known who chooses their user, which is reported and retried', () => {
    const planned = plan(withTopic({ assignsPodUsers: unanswered }))
    expect([hasDeployment(planned), planned.actions.length > 0]).toEqual([false, true])
    expect(planned).toMatchObject({
      holdsGatewayBack: true,
      requeueAfterMs: 5000,
      refusals: [
        { about: 'GatewayAvailable', reason: 'Forbidden', message: expect.stringMatching(/groups are hidden.*GATEWAY_POD_USER/s) },
      ],
    })
  })

  it.each(['Fixed', 'Assigned'] as const)(
    'keep the user that they have (%s) while the API server does not say whether the cluster assigns it',
    (podUser) => {
      const model = atRest({ gateway: { podUser } })
      model.edit((channel) => ({ ...channel, spec: aChannel().spec }))
      expect(planChannel({ ...model.world(), assignsPodUsers: unanswered }, settings)).toMatchObject({
        actions: [],
        refusals: [],
        holdsGatewayBack: false,
      })
    },
  )
})

describe('a paused channel', () => {
  it('is left as it is, with any problem', () => {
    const channel = aChannel({ metadata: { annotations: { 'carillon.dev/paused': 'true' } } })
    expect(plan({ channel })).toMatchObject({ phase: 'paused', actions: [], refusals: [], requeueAfterMs: null })
  })
})

describe('a channel at rest', () => {
  it('needs nothing', () => {
    const planned = planChannel(atRest(route).world(), settings)
    expect(planned).toMatchObject({ actions: [], refusals: [], requeueAfterMs: null })
  })

  it('needs no action although other clients add to its objects', () => {
    const model = atRest()
    model.editObject(deployment, (object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, 'deployment.kubernetes.io/revision': '1' } },
    }))
    expect(summaries(planChannel(model.world(), settings))).toEqual([])
  })

  it('restarts pods exactly when their template is another', () => {
    expect(summaries(planAfter(atRest(), { gateway: { replicas: 5 } }))).toEqual(['change Deployment'])
    expect(summaries(planAfter(atRest(), { gateway: { replicas: 2, image: 'another:1' } }))).toEqual(['change Deployment, pods restart'])
  })

  it('gets an edited object healed, and a deleted one created again', () => {
    const model = atRest()
    model.editObject(childKey('Service', 'chat-gateway'), (object) => ({
      ...object,
      spec: { ...(object['spec'] as object), type: 'NodePort' },
    }))
    model.deleteObject(childKey('ServiceAccount', 'chat-gateway'))
    expect(summaries(planChannel(model.world(), settings))).toEqual(['create ServiceAccount', 'heal Service'])
  })

  it('reports that healing an edited pod template restarts pods, and that healing the number of pods does not', () => {
    const template = atRest()
    template.editObject(deployment, (object) => {
      const spec = object['spec'] as { readonly template: { readonly spec: object } }
      return {
        ...object,
        spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, terminationGracePeriodSeconds: 1 } } },
      }
    })
    expect(summaries(planChannel(template.world(), settings))).toEqual(['heal Deployment, pods restart'])
    const scaled = atRest()
    scaled.editObject(deployment, (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 9 } }))
    expect(summaries(planChannel(scaled.world(), settings))).toEqual(['heal Deployment'])
  })

  it('keeps its pods, and their epoch, while Kafka is away, even when the status was lost', () => {
    const model = atRest()
    model.setReachable(false)
    model.edit(({ status: _status, ...channel }) => channel)
    expect(planChannel(model.world(), settings)).toMatchObject({
      actions: [],
      holdsGatewayBack: false,
      refusals: [{ reason: 'KafkaUnreachable' }],
    })
  })

  it('still changes its pods while Kafka is away', () => {
    const model = atRest()
    model.setReachable(false)
    expect(summaries(planAfter(model, { gateway: { replicas: 2, image: 'another:1' } }))).toEqual(['change Deployment, pods restart'])
  })

  it('replaces its pods for the new epoch when its topic was created again', () => {
    const model = atRest()
    model.setTopic(null)
    expect(model.reconcile(settings).plans.map(summaries)).toEqual([['create-topic'], ['change Deployment, pods restart']])
  })

  it('never prunes held kinds', () => {
    const model = atRest(autoscaling(), 2)
    expect(summaries(planAfter(model, { ...autoscaling(), replay: { maxBytes: '64Ki' }, limits: { eventBytes: 131_072 } }))).toEqual([])
  })

  it('loses its finalizer when the policy becomes Retain', () => {
    const model = atRest({ topic: { deletionPolicy: 'Delete' } })
    expect(summaries(planAfter(model, {}))).toEqual(['remove-finalizer'])
  })
})

describe('the number of pods', () => {
  it('is handed over to an autoscaler before the operator leaves it out, one after the other', () => {
    const model = atRest({ gateway: { replicas: 4 } })
    model.edit((channel) => ({ ...channel, spec: aChannel({ spec: autoscaling() }).spec }))
    expect(model.reconcile(settings).plans.map(summaries)).toEqual([['hand-over-replicas', 'create HorizontalPodAutoscaler']])
    expect(model.reconcile(settings).plans.map(summaries)).toEqual([['change Deployment']])
    expect(model.objects.get(deployment)?.object['spec']).toMatchObject({ replicas: 4 })
    expect(model.reconcile(settings).plans.map(summaries)).toEqual([[]])
  })

  it('is not left out when the hand-over failed', () => {
    const model = atRest({ gateway: { replicas: 4 } })
    model.edit((channel) => ({ ...channel, spec: aChannel({ spec: autoscaling() }).spec }))
    model.reconcile(settings, { actions: ['failed'] })
    expect(model.reconcile(settings).plans.map(summaries)).toEqual([['hand-over-replicas']])
    expect(model.objects.get(deployment)?.object['spec']).toMatchObject({ replicas: 4 })
  })

  it('starts at the minimum for an autoscaled channel, also from 0, from which no autoscaler starts', () => {
    const model = atRest(autoscaling(3))
    expect(model.objects.get(deployment)?.object['spec']).toMatchObject({ replicas: 3 })
    model.editObject(deployment, (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 0 } }))
    expect(summaries(planChannel(model.world(), settings))).toEqual(['change Deployment'])
  })

  it("is not the operator's while an autoscaler has it", () => {
    const model = atRest(autoscaling(), 7)
    expect(summaries(planChannel(model.world(), settings))).toEqual([])
    expect(model.objects.get(deployment)?.object['spec']).toMatchObject({ replicas: 7 })
  })

  it('is taken back after the autoscaler is gone', () => {
    const model = atRest(autoscaling(), 7)
    expect(summaries(planAfter(model, { gateway: { replicas: 3 } }))).toEqual(['delete HorizontalPodAutoscaler', 'change Deployment'])
    model.converge(settings)
    expect(model.objects.get(deployment)?.object['spec']).toMatchObject({ replicas: 3 })
  })
})

describe('a route', () => {
  const httpRoute: Partial<RealtimeChannelSpec> = { route: { type: 'HTTPRoute', host: 'app.example.com', parentRefs: [{ name: 'edge' }] } }

  it('of a new type exists before the old one is deleted', () => {
    expect(summaries(planAfter(atRest(route), httpRoute))).toEqual(['create HTTPRoute', 'delete Ingress'])
  })

  it('is deleted when the channel asks for none', () => {
    expect(summaries(planAfter(atRest(route), {}))).toEqual(['delete Ingress'])
  })

  it('is not deleted when it belongs to another owner, or is already being deleted', () => {
    const metadata = { name: 'chat-gateway', namespace: 'shop', uid: 'x' }
    const others = [
      aForeignObject('Ingress', { metadata }),
      aForeignObject('Ingress', { metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z', ...ownedBy(aChannel()) } }),
    ]
    for (const object of others) {
      const children: World['children'] = new Map([
        [childKey('Ingress', 'chat-gateway'), { kind: 'object', type: operandTypes.Ingress, object }],
      ])
      expect(summaries(plan(withTopic({ children })))).not.toContain('delete Ingress')
    }
  })

  it('is deleted when another channel has its path, or a path below or above it', () => {
    const world = atRest(route).world()
    const rival = (taken: string) => ({
      ...world,
      rivals: { ...noRivals, route: { channel: { namespace: 'shop', name: 'older' }, path: 'app.example.com/wss/chat', taken } },
    })
    const [same, above] = [planChannel(rival('app.example.com/wss/chat'), settings), planChannel(rival('app.example.com/wss'), settings)]
    expect([summaries(same), same.route.whenDone, summaries(above)]).toEqual([['delete Ingress'], null, ['delete Ingress']])
    expect([...same.refusals, ...above.refusals]).toEqual([
      {
        about: 'RouteReady',
        reason: 'RouteClaimed',
        message:
          'app.example.com/wss/chat collides with app.example.com/wss/chat, which the channel shop/older has. Set another spec.route.host or spec.route.paths, or delete one of the two.',
      },
      {
        about: 'RouteReady',
        reason: 'RouteClaimed',
        message:
          'app.example.com/wss/chat collides with app.example.com/wss, which the channel shop/older has. A path and all paths below it belong to one channel. Set another spec.route.host or spec.route.paths, or delete one of the two.',
      },
    ])
  })

  it('is recorded once it is in place, and the old record stays while it cannot be changed', () => {
    const had = { host: 'old.example.com', socket: '/wss/chat', api: '/api/chat' }
    const model = atRest(route)
    expect(model.channel.status?.route).toEqual({ host: 'app.example.com', socket: '/wss/chat', api: '/api/chat' })
    const world = { ...model.world(), channel: { ...model.channel, status: { ...model.channel.status, route: had } } }
    expect(planChannel(world, settings).route).toEqual({ whenDone: model.channel.status?.route, otherwise: had })
    const paused = {
      ...world,
      channel: { ...world.channel, metadata: { ...world.channel.metadata, annotations: { 'carillon.dev/paused': 'true' } } },
    }
    expect(planChannel(paused, settings).route).toEqual({ whenDone: had, otherwise: had })
    const ofEarlierRelease = {
      ...paused,
      channel: {
        ...paused.channel,
        status: { url: 'wss://old.example.com/wss/chat/v1/ws', apiUrl: 'https://old.example.com/api/chat/v1' },
      },
    }
    expect(planChannel(ofEarlierRelease, settings).route).toEqual({ whenDone: had, otherwise: had })
  })

  it.each<[World['route'], string]>([
    [{ kind: 'class-not-found', className: 'nginx' }, 'IngressClassNotFound'],
    [{ kind: 'no-default-class' }, 'IngressClassNotFound'],
    [{ kind: 'gateway-not-found', gateway: { namespace: 'infra', name: 'edge' } }, 'GatewayNotFound'],
  ])('of %j is made all the same, and looked at again', (found, reason) => {
    const planned = plan(withTopic({ channel: aChannel({ spec: route }), route: found }))
    expect(summaries(planned)).toContain('create Ingress')
    expect([planned.refusals.map((refusal) => refusal.reason), planned.requeueAfterMs]).toEqual([[reason], 30_000])
  })

  it('is refused where the Gateway API is not installed, and only if a channel asks for it', () => {
    const error: ApiError = { kind: 'no-such-resource', code: 404, message: '' }
    const children: World['children'] = new Map([
      [childKey('HTTPRoute', 'chat-gateway'), { kind: 'unknown', type: operandTypes.HTTPRoute, error }],
    ])
    const asked = plan(withTopic({ channel: aChannel({ spec: httpRoute }), children }))
    expect([summaries(asked).includes('create HTTPRoute'), asked.refusals.map(({ reason }) => reason)]).toEqual([
      false,
      ['GatewayApiNotInstalled'],
    ])
    expect(plan(withTopic({ children })).refusals).toEqual([])
  })

  it('is not refused when its targets could not be read', () => {
    expect(
      plan(
        withTopic({ channel: aChannel({ spec: route }), route: { kind: 'unknown', error: { kind: 'forbidden', code: 403, message: '' } } }),
      ).refusals,
    ).toEqual([])
  })
})

describe('an object of the same name', () => {
  const found = (object: ReturnType<typeof aForeignObject>): Partial<World> =>
    withTopic({ children: new Map([[childKey('Service', 'chat-gateway'), { kind: 'object', type: operandTypes.Service, object }]]) })

  it('is never touched when it belongs to another owner, and all other objects are created', () => {
    const planned = plan(found(aForeignObject('Service')))
    expect(summaries(planned)).toEqual(['create ServiceAccount', 'create NetworkPolicy', 'create PodDisruptionBudget', 'create Deployment'])
    expect(planned.refusals).toMatchObject([{ about: 'GatewayAvailable', reason: 'ObjectNotOurs' }])
  })

  it("is not the channel's when the channel is only one of its owners", () => {
    const metadata = {
      name: 'chat-gateway',
      namespace: 'shop',
      uid: 'x',
      ownerReferences: ownedBy(aChannel()).ownerReferences?.map((owner) => ({ ...owner, controller: false })) ?? [],
    }
    expect(plan(found(aForeignObject('Service', { metadata }))).refusals).toMatchObject([{ reason: 'ObjectNotOurs' }])
  })

  it('delays its replacement while it is left over from an earlier channel of this name', () => {
    const earlier = aChannel({ metadata: { uid: 'earlier' } })
    const labels = { 'carillon.dev/channel': 'chat', 'app.kubernetes.io/managed-by': 'carillon-operator' }
    const planned = plan(
      found(aForeignObject('Service', { metadata: { name: 'chat-gateway', namespace: 'shop', uid: 'x', labels, ...ownedBy(earlier) } })),
    )
    expect([planned.refusals.map(({ reason }) => reason), planned.requeueAfterMs]).toEqual([['ObjectTerminating'], 5_000])
  })

  it('delays its replacement while it is being deleted', () => {
    const metadata = {
      name: 'chat-gateway',
      namespace: 'shop',
      uid: 'x',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      ...ownedBy(aChannel()),
    }
    expect(plan(found(aForeignObject('Service', { metadata }))).refusals).toMatchObject([{ reason: 'ObjectTerminating' }])
  })

  it('is reported as Forbidden when the operator is not allowed to read it', () => {
    const error: ApiError = { kind: 'forbidden', code: 403, message: 'services is forbidden' }
    const planned = plan(
      withTopic({ children: new Map([[childKey('Service', 'chat-gateway'), { kind: 'unknown', type: operandTypes.Service, error }]]) }),
    )
    expect([summaries(planned).includes('create Service'), planned.refusals.map(({ reason }) => reason), planned.requeueAfterMs]).toEqual([
      false,
      ['Forbidden'],
      5_000,
    ])
  })
})
