import { setTimeout as wait } from 'node:timers/promises'
import { renderCustomResourceDefinition } from '../api/v1alpha1/crd.ts'
import { askCluster } from './ask-cluster.ts'
import type { ControlPlane } from './control-plane.ts'

/** Makes RealtimeChannels known to the API server of a test; resolves when it serves them. @throws when it refuses, or does not within 10 s */
export async function installChannelType(cluster: ControlPlane): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldValidation=Strict'
  const created = await askCluster(cluster, { method: 'POST', path, body: renderCustomResourceDefinition() })
  if (created.code >= 300) throw new Error(`the API server refused the CustomResourceDefinition: ${created.body.message}`)
  for (const deadline = Date.now() + 10_000; ; await wait(50)) {
    const { code, body } = await askCluster(cluster, { path: '/apis/carillon.dev/v1alpha1/realtimechannels' })
    if (code === 200) return
    if (Date.now() > deadline) throw new Error(`the API server does not serve RealtimeChannels: ${body.message}`)
  }
}
