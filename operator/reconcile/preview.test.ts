import { describe, expect, it } from 'vitest'
import { annotations, type RealtimeChannelSpec } from '../api/v1alpha1/realtime-channel.ts'
import { aChannel, someSettings } from '../testing/channel-builders.ts'
import { aJudge } from '../testing/class-builders.ts'
import { createModelWorld } from '../testing/model-world.ts'
import { createClaims } from './claims.ts'
import { previewPlan } from './preview.ts'

const settings = someSettings()
const claims = createClaims({ defaultBrokers: ['kafka:9092'] })
claims.upsert(aChannel({ metadata: { name: 'news', uid: 'uid-news', creationTimestamp: '2025-01-01T00:00:00Z' }, spec: { route: { type: 'Ingress', host: 'app.example.com' } } }))

/** What is answered about a channel at rest. */
function answerTo(question: string, spec: Partial<RealtimeChannelSpec> = {}): string | undefined {
  const model = createModelWorld(aChannel({ spec }))
  model.converge(settings)
  model.settle()
  model.converge(settings)
  const world = model.world()
  const { metadata } = world.channel
  return previewPlan({ ...world, channel: { ...world.channel, metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.plan]: question } } } }, settings, { claims, judge: aJudge() })?.note
}

describe('a question about a channel', () => {
  it('is answered with the fields that change', () => {
    expect(answerTo('{"gateway":{"replicas":5}}')).toBe('No pods restart. Change Deployment/chat-gateway: spec.replicas from 2 to 5.')
    expect(answerTo('{"gateway":{"logLevel":"warn"}}')).toContain('Pods restart, one after the other. Change Deployment/chat-gateway: env[LOG_LEVEL] set to warn.')
    expect(answerTo('true')).toBe('Nothing: all is as the channel asks.')
  })

  it('is answered with what the API server would refuse: members that are not known, and values beyond their bounds', () => {
    const answer = answerTo('{"gateway":{"replicas":5000},"nope":1}')
    expect(answer).toContain('The API server would refuse this.')
    expect(answer).toContain('spec.nope is not known; known here: ')
    expect(answer).toContain('spec.gateway.replicas: expected a whole number from 0 to 1000.')
    expect(answerTo('{"gateway":{"podLabels":{"bad key!":"1"}}}')).toContain('a key here is NAME or PREFIX/NAME')
  })

  it('fits into an Event, whatever it is', () => {
    const answer = answerTo(JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`nö${index}`, 1]))))
    expect(Buffer.byteLength(answer ?? '')).toBeLessThan(1_024)
    expect(answer).toMatch(/…$/)
  })

  it('is answered with who has the path that the patch asks for', () => {
    const asked = (socket: string): string => `{"route":{"type":"Ingress","host":"app.example.com","paths":{"socket":"${socket}"}}}`
    expect(answerTo(asked('/wss/news/v1/ws'))).toContain('app.example.com/wss/news/v1/ws collides with app.example.com/wss/news, which the channel shop/news has.')
    expect(answerTo(asked('/wss/mine'))).toContain('Create Ingress/chat-gateway')
  })

  it('is refused with an example when it is no patch', () => {
    expect(answerTo('what?')).toContain('expected true, or a JSON merge patch of spec')
  })
})
