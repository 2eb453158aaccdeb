import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aChannel } from '../../testing/channel-builders.ts'
import { aChild, aDeployment } from '../../testing/status-builders.ts'
import { hashOf, markObject } from './marks.ts'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, field]) => [name, shuffled(field)]),
  )
}

describe('the hash of an object', () => {
  it('ignores the order of keys, and nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashOf(shuffled(value))).toBe(hashOf(value))
      }),
    )
    expect(hashOf({ a: [1, 2] })).not.toBe(hashOf({ a: [2, 1] }))
    expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: '1' }))
  })

  it('ignores undefined fields, which are not sent', () => {
    expect(hashOf({ a: 1, b: undefined })).toBe(hashOf({ a: 1 }))
  })
})

describe('the marks of an object', () => {
  it('are the same after repeated marking, and keep its own annotations', () => {
    const object = aChild(aChannel(), 'Ingress')
    const annotated = { ...object, metadata: { ...object.metadata, annotations: { mine: 'x' } } }
    expect(markObject(annotated, 'a/b')).toEqual(markObject(structuredClone(annotated), 'a/b'))
    expect(Object.keys(markObject(annotated, 'a/b').metadata.annotations ?? {})).toEqual([
      'mine',
      'carillon.dev/applied',
      'carillon.dev/applied-by',
    ])
  })

  it('distinguish the pod template of a Deployment from the rest of it', () => {
    const templateMark = (replicas: number, image: string): string | undefined =>
      markObject(
        aDeployment(aChannel(), { spec: { replicas, template: { spec: { containers: [{ env: [{ name: 'IMAGE', value: image }] }] } } } }),
        'a/b',
      ).metadata.annotations?.['carillon.dev/applied-template']
    expect(templateMark(1, 'a')).toBe(templateMark(2, 'a'))
    expect(templateMark(1, 'a')).not.toBe(templateMark(1, 'b'))
  })
})
