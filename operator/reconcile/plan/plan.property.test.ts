import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { anySpec } from '../../testing/channel-arbitraries.ts'
import { aChannel, aControlTopic, someSettings } from '../../testing/channel-builders.ts'
import { createModelWorld, type Fates, type ModelWorld } from '../../testing/model-world.ts'
import { variableOf, type Deployment } from '../children/running-gateway.ts'
import { planChannel } from './plan.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { topicUses } from '../topic/topic-uses.ts'
import { childKey, type TopicRecord } from '../world.ts'

const settings = someSettings()
const deployment = childKey('Deployment', 'chat-gateway')

function change(model: ModelWorld, spec: RealtimeChannelSpec): void {
  model.edit((channel) => ({ ...channel, spec: aChannel({ spec }).spec }))
}

/** Events in the life of a channel. Each leaves a world in which a reconcile is due. */
type Incident =
  | { readonly kind: 'edit'; readonly spec: RealtimeChannelSpec }
  | { readonly kind: 'settle'; readonly autoscaled: number }
  | {
      readonly kind:
        | 'hand-edit'
        | 'hand-scale'
        | 'delete-child'
        | 'delete-topic'
        | 'delete-control'
        | 'foreign-control'
        | 'delete-upstream'
        | 'foreign-setting'
        | 'outage'
        | 'recovery'
        | 'lose-status'
    }

const anyIncident: fc.Arbitrary<Incident> = fc.oneof(
  { weight: 4, arbitrary: anySpec.map((spec) => ({ kind: 'edit' as const, spec })) },
  { weight: 2, arbitrary: fc.integer({ min: 2, max: 9 }).map((autoscaled) => ({ kind: 'settle' as const, autoscaled })) },
  fc
    .constantFrom(
      'hand-edit' as const,
      'hand-scale' as const,
      'delete-child' as const,
      'delete-topic' as const,
      'delete-control' as const,
      'foreign-control' as const,
      'delete-upstream' as const,
      'foreign-setting' as const,
      'outage' as const,
      'recovery' as const,
      'lose-status' as const,
    )
    .map((kind) => ({ kind })),
)

function happen(model: ModelWorld, incident: Incident): void {
  switch (incident.kind) {
    case 'edit':
      return change(model, incident.spec)
    case 'settle':
      return model.settle(incident.autoscaled)
    case 'hand-edit':
      return model.editObject(childKey('Service', 'chat-gateway'), (object) => ({
        ...object,
        spec: { ...(object['spec'] as object), type: 'LoadBalancer' },
      }))
    case 'hand-scale':
      return model.editObject(deployment, (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 7 } }))
    case 'delete-child':
      return model.deleteObject(deployment)
    case 'delete-topic':
      return model.setTopic(null)
    case 'delete-control':
      return model.deleteTopic('shop.chat.control')
    case 'delete-upstream':
      return model.deleteTopic('shop.chat.upstream')
    case 'foreign-control':
      return model.setTopic(aControlTopic({ topicId: 'foreign', config: {} }))
    case 'foreign-setting':
      return model.setTopic(model.topic === null ? null : { ...model.topic, config: { ...model.topic.config, 'foreign.setting': 'x' } })
    case 'outage':
      return model.setReachable(false)
    case 'recovery':
      return model.setReachable(true)
    case 'lose-status':
      return model.edit(({ status: _status, ...channel }) => channel)
    default:
      return incident satisfies never
  }
}

const awaited = { upstream: 'KAFKA_UPSTREAM_TOPIC', control: 'KAFKA_CONTROL_TOPIC' } as const

/** Topic in the environment of the gateways; null: there is none. */
function namedTopic(model: ModelWorld, use: keyof typeof awaited): string | null {
  const object = model.objects.get(deployment)?.object
  return object === undefined ? null : (variableOf(object as Deployment, awaited[use]) ?? null)
}

const anyFates: fc.Arbitrary<Fates> = fc.record({
  actions: fc.array(fc.constantFrom('done' as const, 'failed' as const, 'lost' as const), { maxLength: 10 }),
  isStatusLost: fc.boolean(),
})
const anyHistory = fc.array(fc.tuple(anyIncident, anyFates), { maxLength: 8 })

function after(history: readonly (readonly [Incident, Fates])[]): ModelWorld {
  const model = createModelWorld(aChannel())
  for (const [incident, fates] of history) {
    happen(model, incident)
    model.reconcile(settings, fates)
  }
  return model
}

/** Sorts variables: a variable that an apply adds comes last in the list of the server. */
function sortedVariables(key: string, value: unknown): unknown {
  if (key !== 'env' || !Array.isArray(value)) return value
  return value.toSorted((a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1))
}

/** Final state without the values that differ between runs: uids, generations, ids. */
function endOf(model: ModelWorld): unknown {
  const objects = [...model.objects].map(([key, { object, managers }]) => [
    key,
    object['spec'],
    object.metadata.annotations,
    managers.filter(({ manager }) => manager === 'carillon-operator').map(({ owned }) => [...owned].toSorted()),
  ])
  const { topic, channel } = model
  return JSON.parse(
    JSON.stringify(
      {
        objects: objects.toSorted(),
        topic: topic === null ? null : { ...topic, topicId: '' },
        finalizers: channel.metadata.finalizers ?? [],
        refusals: planChannel(model.world(), settings).refusals,
      },
      (key, value: unknown) => (typeof value === 'string' ? value.replaceAll(/topic-\d+/g, 'ID') : sortedVariables(key, value)),
    ),
  )
}

describe('a plan', () => {
  it('is the same for the same world, in any order of its objects', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const world = after(history).world()
        const shuffled = { ...structuredClone(world), children: new Map([...structuredClone(world.children)].reverse()) }
        expect(planChannel(shuffled, settings)).toEqual(planChannel(world, settings))
      }),
      { numRuns: 30 },
    )
  })

  it('leaves neither an action nor a new status after it was applied, from any earlier state', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const model = after(history)
        model.converge(settings)
        const done = model.history.length
        const again = model.reconcile(settings)
        expect({ actions: model.history.slice(done), isStatusNew: again.isStatusNew }).toEqual({ actions: [], isStatusNew: false })
      }),
      { numRuns: 50 },
    )
  })

  it('reaches the same state when any actions fail, succeed without an answer, or the operator stops before the status is written', () => {
    fc.assert(
      fc.property(fc.array(anyIncident, { maxLength: 4 }), anySpec, anyFates, (incidents, spec, fates) => {
        const [smooth, rough] = [0, 1].map(() => {
          const model = after(incidents.map((incident) => [incident, {}] as const))
          model.setReachable(true)
          model.converge(settings)
          change(model, spec)
          return model
        })
        rough?.reconcile(settings, fates)
        rough?.converge(settings)
        smooth?.converge(settings)
        expect(rough && endOf(rough)).toEqual(smooth && endOf(smooth))
      }),
      { numRuns: 50 },
    )
  })

  it('never removes partitions, never deletes a topic while the channel exists, and never changes settings of other clients', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const model = createModelWorld(aChannel())
        for (const [incident, fates] of history) {
          happen(model, incident)
          const before = model.topic
          model.reconcile(settings, fates)
          expect(model.topic?.partitions ?? 0).toBeGreaterThanOrEqual(before?.partitions ?? 0)
          expect(model.topic?.config['foreign.setting']).toBe(before?.config['foreign.setting'])
        }
        expect(model.history.filter(({ kind }) => kind === 'delete-topic')).toEqual([])
      }),
      { numRuns: 50 },
    )
  })

  // Pods that wait for a topic which does not exist never become ready.
  it.each(['control', 'upstream'] as const)(
    'names the %s topic to the gateways only if it exists, whatever becomes of its creation',
    (use) => {
      fc.assert(
        fc.property(anyHistory, (history) => {
          const model = createModelWorld(aChannel())
          for (const [incident, fates] of history) {
            happen(model, incident)
            const before = namedTopic(model, use)
            const { outcomes } = model.reconcile(settings, fates)
            const named = namedTopic(model, use)
            const isShown = outcomes.some(
              ({ kind, action }) => kind === 'done' && action.kind === 'apply-object' && action.type.kind === 'Deployment',
            )
            const isNew = isShown && named !== before && named !== null
            expect(isNew && !model.topicNames().includes(named) ? named : null).toBeNull()
          }
          model.setReachable(true)
          model.converge(settings)
          const named = namedTopic(model, use)
          expect(named === null || model.topicNames().includes(named)).toBe(true)
          const reasonOf = (type: string) => model.channel.status?.conditions?.find((condition) => condition.type === type)?.reason
          // Gateways of a channel without its topic are left as they are.
          fc.pre(reasonOf('TopicReady') === 'TopicAsAsked')
          const isOn = use === 'control' ? reasonOf('RevocationReady') === 'RevocationOn' : model.channel.spec.upstream !== undefined
          expect(named !== null).toBe(isOn)
        }),
        { numRuns: 50 },
      )
    },
  )

  it('never lowers the number of pods under an autoscaler', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anySpec, anyFates), { maxLength: 3 }),
        anyFates,
        fc.integer({ min: 2, max: 9 }),
        (edits, fates, autoscaled) => {
          const model = createModelWorld(aChannel({ spec: { gateway: { autoscaling: { minReplicas: 2, maxReplicas: 9 } } } }))
          model.reconcile(settings, fates)
          const pods = (): number =>
            (model.objects.get(deployment)?.object['spec'] as { readonly replicas: number } | undefined)?.replicas ?? autoscaled
          for (const [spec, each] of edits) {
            model.converge(settings)
            model.settle(autoscaled)
            change(model, { ...spec, gateway: { autoscaling: { minReplicas: 2, maxReplicas: 9 }, drainSeconds: 30 } })
            model.reconcile(settings, each)
            expect(pods()).toBeGreaterThanOrEqual(autoscaled)
          }
        },
      ),
      { numRuns: 30 },
    )
  })

  it('deletes each topic with the channel exactly when the policy says so and the topic is the one that the operator created for the channel', () => {
    fc.assert(
      fc.property(anyHistory, fc.boolean(), fc.boolean(), (history, isReplaced, isRetained) => {
        const model = after(history)
        model.setReachable(true)
        model.converge(settings)
        if (isReplaced && model.topic !== null) model.setTopic({ ...model.topic, topicId: 'another' })
        // The policy may change right before the deletion, while the finalizer is still there.
        model.edit((channel) => ({
          ...channel,
          metadata: { ...channel.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' },
          spec: isRetained ? { ...channel.spec, topic: { ...channel.spec.topic, deletionPolicy: 'Retain' } } : channel.spec,
        }))
        const isOwed = (record: TopicRecord | undefined, topic: TopicDescription | null): boolean =>
          model.channel.spec.topic.deletionPolicy === 'Delete' &&
          topic !== null &&
          record?.origin === 'Created' &&
          (record.id === topic.topicId || (record.id === undefined && record.partitions === topic.partitions))
        const { status } = model.channel
        const owed = topicUses.flatMap((use) => (isOwed(status?.[use], model.topicOf(use)) ? [model.topicOf(use)?.name] : []))
        const before = model.history.length
        for (let count = 0; count < 3; count++) model.reconcile(settings)
        expect(model.history.slice(before).flatMap((action) => (action.kind === 'delete-topic' ? [action.name] : []))).toEqual(owed)
        expect(model.channel.metadata.finalizers ?? []).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})
