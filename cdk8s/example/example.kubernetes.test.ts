import { beforeAll, describe, expect, it } from 'vitest'
import { askCluster } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { installChannelType } from '../../operator/testing/install-channel-type.ts'
import { apply, restrictedNamespace, type Manifest } from '../testing/api-server.ts'
import { createExampleApp } from './example-app.ts'
import { parseExampleOptions } from './options.ts'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
  await apply(cluster, restrictedNamespace('carillon-example'), { isDryRun: false })
})

function manifests(...args: readonly string[]): readonly Manifest[] {
  const options = parseExampleOptions(args)
  if (!options.ok || options.value === 'help') throw new Error('no options')
  return createExampleApp(options.value, '{"keys":[]}').charts.flatMap((chart) => chart.toJson())
}

function templateOf(objects: readonly Manifest[]): { readonly metadata: object; readonly spec: object } {
  for (const object of objects) {
    // A StatefulSet has a template, which is a pod's metadata and spec.
    if (object.kind === 'StatefulSet') return (object['spec'] as { readonly template: ReturnType<typeof templateOf> }).template
  }
  throw new Error('no StatefulSet')
}

describe('a real API server', () => {
  it.each(
    manifests().concat(
      manifests('--brokers', '3', '--storage', '1Gi', '--host', 'live.example.com', '--name', 'chat', '--tickets', 'chat-tickets'),
    ),
  )('takes $kind $metadata.name of the example', async (manifest) => {
    // Its namespace is there already.
    expect(await apply(cluster, manifest)).toMatchObject({ code: manifest.kind === 'Namespace' ? 200 : 201 })
  })

  it('accepts the pods of its Kafka in a namespace that enforces the Pod Security Standard "restricted"', async () => {
    const template = templateOf(manifests())
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: 'kafka-0' }, spec: template.spec }
    expect(
      await askCluster(cluster, {
        method: 'POST',
        path: '/api/v1/namespaces/carillon-example/pods?dryRun=All&fieldValidation=Strict',
        body: pod,
      }),
    ).toMatchObject({ code: 201 })
  })
})
