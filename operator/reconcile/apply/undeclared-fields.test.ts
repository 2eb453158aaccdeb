import { describe, expect, it } from 'vitest'
import { undeclaredFields, withoutField } from './undeclared-fields.ts'

// The error of Kubernetes 1.34.
const message =
  'failed to create typed patch object (shop/chat; carillon.dev/v1alpha1, Kind=RealtimeChannel): errors:\n  .status.apiUrl: field not declared in schema\n  .status.topic.configKeys: field not declared in schema'

describe('fields that a definition does not have', () => {
  it("are parsed from the API server's error", () => {
    expect(undeclaredFields(message)).toEqual([
      ['status', 'apiUrl'],
      ['status', 'topic', 'configKeys'],
    ])
    expect(undeclaredFields('.spec.replicas: Invalid value: -1')).toEqual([])
  })

  it('are left out, and all other fields stay', () => {
    const object = { status: { apiUrl: 'a', url: 'b', topic: { name: 't', configKeys: [] } } }
    const left = undeclaredFields(message).reduce<unknown>(withoutField, object)
    expect(left).toEqual({ status: { url: 'b', topic: { name: 't' } } })
    expect(withoutField(object, ['spec', 'x'])).toEqual(object)
    expect(withoutField({ status: 1 }, ['status', 'x'])).toEqual({ status: 1 })
  })
})
