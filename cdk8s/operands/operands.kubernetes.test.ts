import { beforeAll, describe, expect, it } from 'vitest'
import { askCluster } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { apply, restrictedNamespace } from '../testing/api-server.ts'
import { operandInput, sampleInputs } from '../testing/operand-inputs.ts'
import { storedQuantities } from '../../api/testing/stored-quantities.ts'
import { renderOperands } from './gateway-operands.ts'
import type { OperandInput } from './operand-input.ts'

const cluster = useControlPlane()
beforeAll(async () => {
  await apply(cluster, restrictedNamespace('shop'), { isDryRun: false })
})

const objectsOf = (input: OperandInput) => {
  const outcome = renderOperands(input)
  if (!outcome.ok) throw new Error(outcome.error)
  return outcome.value
}

function templateOf(input: OperandInput): { readonly metadata: object; readonly spec: object } {
  for (const object of objectsOf(input)) {
    // A Deployment has a template, which is a pod's metadata and spec.
    if (object.kind === 'Deployment') return (object['spec'] as { readonly template: ReturnType<typeof templateOf> }).template
  }
  throw new Error('no Deployment')
}

/** HTTPRoute is not Kubernetes' own: e2e applies it to a cluster with the Gateway API. */
const builtin = Object.entries(sampleInputs).flatMap(([sample, input]) =>
  objectsOf(input)
    .filter(({ kind }) => kind !== 'HTTPRoute')
    .map((object) => ({ sample, kind: object.kind, object })),
)

describe('a real API server', () => {
  it.each(builtin)('accepts $kind of $sample, and stores every field as it is applied', async ({ object }) => {
    const { code, body } = await apply(cluster, object)
    expect({ code, body }).toMatchObject({ code: 201, body: object })
  })

  it.each(Object.keys(sampleInputs))(
    'accepts the pods of %s in a namespace that enforces the Pod Security Standard "restricted"',
    async (sample) => {
      const { metadata, spec } = templateOf(sampleInputs[sample] ?? operandInput())
      const create = (changes: object) =>
        askCluster(cluster, {
          method: 'POST',
          path: '/api/v1/namespaces/shop/pods?dryRun=All&fieldValidation=Strict',
          body: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'pod' }, spec: { ...spec, ...changes } },
        })
      expect(await create({})).toMatchObject({ code: 201 })
      // So that the namespace is known to refuse what it should.
      expect(await create({ securityContext: {} })).toMatchObject({ code: 403 })
    },
  )

  it('refuses a misspelt field of a peer, which would open a port if it were dropped', async () => {
    const [policy] = objectsOf(operandInput({ peers: { public: [{ namespaceSelektor: {}, podSelector: {} }], internal: [] } })).filter(
      ({ kind }) => kind === 'NetworkPolicy',
    )
    expect(await apply(cluster, policy ?? restrictedNamespace('shop'))).toMatchObject({
      code: 500,
      body: { message: expect.stringContaining('namespaceSelektor: field not declared in schema') },
    })
  })

  it.each(storedQuantities)('stores the quantity %s as %s, as canonicalQuantity does', async (written, stored) => {
    const limits = {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'any', namespace: 'shop' },
      spec: { limits: [{ type: 'Container', max: { 'example.com/any': written } }] },
    }
    expect(await apply(cluster, limits)).toMatchObject({ body: { spec: { limits: [{ max: { 'example.com/any': stored } }] } } })
  })
})
