import { describe, expect, it } from 'vitest'
import type { WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import { WireWriter } from '../../../gateway/adapters/kafka/wire/wire-writer.ts'
import { everyVersion } from './testing/scripted-cluster.ts'
import * as requests from './topic-requests.ts'

const int8 = (value: number): Buffer => new WireWriter().int8(value).done()
const int16 = (value: number): Buffer => new WireWriter().int16(value).done()
const int32 = (value: number): Buffer => new WireWriter().int32(value).done()
const boolean = (value: boolean): Buffer => new WireWriter().boolean(value).done()
const string = (text: string | null): Buffer => new WireWriter().string(text).done()
const array = <T>(items: readonly T[], encode: (item: T) => Buffer): Buffer => Buffer.concat([int32(items.length), ...items.map(encode)])
const throttled = int32(0)
const decode = (request: WireRequest<unknown>, bytes: Buffer): unknown => request.decode(bytes)
const pool = { host: 'a', port: 1, pool: [], send: async () => undefined }

const outcome = (name: string, code: number, message: string | null) => Buffer.concat([string(name), int16(code), string(message)])

describe('requests about topics', () => {
  it('return the settings of the topic itself, and the effective values of the checked settings', () => {
    const entry = ([name, value, source]: readonly [string, string | null, number]) => {
      const synonyms = array([0], () => Buffer.concat([string('log.retention.ms'), string('1'), int8(5)]))
      return Buffer.concat([string(name), string(value), boolean(false), int8(source), boolean(false), synonyms])
    }
    const entries = [
      ['retention.ms', '1', 1],
      ['segment.ms', '2', 5],
      ['sensitive', null, 1],
      ['compression.type', 'zstd', 4],
      ['min.insync.replicas', '2', 5],
    ] as const
    const bytes = Buffer.concat([
      throttled,
      array([0], () => Buffer.concat([int16(0), string(null), int8(2), string('t'), array(entries, entry)])),
    ])
    expect(decode(requests.describeConfigsRequest(['t']), bytes)).toEqual([
      {
        name: 't',
        errorCode: 0,
        message: null,
        config: { 'retention.ms': '1' },
        inForce: { 'retention.ms': '1', 'min.insync.replicas': '2' },
      },
    ])
  })

  it('return the outcome of each topic of a list', () => {
    const bytes = Buffer.concat([throttled, int32(2), outcome('a', 0, null), outcome('b', 38, 'too many')])
    const expected = [
      { name: 'a', errorCode: 0, message: null },
      { name: 'b', errorCode: 38, message: 'too many' },
    ]
    for (const request of [requests.createTopicsRequest([]), requests.createPartitionsRequest([])])
      expect(decode(request, bytes)).toEqual(expected)
  })

  it('ask brokers without topic ids in an older version', () => {
    const old = { versions: { 3: { minVersion: 0, maxVersion: 4 } }, connectionPool: pool }
    const request = requests.describeTopicsRequest(old, ['t', 'u'])
    const broker = Buffer.concat([int32(1), string('host'), int32(9092), string(null)])
    const partition = (replicas: readonly number[]) =>
      Buffer.concat([int16(0), int32(replicas.length - 2), int32(1), array(replicas, int32), array(replicas, int32)])
    const topics = [
      Buffer.concat([
        int16(0),
        string('t'),
        boolean(false),
        array(
          [
            [1, 2],
            [1, 2, 3],
          ],
          partition,
        ),
      ]),
      Buffer.concat([int16(3), string('u'), boolean(false), int32(0)]),
    ]
    const bytes = Buffer.concat([
      throttled,
      array([broker], (encoded) => encoded),
      string('cluster'),
      int32(1),
      array(topics, (encoded) => encoded),
    ])
    const view = { leader: 1, leaderEpoch: -1, errorCode: 0 }
    expect(decode(request, bytes)).toMatchObject({
      clusterId: 'cluster',
      topics: [
        { name: 't', errorCode: 0, topicId: null, partitions: [view, view], replicas: 2 },
        { name: 'u', errorCode: 3, topicId: null, partitions: [], replicas: 0 },
      ],
    })
  })

  it('have versions of this encoding, which brokers from 2.4 to 4.1 speak', () => {
    const name = ({ apiName, version }: WireRequest<unknown>) => [apiName, version]
    const all = [
      requests.createTopicsRequest([]),
      requests.createPartitionsRequest([]),
      requests.alterConfigsRequest([]),
      requests.deleteTopicsRequest([]),
      requests.describeConfigsRequest([]),
      requests.describeTopicsRequest({ versions: { 3: { minVersion: 0, maxVersion: 4 } }, connectionPool: pool }, []),
    ]
    expect(all.map(name)).toEqual([
      ['CreateTopics', 4],
      ['CreatePartitions', 1],
      ['IncrementalAlterConfigs', 0],
      ['DeleteTopics', 3],
      ['DescribeConfigs', 2],
      ['Metadata', 4],
    ])
    expect(name(requests.describeTopicsRequest({ versions: everyVersion(), connectionPool: pool }, []))).toEqual(['Metadata', 12])
  })

  it('fail on a response that ends early', () => {
    const whole = Buffer.concat([throttled, int32(1), outcome('a', 38, 'too many')])
    for (let length = 0; length < whole.length; length++) {
      expect(() => decode(requests.createTopicsRequest([]), whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError)
    }
  })
})
