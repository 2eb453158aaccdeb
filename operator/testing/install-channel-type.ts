import { setTimeout as wait } from 'node:timers/promises'
import { renderClassDefinition } from '../../api/v1alpha1/class-crd.ts'
import { renderCustomResourceDefinition } from '../../api/v1alpha1/crd.ts'
import { askCluster } from './ask-cluster.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/**
 * Installs RealtimeChannels and their classes on the API server of a test. Resolves when it serves them. @throws when it refuses, or does
 * not serve them within 60 s
 */
export async function installChannelType(cluster: ControlPlane): Promise<void> {
  for (const definition of [renderCustomResourceDefinition(), renderClassDefinition()]) await install(cluster, definition)
}

async function install(
  cluster: ControlPlane,
  definition: { readonly metadata: { readonly name: string }; readonly spec: { readonly names: { readonly plural: string } } },
): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict'
  const created = await askCluster(cluster, { method: 'POST', path, body: definition })
  // A test that removed one of the two installs that one again.
  if (created.code >= 300 && created.code !== 409)
    throw new Error(`the API server refused the CustomResourceDefinition ${definition.metadata.name}: ${created.body.message}`)
  for (const deadline = Date.now() + 60_000; ; await wait(50)) {
    const { code, body } = await askCluster(cluster, { path: `/apis/carillon.dev/v1alpha1/${definition.spec.names.plural}` })
    if (code === 200) return
    if (Date.now() > deadline) throw new Error(`the API server does not serve ${definition.spec.names.plural}: ${body.message}`)
  }
}
