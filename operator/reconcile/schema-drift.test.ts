import { expect, it } from 'vitest'
import { failed, ok } from '../../gateway/result.ts'
import { renderCustomResourceDefinition, schemaHash } from '../api/v1alpha1/crd.ts'
import type { ApiError, KubernetesApi, KubernetesObject } from '../runtime/kubernetes-api.ts'
import { schemaDrift } from './schema-drift.ts'

const answering = (answer: KubernetesObject | ApiError): Pick<KubernetesApi, 'get'> => ({ get: async () => ('metadata' in answer ? ok(answer as KubernetesObject) : failed(answer as ApiError)) }) // told apart by what only objects have

it('says nothing of the definition that came with the operator', async () => {
  expect(await schemaDrift(answering(renderCustomResourceDefinition()))).toBe(null)
})

it.each([
  ['one with another schema', { 'carillon.dev/schema-hash': '0123456789abcdef' }, '0123456789abcdef'],
  ['one of somebody who says nothing of its schema', {}, 'unknown'],
])('tells of %s, and what to do', async (_title, annotations, installed) => {
  const definition = renderCustomResourceDefinition()
  const sentence = await schemaDrift(answering({ ...definition, metadata: { ...definition.metadata, annotations } }))
  expect(sentence).toContain(`its schema is ${installed}, the operator's ${schemaHash()}`)
  expect(sentence).toContain('Update the older of the two')
})

it.each(['not-found', 'forbidden', 'unavailable'] as const)('says nothing when the answer is %s', async (kind) => {
  expect(await schemaDrift(answering({ kind, message: 'no', code: 0 }))).toBe(null)
})
