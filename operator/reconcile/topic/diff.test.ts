import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aStoredSpec, aTopic } from '../../testing/channel-builders.ts'
import { configChanges, differences, wantedTopic, type WantedTopic } from './diff.ts'

const anyConfig = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'))
const wanting = (config: Readonly<Record<string, string>>, more: Partial<WantedTopic> = {}): WantedTopic => ({
  name: 'shop.chat',
  partitions: 3,
  replicas: null,
  config,
  ...more,
})

function applied(
  config: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries({ ...config, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null))
}

describe('the settings of a topic', () => {
  it('end as wanted, without earlier settings of the operator, and with all settings of other clients', () => {
    fc.assert(
      fc.property(anyConfig, anyConfig, fc.subarray(['a', 'b', 'c', 'd']), (wanted, found, ours) => {
        const config = applied(found, configChanges(wanting(wanted), aTopic({ config: found }), ours))
        const foreign = Object.fromEntries(Object.entries(found).filter(([name]) => !ours.includes(name)))
        expect(config).toEqual({ ...foreign, ...wanted })
      }),
    )
  })

  it('need no change after they were changed', () => {
    fc.assert(
      fc.property(anyConfig, anyConfig, fc.subarray(['a', 'b', 'c', 'd']), (wanted, found, ours) => {
        const config = applied(found, configChanges(wanting(wanted), aTopic({ config: found }), ours))
        expect(configChanges(wanting(wanted), aTopic({ config }), ours)).toEqual({})
      }),
    )
  })

  it('have a stable order, independent of the order in the channel', () => {
    expect(JSON.stringify(configChanges(wanting({ b: '1', a: '2' }), aTopic(), []))).toBe('{"a":"2","b":"1"}')
  })
})

describe('wantedTopic', () => {
  it('turns the retention into a setting', () => {
    expect(
      wantedTopic(aStoredSpec({ topic: { partitions: 6, replicas: 3, retention: '1h30m', config: { 'min.insync.replicas': '2' } } }), 't'),
    ).toEqual({ name: 't', partitions: 6, replicas: 3, config: { 'min.insync.replicas': '2', 'retention.ms': '5400000' } })
  })
})

describe('differences', () => {
  it('are none when the topic is exactly as asked, with any other settings', () => {
    expect(differences(wanting({ a: '1' }), aTopic({ replicas: 7, config: { a: '1', foreign: 'x' } }))).toEqual([])
  })

  it('name the present and the requested value', () => {
    expect(differences(wanting({ a: '1', b: '2' }, { partitions: 6, replicas: 3 }), aTopic({ config: { a: '9' } }))).toEqual([
      'it has 3 partitions, and 6 are asked for',
      'its replication factor is 1, and 3 is asked for',
      'its a is "9", and "1" is asked for',
      'its b is not set, and "2" is asked for',
    ])
  })
})
