import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClosableKubernetesApi } from '../adapters/kubernetes/kubernetes-api.ts'
import { apiOf } from '../adapters/kubernetes/testing/api-of.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import type { KubernetesApi } from '../runtime/kubernetes-api.ts'
import { useControlPlane } from '../../testing/use.ts'
import { configMapType, deploymentType } from './kubernetes-api-contract.ts'
import { createMemoryKubernetes } from './memory-kubernetes.ts'

const cluster = useControlPlane()
let real: ClosableKubernetesApi
beforeAll(async () => {
  real = apiOf(cluster.kubeconfigFile)
})
afterAll(async () => {
  real.close()
})

/** A request for one object. */
interface Step {
  readonly verb: 'apply' | 'patch'
  readonly by: 'us' | 'them' | 'keeper'
  readonly force: boolean
  readonly body: object
}

const value = fc.constantFrom('1', '2')
const names = fc.constantFrom('a', 'b', 'c')
const map = fc.dictionary(names, value, { minKeys: 1 })
const patchMap = fc.dictionary(names, fc.oneof(value, fc.constant(null)), { minKeys: 1 })
const env = fc.uniqueArray(fc.record({ name: names, value }), { selector: ({ name }) => name, minLength: 1 })
const steps = (applied: fc.Arbitrary<object>, patched: fc.Arbitrary<object>): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        verb: fc.constant('apply' as const),
        by: fc.constantFrom('us' as const, 'them' as const),
        force: fc.boolean(),
        body: applied,
      }),
      fc.record({ verb: fc.constant('patch' as const), by: fc.constant('them' as const), force: fc.constant(false), body: patched }),
    ),
    { minLength: 2, maxLength: 8 },
  )

/**
 * Applied first, and changed by no other step. When no manager owns any field of an object, the server stops recording who changes it (its
 * ProbabilisticSkipNonAppliedManager). The moment depends on the creator of maps that are empty now. Objects that the operator applies
 * always have an owner.
 */
const kept: Step = { verb: 'apply', by: 'keeper', force: false, body: { data: { kept: '1' } } }

const configMaps = steps(
  fc.record({ data: map, metadata: fc.record({ labels: map }) }, { requiredKeys: ['metadata'] }),
  fc.record({ data: patchMap, metadata: fc.record({ labels: patchMap }, { requiredKeys: [] }) }, { requiredKeys: ['metadata'] }),
).map((script) => [kept, ...script])
const inPod = (variables: fc.Arbitrary<readonly object[]>, replicas: fc.Arbitrary<number>): fc.Arbitrary<object> =>
  fc.record({ env: variables, replicas: fc.option(replicas, { nil: undefined }) }).map(({ env: list, replicas: count }) => ({
    spec: {
      ...(count === undefined ? {} : { replicas: count }),
      selector: { matchLabels: { app: 'x' } },
      template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main', image: 'i:1', env: list }] } },
    },
  }))
/** Not one replica, which is the server's default: the double has no defaults. */
const replicaCount = fc.integer({ min: 2, max: 3 })
const deployments = steps(inPod(env, replicaCount), fc.record({ spec: fc.record({ replicas: replicaCount }) }))

let objects = 0

/** Runs the steps. Returns the outcome of each step, the fields that the steps are about, and their owners. */
async function play(api: KubernetesApi, type: typeof configMapType, name: string, script: readonly Step[]): Promise<readonly object[]> {
  const ref = { namespace: 'default', name }
  const states: object[] = []
  for (const { verb, by, force, body } of script) {
    const { metadata = {}, ...rest } = body as { metadata?: object } // built by the arbitraries
    const object = { apiVersion: type.group === '' ? 'v1' : 'apps/v1', kind: type.kind, ...rest, metadata: { ...metadata, ...ref } }
    const result =
      verb === 'apply' ? await api.apply(type, object, { fieldManager: by, force }) : await api.mergePatch(type, ref, { ...body })
    const live = await api.get(type, ref)
    states.push({ verb, outcome: result.ok ? 'ok' : result.error.kind, ...(live.ok ? seen(live.value) : {}) })
  }
  return states
}

function seen(object: KubernetesObject): object {
  const { data, spec, metadata } = object as KubernetesObject & {
    data?: object
    spec?: { replicas: number; template: { spec: { containers: { env?: { name: string }[] }[] } } }
  } // from the arbitraries above
  const variables = spec?.template.spec.containers[0]?.env?.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const owners = (metadata.managedFields ?? [])
    .map(
      ({ manager, operation, fieldsV1 = {} }) =>
        [
          `${operation} ${manager}`,
          [...leaves(fieldsV1)].filter((path) => operation === 'Apply' || !madeMaps.has(path)).toSorted(),
        ] as const,
    )
    .filter(([, owned]) => owned.length > 0)
  return { data: data ?? {}, labels: metadata.labels ?? {}, variables, owners: Object.fromEntries(owners) }
}

/** Drops the entry of the manager that created a map when other managers own all its entries. */
const madeMaps = new Set(['/f:data', '/f:metadata/f:labels'])

/** Drops the entry for a map itself (`.`). The server records the creator of a map, and the double does so only for items. */
function* leaves(node: Readonly<Record<string, unknown>>, path = ''): Generator<string> {
  for (const [step, child] of Object.entries(node)) {
    if (step === '.') continue
    const below = child as Readonly<Record<string, unknown>> // fieldsV1 is a tree of maps
    if (Object.keys(below).length === 0) yield `${path}/${step}`
    else yield* leaves(below, `${path}/${step}`)
  }
}

describe('the memory double beside the real API server', () => {
  const same = async (type: typeof configMapType, script: readonly Step[]): Promise<void> => {
    objects += 1
    const name = `object-${objects}`
    expect(await play(createMemoryKubernetes(), type, name, script)).toEqual(await play(real, type, name, script))
  }

  it('ends with the same fields and owners, for any conflict over maps', async () => {
    await fc.assert(
      fc.asyncProperty(configMaps, (script) => same(configMapType, script)),
      { numRuns: 80 },
    )
  })

  it('ends with the same fields and owners, for any conflict over lists that have keys', async () => {
    await fc.assert(
      fc.asyncProperty(deployments, (script) => same(deploymentType, script)),
      { numRuns: 80 },
    )
  })
})
