import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { changedFields, describeChanges } from './changed-fields.ts'
import { marks, names } from '../settings.ts'

const object = (spec: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'news-gateway', ...metadata },
  spec,
})
/** With what the operator owns of it. */
const owned = (spec: object, fieldsV1: object): KubernetesObject =>
  object(spec, { managedFields: [{ manager: names.fieldManager, operation: 'Apply', fieldsV1 }] })
const pod = (env: readonly object[], more: object = {}): object => ({
  template: { spec: { containers: [{ name: 'gateway', image: 'a:1', env, ...more }] } },
})
const words = (wanted: KubernetesObject, live: KubernetesObject): string => describeChanges(changedFields(wanted, live))

describe('the fields that an apply changes', () => {
  it('are named with their old and new values', () => {
    expect(words(object({ replicas: 5 }), object({ replicas: 2 }))).toBe('spec.replicas from 2 to 5')
    expect(words(object(pod([{ name: 'LOG_LEVEL', value: 'warn' }])), object(pod([{ name: 'LOG_LEVEL', value: 'info' }])))).toBe(
      'env[LOG_LEVEL] from info to warn',
    )
    expect(
      words(
        object(
          pod([
            { name: 'A', value: '1' },
            { name: 'B', value: '' },
          ]),
        ),
        object(pod([{ name: 'A', value: '1' }])),
      ),
    ).toBe('env[B] set to ""')
    expect(words(object({ affinity: { a: [1] } }), object({ affinity: { a: [2] } }))).toBe('spec.affinity.a changed')
  })

  it('exclude what the server fills in or reorders, and what other clients have added', () => {
    const live = object(
      pod(
        [
          { name: 'OTHERS', value: '1' },
          { name: 'POD', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
        ],
        { terminationMessagePath: '/dev/termination-log' },
      ),
    )
    expect(changedFields(object(pod([{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }])), live)).toEqual([])
  })

  it('include those that the operator has set and no longer sets', () => {
    const fieldsV1 = {
      'f:spec': {
        'f:paused': {},
        'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"gateway"}': { 'f:env': { 'k:{"name":"OURS"}': { '.': {} } } } } } },
      },
    }
    const live = owned(
      {
        ...pod([
          { name: 'OURS', value: '1' },
          { name: 'THEIRS', value: '2' },
          { name: 'KEPT', value: '3' },
        ]),
        paused: false,
        minReadySeconds: 1,
      },
      fieldsV1,
    )
    expect(words(object(pod([{ name: 'KEPT', value: '3' }])), live)).toBe('env[OURS] removed, spec.paused removed')
  })

  it('exclude the marks of the operator', () => {
    const marked = (hash: string): KubernetesObject => object({}, { annotations: { [marks.applied]: hash, [marks.appliedTemplate]: hash } })
    expect(changedFields(marked('1'), marked('2'))).toEqual([])
  })

  it('are at most eight, without long values', () => {
    const many = (value: number): object => Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field${index}`, value]))
    expect(words(object(many(1)), object(many(2)))).toMatch(/^spec\.field0 from 2 to 1, .*spec\.field7 from 2 to 1, and 12 more$/)
    expect(words(object({ a: 'x'.repeat(61) }), object({ a: 'y' }))).toBe('spec.a changed')
  })

  it('are none when the object is as wanted, with additions of any kind', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (wanted, others) => {
        expect(changedFields(object(wanted), object({ ...others, ...wanted }))).toEqual([])
      }),
    )
  })
})
