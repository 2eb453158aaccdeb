import { describe, expect, it } from 'vitest'
import { isStalled } from './condition-reasons.ts'
import { reasonOfApiError, reasonOfPodRefusal } from './failure-reasons.ts'

const forbidden = (message: string) => reasonOfApiError({ kind: 'forbidden', message, code: 403 })

describe('the reason of refused pods', () => {
  // The words of ReplicaFailure, as kube-controller-manager 1.34, OpenShift 4 and injectors write them.
  it.each([
    ['pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2', 'QuotaExceeded'],
    ['pods "x" is forbidden: failed quota: q: must specify limits.cpu for: gateway', 'QuotaExceeded'],
    ['pods "x" is forbidden: insufficient quota to match these scopes: [{PriorityClass In [high]}]', 'QuotaExceeded'],
    ['pods "x" is forbidden: maximum memory usage per Container is 128Mi, but limit is 448Mi', 'AdmissionDenied'],
    ['pods "x" is forbidden: no PriorityClass with name nope was found', 'AdmissionDenied'],
    ['pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true', 'AdmissionDenied'],
    [
      'pods "x" is forbidden: unable to validate against any security context constraint: [provider restricted-v2: .containers[0].runAsUser: Invalid value: 65532]',
      'AdmissionDenied',
    ],
    ["pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no timeout: it timed out", 'AdmissionDenied'],
    ['admission webhook "w.example.com" denied the request: exceeded quota of the team', 'AdmissionDenied'],
    [
      'Internal error occurred: failed calling webhook "inject.example.com": failed to call webhook: Post "https://injector.mesh.svc:443/inject?timeout=10s": dial tcp 10.96.0.9:443: connect: connection refused',
      'ApiUnavailable',
    ],
    ['Internal error occurred: resource quota evaluation timed out', 'ApiUnavailable'],
    ['pods "x" is forbidden: status unknown for quota: q, resources: pods', 'ApiUnavailable'],
    ['etcdserver: request timed out', 'ApiUnavailable'],
    ['pods "x" is forbidden: unable to create new content in namespace shop because it is being terminated', 'ObjectTerminating'],
    [
      'pods "x" is forbidden: error looking up service account shop/chat-gateway: serviceaccount "chat-gateway" not found',
      'GatewayProgressing',
    ],
    ['Pod "x" is invalid: spec.tolerations[0].operator: Invalid value: "Maybe"', 'InvalidObject'],
  ])('follows from the text: %s', (message, reason) => {
    expect(reasonOfPodRefusal(message)).toBe(reason)
  })

  it('is never Forbidden to the operator, for any text', () => {
    expect(
      reasonOfPodRefusal(
        'pods "x" is forbidden: User "system:serviceaccount:kube-system:replicaset-controller" cannot create resource "pods"',
      ),
    ).toBe('AdmissionDenied')
    expect(reasonOfPodRefusal('')).toBe('AdmissionDenied')
  })

  it('is stalled exactly where nothing recovers by itself', () => {
    expect(['QuotaExceeded', 'AdmissionDenied', 'InvalidObject'].every((reason) => isStalled(reason as 'QuotaExceeded'))).toBe(true)
    expect(['ApiUnavailable', 'ObjectTerminating', 'GatewayProgressing'].some((reason) => isStalled(reason as 'ApiUnavailable'))).toBe(
      false,
    )
  })
})

describe('the reason of a refused object', () => {
  it.each([
    [
      'deployments.apps "x" is forbidden: User "system:serviceaccount:carillon:carillon" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
      'Forbidden',
    ],
    [
      'deployments.apps "x" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can\'t set finalizers on',
      'Forbidden',
    ],
    ['Forbidden', 'Forbidden'],
    ['services "x" is forbidden: exceeded quota: q, requested: services=1', 'QuotaExceeded'],
    ['admission webhook "w.example.com" denied the request: User "x" cannot do this', 'AdmissionDenied'],
    ["deployments.apps \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", 'AdmissionDenied'],
    ['ingresses.networking.k8s.io "x" is forbidden: a plugin of admission has other words', 'AdmissionDenied'],
    [
      'deployments.apps "x" is forbidden: unable to create new content in namespace shop because it is being terminated',
      'ObjectTerminating',
    ],
  ])('follows from the text: %s', (message, reason) => {
    expect(forbidden(message)).toBe(reason)
  })
})
