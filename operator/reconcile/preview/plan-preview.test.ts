import { describe, expect, it } from 'vitest'
import { annotations, type RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel, openTopicRules, someSettings } from '../../testing/channel-builders.ts'
import { aChannelClass, aResolver, openAllowed } from '../../testing/class-builders.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { createModelWorld } from '../../testing/model-world.ts'
import { createOneClass } from '../class/classes.ts'
import { createChannelResolver } from '../class/channel-resolver.ts'
import { createClaims } from '../watch/claims.ts'
import { previewPlan } from './plan-preview.ts'
import { questionOf } from './question.ts'

const settings = someSettings()
const claims = createClaims({ defaultBrokers: ['kafka:9092'] })
claims.upsert(
  aChannel({
    metadata: { name: 'news', uid: 'uid-news', creationTimestamp: '2025-01-01T00:00:00Z' },
    spec: { route: { type: 'Ingress', host: 'app.example.com' } },
  }),
  openTopicRules,
)

/** Returns the answer about a channel at rest. */
async function answerTo(text: string, spec: Partial<RealtimeChannelSpec> = {}, resolver = aResolver()): Promise<string | undefined> {
  const model = createModelWorld(aChannel({ spec }))
  model.converge(settings)
  model.settle()
  model.converge(settings)
  const world = model.world()
  const { metadata } = world.channel
  const channel = { ...world.channel, metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.plan]: text } } }
  const question = questionOf(channel)
  const answer =
    question === null
      ? null
      : await previewPlan({ ...world, channel }, question, settings, {
          claims,
          resolver,
          readTopics: async (changed) => model.topicsFor(changed),
        })
  return answer?.ok === true ? answer.value : undefined
}

describe('a preview question about a channel', async () => {
  it('is answered with the fields that change', async () => {
    expect(await answerTo('{"gateway":{"replicas":5}}')).toBe('No pods restart. Change Deployment/chat-gateway: spec.replicas from 2 to 5.')
    expect(await answerTo('{"gateway":{"logLevel":"warn"}}')).toContain(
      'Pods restart, one after the other. Change Deployment/chat-gateway: env[LOG_LEVEL] set to warn.',
    )
    expect(await answerTo('true')).toBe('Nothing: all is as the channel asks.')
  })

  it('is answered with what the API server would refuse: unknown members, and values beyond their bounds', async () => {
    const answer = await answerTo('{"gateway":{"replicas":5000},"nope":1}')
    expect(answer).toContain('The API server would refuse this.')
    expect(answer).toContain('spec.nope is not known; known here: ')
    expect(answer).toContain('spec.gateway.replicas: expected a whole number from 0 to 1000.')
    expect(await answerTo('{"gateway":{"podLabels":{"bad key!":"1"}}}')).toContain('a key here is NAME or PREFIX/NAME')
  })

  // The plan knew only the topics of the channel as it is, and answered that the new one had not been read yet.
  it('is answered with the topics that the patch asks for', async () => {
    const accept = [{ type: 'chat.message' }]
    expect(await answerTo(JSON.stringify({ upstream: { accept } }))).toBe(
      'Pods restart, one after the other. Create upstream topic shop.chat.upstream with 3 partitions, cleanup.policy=delete.',
    )
    expect(await answerTo('{"topic":{"deadLetters":{"name":"shop.lost"}}}')).toContain(
      'Create dead letter topic shop.lost with 1 partition',
    )
    expect(await answerTo('{"topic":{"control":{"enabled":false}}}')).toContain('env[KAFKA_CONTROL_TOPIC]')
  })

  it('fits into an Event, at any length', async () => {
    const answer = await answerTo(JSON.stringify(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`nö${index}`, 1]))))
    expect(Buffer.byteLength(answer ?? '')).toBeLessThan(1_024)
    expect(answer).toMatch(/\.\.\.$/)
  })

  it('is answered with the channel that has the path of the patch', async () => {
    const asked = (socket: string): string => `{"route":{"type":"Ingress","host":"app.example.com","paths":{"socket":"${socket}"}}}`
    expect(await answerTo(asked('/wss/news/v1/ws'))).toContain(
      'app.example.com/wss/news/v1/ws collides with app.example.com/wss/news, which the channel shop/news has.',
    )
    expect(await answerTo(asked('/wss/mine'))).toContain('Create Ingress/chat-gateway')
  })

  it('is answered by the labels of the namespace, where the class chooses namespaces', async () => {
    const api = createMemoryKubernetes()
    await api.create(
      { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'core' } } },
    )
    const chosen = createOneClass(aChannelClass({ ...openAllowed, name: 'edge', namespaces: { matchLabels: { team: 'edge' } } }))
    expect(
      await answerTo('{"className":"edge"}', {}, createChannelResolver({ api, classes: chosen, image: 'carillon:1', brokers: [] })),
    ).toContain('Not done (NotAllowedByClass): The class edge is not for the namespace shop')
  })

  it('is refused with an example when it is not a patch', async () => {
    expect(await answerTo('what?')).toContain('expected true, or a JSON merge patch of spec')
  })
})
