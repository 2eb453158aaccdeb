import { expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import { classSchemaHash, renderClassDefinition } from '../../../api/v1alpha1/class-crd.ts'
import { renderCustomResourceDefinition, schemaHash } from '../../../api/v1alpha1/crd.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { schemaDrift } from './schema-drift.ts'

const definitions: readonly KubernetesObject[] = [renderCustomResourceDefinition(), renderClassDefinition()]

/** Answers with this in the place of the operator's own definition of the same name; an error is the answer to all. */
const answering = (answer: KubernetesObject | ApiError): Pick<KubernetesApi, 'get'> => ({
  get: async (_type, { name }) => {
    if (!('metadata' in answer)) return failed(answer as ApiError) // what only objects have tells them apart
    const own = definitions.find(({ metadata }) => metadata.name === name)
    return ok(name === (answer as KubernetesObject).metadata.name ? (answer as KubernetesObject) : (own as KubernetesObject)) // all that are asked for are there
  },
})

it('says nothing of the definition that came with the operator', async () => {
  expect(await schemaDrift(answering(renderCustomResourceDefinition()))).toEqual([])
})

it.each([
  ['one with another schema', { 'carillon.dev/schema-hash': '0123456789abcdef' }, '0123456789abcdef'],
  ['one of somebody who says nothing of its schema', {}, 'unknown'],
])('tells of %s, and what to do', async (_title, annotations, installed) => {
  for (const [definition, hash] of [
    [renderCustomResourceDefinition(), schemaHash()],
    [renderClassDefinition(), classSchemaHash()],
  ] as const) {
    const [sentence, ...more] = await schemaDrift(answering({ ...definition, metadata: { ...definition.metadata, annotations } }))
    expect(sentence).toContain(`its schema is ${installed}, the operator's ${hash}`)
    expect(sentence).toContain('Update the older of the two')
    expect(more).toEqual([])
  }
})

it.each(['not-found', 'forbidden', 'unavailable'] as const)('says nothing when the answer is %s', async (kind) => {
  expect(await schemaDrift(answering({ kind, message: 'no', code: 0 }))).toEqual([])
})
