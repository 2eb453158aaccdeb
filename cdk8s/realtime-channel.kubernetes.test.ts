import { beforeAll, describe, expect, it } from 'vitest'
import { apiVersion, channelKind, type RealtimeChannelSpec, specSchema } from '../api/v1alpha1/realtime-channel.ts'
import { useControlPlane } from '../testing/use.ts'
import { checkBySchema } from '../api/read-schema.ts'
import { withField } from '../api/testing/schema-bounds.ts'
import { minimalExample } from '../api/v1alpha1/examples.ts'
import { installChannelType } from '../operator/testing/install-channel-type.ts'
import { apply } from './testing/api-server.ts'
import { refusedSpecs, takenSpecs } from '../api/testing/refused-specs.ts'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
})

/** Defaults that the API server fills in: sections, which rules need, and the number of pods. */
const emptySections = { kafka: {}, network: {}, service: {}, auth: {}, emit: {}, replay: {}, limits: {} } as const

const withInner = ({ topic, upstream, auth, route }: RealtimeChannelSpec) => ({
  topic: { deadLetters: {}, control: {}, ...topic },
  ...(upstream === undefined ? {} : { upstream: { topic: {}, ...upstream } }),
  auth: { claims: {}, ...auth },
  ...(route === undefined ? {} : { route: { paths: {}, ...route } }),
})

const answerTo = (spec: RealtimeChannelSpec) =>
  apply(cluster, { apiVersion, kind: channelKind, metadata: { name: 'news', namespace: 'default' }, spec })

describe('a real API server', () => {
  it.each(refusedSpecs)('refuses what the construct refuses: $message', async ({ message, spec }) => {
    expect(await answerTo(spec)).toMatchObject({ code: 422, body: { message: expect.stringContaining(message) } })
  })

  it.each(takenSpecs.map((spec, index) => [index, spec] as const))(
    'accepts what the construct accepts, and fills in no default of a class: %i',
    async (_, spec) => {
      const { code, body } = await answerTo(spec)
      const { gateway } = spec
      expect({ code, spec: body['spec'] }).toEqual({
        code: 201,
        spec: JSON.parse(JSON.stringify({ ...emptySections, ...spec, gateway: { replicas: 2, ...gateway }, ...withInner(spec) })),
      })
    },
  )

  it.each([
    ['a null field', { 'topic.partitions': null }],
    ['a null in a list', { 'auth.audience': ['shop', null] }],
    ['a fraction as a quantity', { 'gateway.resources': { limits: { cpu: 1.5 } } }],
    ['a string as a quantity', { 'gateway.resources': { limits: { cpu: '1.5' } } }],
    ['a string as a number', { 'gateway.replicas': '2' }],
    ['a null value of a map', { 'gateway.podLabels': { tier: null } }],
  ])('accepts or refuses %s as the construct does', async (_, changes) => {
    const spec = Object.entries(changes).reduce((result, [path, value]) => withField(result, path, value), minimalExample.spec)
    const { code } = await answerTo(spec)
    expect(checkBySchema(specSchema, spec, 'spec').length === 0).toBe(code === 201)
  })
})
