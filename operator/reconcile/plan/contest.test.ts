import { describe, expect, it } from 'vitest'
import { aChannel, someSettings } from '../../testing/channel-builders.ts'
import { createModelWorld, type ModelWorld } from '../../testing/model-world.ts'
import type { Plan } from '../plan-types.ts'
import { planChannel } from './plan.ts'
import { childKey, healKey, type ChildKey, type Contest, type World } from '../world.ts'

const settings = someSettings()
const deployment = childKey('Deployment', 'chat-gateway')

/** A channel at rest, with a client that takes the number of pods of its Deployment. */
function scaledByHand(by = 'kube-controller-manager'): ModelWorld {
  const model = createModelWorld(aChannel())
  model.converge(settings)
  model.settle()
  model.converge(settings)
  model.editObject(deployment, (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 7 } }), by)
  return model
}

/** The plan so long after the field was set back last. */
function planAfter(model: ModelWorld, secondsAgo: number, contest: Partial<Contest> = {}, field = 'spec.replicas'): Plan {
  const world = model.world()
  const contested = new Map([
    [
      healKey(deployment, field),
      {
        lastHealMs: world.nowMs - secondsAgo * 1_000,
        pauseMs: 120_000,
        hasWaited: true,
        takenBy: ['kube-controller-manager by the subresource scale'],
        ...contest,
      },
    ],
  ])
  return planChannel({ ...world, contested }, settings)
}

const contestOf = (child: ChildKey, field: string, world: World, secondsAgo: number): World => ({
  ...world,
  contested: new Map([
    [healKey(child, field), { lastHealMs: world.nowMs - secondsAgo * 1_000, pauseMs: 60_000, hasWaited: false, takenBy: [] }],
  ]),
})
const refusals = (plan: Plan): readonly string[] => plan.refusals.map(({ about, reason }) => `${about} ${reason}`)
const heals = (plan: Plan): readonly unknown[] =>
  plan.actions.map((action) => (action.kind === 'apply-object' ? [action.change, action.lost, action.takenBy] : action.kind))

describe('an object that another client deletes repeatedly', () => {
  it('is created again after its pause, which a condition reports', () => {
    const model = createModelWorld(aChannel())
    model.converge(settings)
    model.deleteObject(childKey('NetworkPolicy', 'chat-gateway'))
    const planAt = (secondsAgo: number): Plan =>
      planChannel(contestOf(childKey('NetworkPolicy', 'chat-gateway'), 'the object', model.world(), secondsAgo), settings)
    expect([heals(planAt(10)), refusals(planAt(10)), planAt(10).requeueAfterMs]).toEqual([[], ['GatewayAvailable FieldContested'], 50_000])
    expect(planAt(10).refusals[0]?.message).toBe(
      'Another client deletes the NetworkPolicy chat-gateway as often as the operator creates it, so the operator creates it less and less often. Find out what deletes it.',
    )
    expect(heals(planAt(60))).toEqual([['create', ['the object'], undefined]])
  })
})

describe('a finalizer that another client removes repeatedly', () => {
  it('is set again after its pause, and until then no topic is created', () => {
    const world = createModelWorld(aChannel({ spec: { topic: { deletionPolicy: 'Delete' } } })).world()
    const planAt = (secondsAgo: number): Plan =>
      planChannel(contestOf(childKey('RealtimeChannel', 'chat'), 'metadata.finalizers[carillon.dev/topic]', world, secondsAgo), settings)
    expect([heals(planAt(10)), refusals(planAt(10)), planAt(10).requeueAfterMs, planAt(10).topic.whenDone]).toEqual([
      [],
      ['TopicReady FieldContested'],
      50_000,
      null,
    ])
    expect(heals(planAt(60)).slice(0, 2)).toEqual(['add-finalizer', 'create-topic'])
  })
})

describe('a field that another client takes', () => {
  it('is set back at once, and the plan names the field and its taker', () => {
    const plan = planChannel(scaledByHand().world(), settings)
    expect([heals(plan), refusals(plan)]).toEqual([[['heal', ['spec.replicas'], ['kube-controller-manager']]], []])
  })

  it('is left alone during its pause when it is contested, which a condition reports with the remedy', () => {
    const plan = planAfter(scaledByHand(), 90)
    expect([heals(plan), refusals(plan), plan.requeueAfterMs]).toEqual([[], ['GatewayAvailable FieldContested'], 30_000])
    expect(plan.refusals[0]?.message).toBe(
      'kube-controller-manager by the subresource scale changes spec.replicas of the Deployment chat-gateway as often as the operator sets it back, so the operator sets it back less and less often. Let an autoscaler act on the channel (scaleTargetRef: kind RealtimeChannel, name chat), or use spec.gateway.autoscaling.',
    )
  })

  it('is set back when the pause is over, and the condition stays until the field has stayed for a minute', () => {
    const plan = planAfter(scaledByHand(), 120)
    expect([heals(plan), refusals(plan)]).toEqual([
      [['heal', ['spec.replicas'], ['kube-controller-manager']]],
      ['GatewayAvailable FieldContested'],
    ])
    const model = scaledByHand()
    model.converge(settings)
    expect([heals(planAfter(model, 59)), refusals(planAfter(model, 59)), planAfter(model, 59).requeueAfterMs]).toEqual([
      [],
      ['GatewayAvailable FieldContested'],
      5_000,
    ])
    expect([heals(planAfter(model, 60)), refusals(planAfter(model, 60)), planAfter(model, 60).requeueAfterMs]).toEqual([[], [], null])
  })

  it('causes no condition after the heals that made it contested, until it is taken once more', () => {
    const model = scaledByHand()
    model.converge(settings)
    expect(refusals(planAfter(model, 1, { hasWaited: false }))).toEqual([])
    expect(refusals(planAfter(scaledByHand(), 1, { hasWaited: false }))).toEqual(['GatewayAvailable FieldContested'])
  })

  it('does not hold back another field, nor another object', () => {
    expect(heals(planAfter(scaledByHand(), 1, {}, 'metadata.labels[app.kubernetes.io/name]'))).toEqual([
      ['heal', ['spec.replicas'], ['kube-controller-manager']],
    ])
    const model = scaledByHand()
    model.deleteObject(childKey('Service', 'chat-gateway'))
    expect(heals(planAfter(model, 1))).toEqual([['create', ['the object'], undefined]])
  })
})
