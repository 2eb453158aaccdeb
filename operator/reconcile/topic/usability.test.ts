import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSettings, type TopicSettings } from './usability.ts'

const topic = (settings: TopicSettings['settings'], more: Partial<TopicSettings> = {}): TopicSettings => ({
  settings,
  replicas: 3,
  eventBytes: 262_144,
  replayWindowMs: 300_000,
  ...more,
})
const kinds = (settings: TopicSettings): readonly string[] => checkSettings(settings).map(({ kind, setting }) => `${kind} ${setting}`)

describe('the settings of a topic', () => {
  it.each<[string, TopicSettings]>([
    ['nothing is known of them', topic({})],
    ['a broker may fail', topic({ 'min.insync.replicas': '2' })],
    ['there is one broker', topic({ 'min.insync.replicas': '1' }, { replicas: 1 })],
    ['the brokers choose the replicas', topic({ 'min.insync.replicas': '9' }, { replicas: null })],
    ['the largest event just fits', topic({ 'max.message.bytes': '262144' })],
    ['records are kept just long enough', topic({ 'retention.ms': '300000' })],
    ['records are kept without limit', topic({ 'retention.ms': '-1' })],
    ['records are deleted by age', topic({ 'cleanup.policy': 'delete' })],
    [
      'Kafka will refuse them by itself',
      topic({ 'min.insync.replicas': 'two', 'max.message.bytes': '', 'retention.ms': '1h', 'cleanup.policy': 'compacted' }),
    ],
  ])('are right when %s', (_why, settings) => {
    expect(checkSettings(settings)).toEqual([])
  })

  it.each<[string, string, TopicSettings]>([
    ['useless min.insync.replicas', 'Kafka takes no event', topic({ 'min.insync.replicas': '2' }, { replicas: 1 })],
    ['doubtful min.insync.replicas', 'accepted events may be lost with a broker', topic({ 'min.insync.replicas': '1' })],
    ['doubtful min.insync.replicas', 'while one of its brokers is away', topic({ 'min.insync.replicas': '3' })],
    [
      'useless max.message.bytes',
      'max.message.bytes is 1000, and spec.limits.eventBytes is 262144',
      topic({ 'max.message.bytes': '1000' }),
    ],
    ['useless cleanup.policy', 'all but the last event of each key', topic({ 'cleanup.policy': 'compact' })],
    ['doubtful cleanup.policy', 'refuses events without a key', topic({ 'cleanup.policy': 'compact, delete' })],
    ['useless retention.ms', 'less than spec.replay.window (300000 ms)', topic({ 'retention.ms': '299999' })],
  ])('are reported as %s: %s', (kind, words, settings) => {
    expect(kinds(settings)).toEqual([kind])
    expect(checkSettings(settings)[0]?.message).toContain(words)
  })

  it('are reported all at once', () => {
    expect(
      kinds(topic({ 'min.insync.replicas': '4', 'max.message.bytes': '1', 'cleanup.policy': 'compact', 'retention.ms': '1' })),
    ).toHaveLength(4)
  })

  it('are not checked for needs that the topic does not have', () => {
    expect(kinds(topic({ 'max.message.bytes': '1', 'retention.ms': '1' }, { eventBytes: null, replayWindowMs: null }))).toEqual([])
  })

  it('allow acknowledged writes exactly when min.insync.replicas is not reported as useless', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (least, replicas) => {
        const isWritable = replicas >= least
        expect(kinds(topic({ 'min.insync.replicas': String(least) }, { replicas })).includes('useless min.insync.replicas')).toBe(
          !isWritable,
        )
      }),
    )
  })
})
