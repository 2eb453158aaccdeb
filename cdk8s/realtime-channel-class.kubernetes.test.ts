import { beforeAll, describe, expect, it } from 'vitest'
import { classExample, smallClassExample } from '../api/v1alpha1/examples.ts'
import { classKind } from '../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion } from '../api/v1alpha1/realtime-channel.ts'
import { useControlPlane } from '../testing/use.ts'
import { installChannelType } from '../operator/testing/install-channel-type.ts'
import { apply } from './testing/api-server.ts'
import { refusedClasses } from '../api/testing/refused-classes.ts'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
})

describe('a real API server', () => {
  it.each(refusedClasses)('refuses what the construct refuses: $path', async ({ message, spec }) => {
    const answer = await apply(cluster, { apiVersion, kind: classKind, metadata: { name: 'edge' }, spec })
    expect(answer).toMatchObject({ code: 422, body: { message: expect.stringContaining(message) } })
  })

  it.each([classExample, smallClassExample])(
    'accepts and stores unchanged the class that the construct accepts: $metadata.name',
    async (manifest) => {
      expect(await apply(cluster, { ...manifest })).toMatchObject({ code: 201, body: { spec: manifest.spec } })
    },
  )
})
