import { expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import { classSchemaHash, renderClassDefinition } from '../../../api/v1alpha1/class-crd.ts'
import { renderCustomResourceDefinition, schemaHash } from '../../../api/v1alpha1/crd.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { schemaDrift } from './schema-drift.ts'

const definitions: readonly KubernetesObject[] = [renderCustomResourceDefinition(), renderClassDefinition()]

/** Returns this instead of the operator's own definition of the same name. An error is returned for every definition. */
const answering = (answer: KubernetesObject | ApiError): Pick<KubernetesApi, 'get'> => ({
  get: async (_type, { name }) => {
    if (!('metadata' in answer)) return failed(answer) // only objects have metadata
    const own = definitions.find(({ metadata }) => metadata.name === name)
    return ok(name === answer.metadata.name ? answer : (own as KubernetesObject)) // every requested definition exists
  },
})

it("returns no sentence for the definitions of the operator's own release", async () => {
  expect(await schemaDrift(answering(renderCustomResourceDefinition()))).toEqual([])
})

it.each([
  ['one with another schema', { 'carillon.dev/schema-hash': '0123456789abcdef' }, '0123456789abcdef'],
  ['a definition without a schema hash', {}, 'unknown'],
])('reports %s, and the remedy', async (_title, annotations, installed) => {
  for (const [definition, hash] of [
    [renderCustomResourceDefinition(), schemaHash()],
    [renderClassDefinition(), classSchemaHash()],
  ] as const) {
    const [sentence, ...more] = await schemaDrift(answering({ ...definition, metadata: { ...definition.metadata, annotations } }))
    expect(sentence).toContain(`its schema is ${installed}, the operator's is ${hash}`)
    expect(sentence).toContain('Upgrade the older of the two')
    expect(more).toEqual([])
  }
})

it.each(['not-found', 'forbidden', 'unavailable'] as const)('returns no sentence when the read fails with %s', async (kind) => {
  expect(await schemaDrift(answering({ kind, message: 'no', code: 0 }))).toEqual([])
})
