import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classExample, smallClassExample } from '../api/v1alpha1/examples.ts'
import { classKind } from '../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion } from '../api/v1alpha1/realtime-channel.ts'
import { startControlPlane, type ControlPlane } from '../testing/control-plane/control-plane.ts'
import { installChannelType } from '../operator/testing/install-channel-type.ts'
import { apply } from './testing/api-server.ts'
import { refusedClasses } from '../api/testing/refused-classes.ts'

let cluster: ControlPlane
beforeAll(async () => {
  cluster = await startControlPlane()
  await installChannelType(cluster)
})
afterAll(() => cluster.stop())

describe('a real API server', () => {
  it.each(refusedClasses)('refuses what the construct refuses: $path', async ({ message, spec }) => {
    const judged = await apply(cluster, { apiVersion, kind: classKind, metadata: { name: 'edge' }, spec })
    expect(judged).toMatchObject({ code: 422, body: { message: expect.stringContaining(message) } })
  })

  it.each([classExample, smallClassExample])('takes the class that the construct takes, as it is: $metadata.name', async (manifest) => {
    expect(await apply(cluster, { ...manifest })).toMatchObject({ code: 201, body: { spec: manifest.spec } })
  })
})
