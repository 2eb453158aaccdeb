import { describe, expect, it } from 'vitest'
import { decodeTopicMetadata, metadataVersion, topicMetadataRequest } from './topic-metadata.ts'

const broker = (maxVersion: number) => ({ versions: { 3: { minVersion: 0, maxVersion } }, connectionPool: { pool: [], send: async () => undefined } })

const compact = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)])
const int32 = (value: number): Buffer => Buffer.from([0, 0, value >>> 8, value & 0xff])
const nodes = (...ids: readonly number[]): Buffer => Buffer.concat([Buffer.from([ids.length + 1]), ...ids.map(int32)])
const id = '057cf0a7-d9bf-42ff-896b-15f6c8a915cd'

/** With the error 0, the epoch 7, the first replica as the leader, all in sync, none offline. */
const partition = (index: number, replicas: readonly number[]): Buffer =>
  Buffer.concat([Buffer.from([0, 0]), int32(index), int32(replicas[0] ?? 0), int32(7), nodes(...replicas), nodes(...replicas), nodes(), Buffer.from([0])])

const topic = (name: string, errorCode: number, partitions: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([0, errorCode]), compact(name), Buffer.from(id.replaceAll('-', ''), 'hex'), Buffer.from([0, partitions.length + 1]), ...partitions, int32(0), Buffer.from([0])])

/** As a broker of Kafka 4.1 answers: two brokers, one topic of two partitions. */
function aResponse(errorCode = 0, others: readonly Buffer[] = []): Buffer {
  const node = (nodeId: number): Buffer => Buffer.concat([int32(nodeId), compact('host'), int32(9092), Buffer.from([0]), Buffer.from([0])])
  const topics = [topic('t', errorCode, [partition(0, [1, 2, 3]), partition(1, [2, 1])]), ...others]
  // The header has a tagged field, which later brokers may send and nobody here knows.
  const head = Buffer.concat([Buffer.from([1, 9, 2, 0xab, 0xcd]), int32(0), Buffer.from([3]), node(1), node(2), compact('cluster'), int32(1)])
  return Buffer.concat([head, Buffer.from([topics.length + 1]), ...topics])
}

describe('topic metadata', () => {
  it('finds the cluster, the id and the number of partitions and replicas behind what it does not need', () => {
    expect(decodeTopicMetadata(aResponse())).toEqual({ clusterId: 'cluster', topics: [{ name: 't', errorCode: 0, topicId: id, partitions: 2, replicas: 2 }] })
  })

  it('tells many topics apart, and the error of each', () => {
    const { topics } = decodeTopicMetadata(aResponse(0, [topic('missing', 3, []), topic('u', 0, [partition(0, [1])])]))
    expect(topics.map(({ name, errorCode, partitions, replicas }) => [name, errorCode, partitions, replicas])).toEqual([['t', 0, 2, 2], ['missing', 3, 0, 0], ['u', 0, 1, 1]])
  })

  it('throws at an answer that ends early, wherever that is', () => {
    const whole = aResponse()
    for (let length = 0; length < whole.length; length++) expect(() => decodeTopicMetadata(whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError)
  })

  it.each([[9, null], [10, 10], [12, 12], [13, 12]])('of brokers that speak version %s at most, asks in version %s', (max, version) => {
    expect(metadataVersion(broker(max))).toBe(version)
  })

  it('writes names of any length that topics may have', async () => {
    const { buffer } = await topicMetadataRequest(['x'.repeat(249), 'y'], 12).request.encode()
    // No tags, two topics, no id, the length + 1 as a varint of two bytes.
    expect(buffer.subarray(0, 20).toString('hex')).toBe(`0003${'00'.repeat(16)}fa01`)
    expect(buffer.subarray(20 + 249).toString('hex')).toBe(`00${'00'.repeat(16)}027900000000`)
  })
})
