import { expect, it } from 'vitest'
import { versionOf } from './versions.ts'

it.each(['confluent-kafka', 'cloudevents', 'cloudevents 1', 'cloudevents (npm)', '@platformatic/kafka', 'github.com/twmb/franz-go'])(
  'the version of %s is exact',
  (name) => {
    expect(versionOf(name)).toMatch(/^\d+\.\d+\.\d+$/)
  },
)

it('an unpinned producer is named in the error', () =>
  expect(() => versionOf('nothing')).toThrow('no file in interop/kafka/producers pins nothing'))
