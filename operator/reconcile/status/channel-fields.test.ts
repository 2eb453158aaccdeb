import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { nameChannelFields, namePodFields } from './channel-fields.ts'
import { ports } from '../../../api/ports.ts'

const object = (kind: string, spec: object = {}): KubernetesObject => ({ apiVersion: 'v1', kind, metadata: { name: 'news-gateway' }, spec })
const rule = (port: number): object => ({ ports: [{ port }], from: [{}] })

describe("the API server's refusal of an object", () => {
  // Answers of Kubernetes 1.34.
  it.each([
    [
      'Deployment',
      'Deployment.apps "news-gateway" is invalid: spec.template.spec.tolerations[0].operator: Unsupported value: "Maybe"',
      'spec.gateway.tolerations[0].operator: Unsupported value: "Maybe"',
    ],
    [
      'Deployment',
      'Deployment.apps "news-gateway" is invalid: [spec.template.labels: Invalid value: "a b", spec.template.spec.containers[0].resources.requests: Invalid value: "2"]',
      '[spec.gateway.podLabels: Invalid value: "a b", spec.gateway.resources.requests: Invalid value: "2"]',
    ],
    [
      'Deployment',
      'failed to create typed patch object (shop/news-gateway; apps/v1, Kind=Deployment): .spec.template.spec.affinity.nodeAfinity: field not declared in schema',
      'spec.gateway.affinity.nodeAfinity: field not declared in schema',
    ],
    [
      'Ingress',
      'Ingress.networking.k8s.io "news-gateway" is invalid: metadata.labels: Invalid value: "bad key!"',
      'spec.route.labels: Invalid value: "bad key!"',
    ],
    [
      'HTTPRoute',
      'HTTPRoute.gateway.networking.k8s.io "news-gateway" is invalid: spec.hostnames[0]: Invalid value: "-"',
      'spec.route.host: Invalid value: "-"',
    ],
    [
      'HorizontalPodAutoscaler',
      'HorizontalPodAutoscaler.autoscaling "news-gateway" is invalid: spec.maxReplicas: Invalid value: 1',
      'spec.gateway.autoscaling.maxReplicas: Invalid value: 1',
    ],
    ['Service', 'Service "news-gateway" is invalid: spec.clusterIPs[0]: Invalid value', 'spec.clusterIPs[0]: Invalid value'],
  ])('names the fields of the channel: %s', (kind, message, said) => {
    expect(nameChannelFields(object(kind), message)).toBe(said)
  })

  it('names the peers of the port of a rule, at any index of the rule', () => {
    const message = 'NetworkPolicy.networking.k8s.io "news-gateway" is invalid: spec.ingress[0].from[1].ipBlock.cidr: Invalid value'
    expect(nameChannelFields(object('NetworkPolicy', { ingress: [rule(ports.public), rule(ports.internal)] }), message)).toBe(
      'spec.network.ingressFrom[1].ipBlock.cidr: Invalid value',
    )
    expect(nameChannelFields(object('NetworkPolicy', { ingress: [rule(ports.internal)] }), message)).toBe(
      'spec.network.metricsFrom[1].ipBlock.cidr: Invalid value',
    )
  })

  it('names the same fields for pods', () => {
    expect(namePodFields('Pod "news-gateway-1-2" is invalid: spec.tolerations[0].operator: Invalid value: "Maybe"')).toBe(
      'spec.gateway.tolerations[0].operator: Invalid value: "Maybe"',
    )
  })

  it('keeps longer names and other paths as the server wrote them', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', '.', '-', ' ', 'x'), maxLength: 20 })
    fc.assert(
      fc.property(letters, letters, (before, after) => {
        const message = `${before} xspec.template.labels-${after} spec.template.labelsize`
        expect(nameChannelFields(object('Deployment'), message)).toBe(message)
      }),
    )
  })
})
