import { setTimeout as wait } from 'node:timers/promises'
import { askCluster } from './ask-cluster.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/**
 * Installs the Gateway API kinds that the operator uses on the API server of a test: their names, with fields of any form. Resolves when it
 * serves them. @throws when it does not within 10 s
 */
export async function installGatewayApi(cluster: ControlPlane, version = 'v1'): Promise<void> {
  for (const [kind, plural] of [
    ['Gateway', 'gateways'],
    ['HTTPRoute', 'httproutes'],
  ] as const) {
    const created = await askCluster(cluster, {
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: definitionOf(kind, plural, version),
    })
    if (created.code >= 300) throw new Error(`the API server refused the kind ${kind}: ${created.body.message}`)
    for (const deadline = Date.now() + 10_000; ; await wait(50)) {
      const { code, body } = await askCluster(cluster, { path: `/apis/${group}/${version}/${plural}` })
      if (code === 200) break
      if (Date.now() > deadline) throw new Error(`the API server does not serve ${plural}: ${body.message}`)
    }
  }
}

const group = 'gateway.networking.k8s.io'

function definitionOf(kind: string, plural: string, version: string): object {
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    // Groups under k8s.io are protected: https://github.com/kubernetes/enhancements/pull/1111
    metadata: { name: `${plural}.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, for tests' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  }
}
