import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { operandNames } from '../../../api/child-names.ts'
import { operandTypes } from '../../../api/child-types.ts'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import { apiVersion, channelKind, channelType, type RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import { leaseType } from '../../runtime/lease.ts'
import type { ReconcileResult } from '../../runtime/reconcile-run.ts'
import { aChannel, someSettings } from '../../testing/channel-builders.ts'
import { aResolver } from '../../testing/class-builders.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { createMemoryTopics } from '../../testing/memory-topics.ts'
import { createApplier } from './apply.ts'
import { createChildEchoes } from '../watch/child-echoes.ts'
import { createClaims } from '../watch/claims.ts'
import { createObserver } from '../observe/observe.ts'
import { createOtherOperators } from '../observe/other-operators.ts'
import { createOtherRoutes } from '../route/other-routes.ts'
import { createReconciler } from '../reconciler.ts'
import { names } from '../settings.ts'

const ref = { namespace: 'shop', name: 'chat' }
const brokers = ['kafka:9092']

interface TestOperator {
  readonly lease: string
  readonly events: string[]
  readonly gone: string[]
  reconcile(): Promise<ReconcileResult>
  refresh(): Promise<void>
}

interface Scene {
  readonly api: MemoryKubernetes
  readonly topics: ReturnType<typeof createMemoryTopics>
  nowMs: number
}

function scene(): Scene {
  return { api: createMemoryKubernetes(), topics: createMemoryTopics(), nowMs: 1_000 }
}

/** An operator with its own image, which holds its own Lease. */
async function startOperator(made: Scene, name: string): Promise<TestOperator> {
  const { api, topics } = made
  const [lease, settings] = [
    `system/${name}`,
    someSettings({ appliedBy: `system/${name}`, image: `registry.example.com/carillon:${name}` }),
  ]
  await renew(made, name, 'holder')
  const [children, events, gone] = [createChildEchoes(), new Array<string>(), new Array<string>()]
  const otherOperators = createOtherOperators({
    api,
    own: lease,
    now: () => made.nowMs,
    onGone: (each) => gone.push(each),
    logger: createRecordingLogger().logger,
  })
  const reconcile = createReconciler({
    api,
    admins: topics,
    observer: createObserver({
      api,
      admins: topics,
      ownConnection: () => ({ brokers, tls: null, sasl: null }),
      claims: createClaims({ defaultBrokers: brokers }),
      children,
      routes: { observe: async () => ({ kind: 'not-asked' }) },
      otherRoutes: createOtherRoutes(),
      otherOperators,
      assignsPodUsers: async () => ({ ok: true, value: false }),
      resolver: aResolver(),
      onClaimsChanged: () => {},
      contestedOf: () => new Map(),
      childTypes: Object.values(operandTypes),
      childNameOf: (channel) => operandNames(channel).Deployment,
      nowMs: Date.now,
    }),
    applier: createApplier({ api, children, names, mayWrite: () => true }),
    children,
    healMeter: { healed: () => {} },
    settings,
    record: (_channel, { type, reason }) => void events.push(`${type} ${reason}`),
    preview: () => {},
    mayWrite: () => true,
    enqueue: () => {},
    nowMs: Date.now,
    pause: async () => {},
  })
  return {
    lease,
    events,
    gone,
    reconcile: () => reconcile(ref, { signal: new AbortController().signal, priority: 'user' }),
    refresh: () => otherOperators.refresh(),
  }
}

/** Writes a new state of the Lease, as each renewal does. @param holder '': released */
async function renew({ api, nowMs }: Scene, name: string, holder: string): Promise<void> {
  await api.apply(
    leaseType,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'system', name },
      spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime: String(nowMs) },
    },
    { fieldManager: name, force: true },
  )
}

async function makeChannel({ api }: Scene): Promise<void> {
  await api
    .as('kubectl')
    .apply(channelType, { apiVersion, kind: channelKind, metadata: ref, spec: aChannel().spec }, { fieldManager: 'kubectl', force: true })
}

async function channelOf({ api }: Scene) {
  const found = await api.get(channelType, ref)
  if (!found.ok) throw new Error(found.error.message)
  const status = found.value['status'] as RealtimeChannelStatus | undefined // the reconciler wrote it
  return {
    note: found.value.metadata.annotations?.['carillon.dev/left-by'],
    ready: status?.conditions?.find(({ type }) => type === 'Ready'),
  }
}

const marksIn = ({ api }: Scene): readonly (string | undefined)[] => [
  ...new Set(
    Object.values(operandTypes).flatMap((type) =>
      api.objects(type).map(({ metadata }) => metadata.annotations?.['carillon.dev/applied-by']),
    ),
  ),
]
const imageIn = ({ api }: Scene): string => /carillon:[a-z]+/.exec(JSON.stringify(api.objects(operandTypes.Deployment)))?.[0] ?? ''
const changes = ({ api }: Scene): number => api.writes().filter(({ hasChanged }) => hasChanged).length

describe('two operators over one namespace', () => {
  // They rewrote each other's Deployment five times a second without end, and both reported Ready.
  it('settle on the objects of the one that was first, whose Ready condition names the other', async () => {
    const made = scene()
    const [first, second] = [await startOperator(made, 'first'), await startOperator(made, 'second')]
    await makeChannel(made)
    await first.reconcile()
    expect(await second.reconcile()).toEqual({ kind: 'done' })
    expect(second.events).toEqual(['Warning LeftToOtherOperator'])
    await first.reconcile()
    expect([marksIn(made), imageIn(made), await channelOf(made)]).toMatchObject([
      ['system/first'],
      'carillon:first',
      { note: 'system/second' },
    ])
    made.api.forgetWrites()
    for (const operator of [second, first, second, first]) await operator.reconcile()
    expect([made.api.writes(), second.events.length]).toEqual([[], 1])
  })

  it('settle on the objects of one of them, in any order of the start', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.subarray([0, 1], { minLength: 1 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
        const made = scene()
        const operators = [await startOperator(made, 'first'), await startOperator(made, 'second')]
        await makeChannel(made)
        // The operators of one round work at the same time.
        for (const round of rounds) await Promise.all(round.map((each) => operators[each]?.reconcile()))
        for (let round = 0; round < 3; round++) for (const operator of operators) await operator.reconcile()
        const before = changes(made)
        for (let round = 0; round < 3; round++) for (const operator of operators) await operator.reconcile()
        expect([changes(made) - before, marksIn(made).length]).toEqual([0, 1])
      }),
      { seed: 1, numRuns: 40 },
    )
  })

  it('become one when the first is gone: the second takes over, and the note goes', async () => {
    const made = scene()
    const [first, second] = [await startOperator(made, 'first'), await startOperator(made, 'second')]
    await makeChannel(made)
    await first.reconcile()
    await second.reconcile()
    await renew(made, 'first', '')
    made.nowMs += 20_000
    await second.refresh()
    // A replica of the same release may take the Lease in a moment.
    expect([second.gone, (await second.reconcile(), imageIn(made))]).toEqual([[], 'carillon:first'])
    made.nowMs += 60_001
    await second.refresh()
    expect(second.gone).toEqual(['system/first'])
    await second.reconcile()
    expect([imageIn(made), marksIn(made), (await channelOf(made)).note]).toEqual(['carillon:second', ['system/second'], undefined])
  })

  it('become one when the second is gone, and Ready does not mention it any more', async () => {
    const made = scene()
    const [first, second] = [await startOperator(made, 'first'), await startOperator(made, 'second')]
    await makeChannel(made)
    await first.reconcile()
    await second.reconcile()
    await first.reconcile()
    await made.api.delete(leaseType, { namespace: 'system', name: 'second' }, {})
    made.nowMs += 20_000
    await first.reconcile()
    expect(await channelOf(made)).toMatchObject({ note: undefined })
    expect(marksIn(made)).toEqual(['system/first'])
  })

  it('ignore a mark whose Lease does not exist, or that does not name a Lease', async () => {
    const made = scene()
    const first = await startOperator(made, 'first')
    await makeChannel(made)
    await first.reconcile()
    for (const mark of ['system/of-yesterday', 'nonsense', '../x/y']) {
      await made.api
        .as('kubectl')
        .mergePatch(
          operandTypes.Deployment,
          { namespace: 'shop', name: 'chat-gateway' },
          { metadata: { annotations: { 'carillon.dev/applied-by': mark } } },
        )
      await first.reconcile()
      expect(marksIn(made), mark).toEqual(['system/first'])
    }
  })

  it('leave the channel alone when the Lease of the other cannot be read, and say how to take it over', async () => {
    const made = scene()
    const [first, second] = [await startOperator(made, 'first'), await startOperator(made, 'second')]
    await makeChannel(made)
    await first.reconcile()
    made.api.failNext({ verb: 'get', type: 'leases' }, { kind: 'forbidden' }, 100)
    await second.reconcile()
    expect(imageIn(made)).toBe('carillon:first')
    await made.api
      .as('kubectl')
      .mergePatch(
        operandTypes.Deployment,
        { namespace: 'shop', name: 'chat-gateway' },
        { metadata: { annotations: { 'carillon.dev/applied-by': null } } },
      )
    await second.reconcile()
    expect([imageIn(made), marksIn(made)]).toEqual(['carillon:second', ['system/second']])
  })
})
