import { describe, expect, it } from 'vitest'
import { refusedSpecs } from '../../../api/testing/refused-specs.ts'
import { apiVersion, channelKind, type RealtimeChannelSpec, type WrittenChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { smallestSpec } from '../../testing/channel-builders.ts'
import { effectiveChannel } from './effective-channel.ts'

const written = (spec: RealtimeChannelSpec): WrittenChannel => ({
  apiVersion,
  kind: channelKind,
  metadata: { name: 'chat', namespace: 'shop' },
  spec,
})

const refusalOf = (spec: RealtimeChannelSpec, defaults: RealtimeChannelSpec = {}) => {
  const effective = effectiveChannel(written(spec), defaults)
  return effective.ok ? null : effective.error
}

describe('the effective channel', () => {
  it('is complete when the channel and its class complete each other', () => {
    const { auth, ...rest } = smallestSpec
    expect(effectiveChannel(written(rest), { auth: auth ?? {} })).toMatchObject({
      ok: true,
      value: { spec: { ...smallestSpec, topic: { partitions: 3 }, gateway: { replicas: 2 }, route: { type: 'None' } } },
    })
  })

  it('takes the defaults of the class before those of the schema', () => {
    const effective = effectiveChannel(written({ ...smallestSpec, replay: {}, topic: {} }), {
      replay: { window: '1m' },
      topic: { partitions: 12, deletionPolicy: 'Delete' },
    })
    expect(effective).toMatchObject({
      ok: true,
      value: { spec: { replay: { window: '1m', maxBytes: '64Mi' }, topic: { partitions: 12, deletionPolicy: 'Delete' } } },
    })
  })

  it('names all missing fields, and both places where they can be set', () => {
    const refusal = refusalOf({ auth: { issuer: 'https://sso' }, route: { type: 'HTTPRoute' } })
    expect(refusal?.reason).toBe('SpecIncomplete')
    for (const path of ['spec.auth.jwks', 'spec.auth.audience', 'spec.auth.allowedOrigins', 'spec.route.host', 'spec.route.parentRefs'])
      expect(refusal?.message).toContain(`${path} is missing: `)
    expect(refusal?.message).not.toContain('spec.auth.issuer')
    expect(refusal?.message).toMatch(/Set it in the channel, or in spec\.defaults of its class\.$/)
  })

  it.each(refusedSpecs)('keeps each rule of the schema: $message', ({ message, spec }) => {
    expect(refusalOf(spec)).toMatchObject({ reason: 'SpecInvalid', message: expect.stringContaining(message) })
  })

  it('keeps the rules also where the class sets one of two conflicting values', () => {
    expect(refusalOf({ ...smallestSpec, topic: { retention: '1h' } }, { replay: { window: '2h' } })).toMatchObject({
      reason: 'SpecInvalid',
      message: expect.stringContaining('topic.retention must be at least replay.window'),
    })
    expect(refusalOf({ ...smallestSpec, emit: { ratePerSecond: 5_000 } })).toMatchObject({
      reason: 'SpecInvalid',
      message: expect.stringContaining('burst must be at least ratePerSecond'),
    })
  })
})
