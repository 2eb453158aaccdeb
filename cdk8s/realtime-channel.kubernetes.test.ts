import { beforeAll, describe, expect, it } from 'vitest'
import { apiVersion, channelKind, type RealtimeChannelSpec } from '../api/v1alpha1/realtime-channel.ts'
import { useControlPlane } from '../testing/use.ts'
import { installChannelType } from '../operator/testing/install-channel-type.ts'
import { apply } from './testing/api-server.ts'
import { refusedSpecs, takenSpecs } from '../api/testing/refused-specs.ts'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
})

/** What the API server fills in: sections, which rules need, and the number of pods. */
const emptySections = { kafka: {}, network: {}, service: {}, auth: {}, emit: {}, replay: {}, limits: {} } as const

const withInner = ({ topic, auth, route }: RealtimeChannelSpec) => ({
  topic: { deadLetters: {}, ...topic },
  auth: { claims: {}, ...auth },
  ...(route === undefined ? {} : { route: { paths: {}, ...route } }),
})

const judged = (spec: RealtimeChannelSpec) =>
  apply(cluster, { apiVersion, kind: channelKind, metadata: { name: 'news', namespace: 'default' }, spec })

describe('a real API server', () => {
  it.each(refusedSpecs)('refuses what the construct refuses: $message', async ({ message, spec }) => {
    expect(await judged(spec)).toMatchObject({ code: 422, body: { message: expect.stringContaining(message) } })
  })

  it.each(takenSpecs.map((spec, index) => [index, spec] as const))(
    'takes what the construct takes, and leaves what is left out to the class: %i',
    async (_, spec) => {
      const { code, body } = await judged(spec)
      const { gateway } = spec
      expect({ code, spec: body['spec'] }).toEqual({
        code: 201,
        spec: JSON.parse(JSON.stringify({ ...emptySections, ...spec, gateway: { replicas: 2, ...gateway }, ...withInner(spec) })),
      })
    },
  )
})
