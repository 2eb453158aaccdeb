import { describe, expect, it } from 'vitest'
import { specWith } from '../testing/operand-inputs.ts'
import { gatewayResources } from './resources.ts'

const resourcesOf = (resources: object, maxBytes: string | number = '64Mi') =>
  gatewayResources(specWith({ gateway: { resources }, replay: { maxBytes } }))

describe('the resources of a pod', () => {
  it('are the defaults when the channel sets none: memory for held events, storage for log output, and no CPU limit', () => {
    expect(gatewayResources(specWith({}))).toEqual({
      requests: { cpu: '100m', memory: '192Mi', 'ephemeral-storage': '64Mi' },
      limits: { memory: '448Mi' },
    })
  })

  it.each([
    ['256Mi', '1Gi'],
    ['64Ki', '257Mi'],
    [67_108_864, '448Mi'],
    ['8Gi', '24832Mi'],
  ])('have memory for replay.maxBytes of %s: %s', (maxBytes, memory) => {
    expect(resourcesOf({}, maxBytes).limits).toEqual({ memory })
  })

  it("are the user's, key by key, in the form that the API server stores", () => {
    expect(resourcesOf({ requests: { cpu: '0.5' }, limits: { memory: '2048Mi', 'ephemeral-storage': 1000 } })).toEqual({
      requests: { cpu: '500m', memory: '192Mi', 'ephemeral-storage': '1k' },
      limits: { memory: '2Gi', 'ephemeral-storage': '1k' },
    })
  })

  it("never have a default request above the user's limit, which Kubernetes would refuse", () => {
    expect(resourcesOf({ limits: { memory: '128Mi', cpu: '50m' } })).toEqual({
      requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
      limits: { memory: '128Mi', cpu: '50m' },
    })
    expect(resourcesOf({ requests: { memory: '1Gi' } })).toEqual({
      requests: { cpu: '100m', memory: '1Gi', 'ephemeral-storage': '64Mi' },
      limits: { memory: '1Gi' },
    })
  })
})
