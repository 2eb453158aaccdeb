import { describe, expect, it } from 'vitest'
import { decodeTopicMetadata, metadataVersion, topicMetadataRequest } from './topic-metadata.ts'

const broker = (maxVersion: number) => ({ versions: { 3: { minVersion: 0, maxVersion } }, connectionPool: { pool: [], send: async () => undefined } })

/** As a broker of Kafka 4.1 answers: two brokers, one topic of two partitions. */
function aResponse(errorCode = 0): Buffer {
  const compact = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)])
  const int32 = (value: number): Buffer => Buffer.from([0, 0, value >>> 8, value & 0xff])
  const node = (id: number): Buffer => Buffer.concat([int32(id), compact('host'), int32(9092), Buffer.from([0]), Buffer.from([0])])
  const id = Buffer.from('057cf0a7d9bf42ff896b15f6c8a915cd', 'hex')
  const topic = Buffer.concat([Buffer.from([0, errorCode]), compact('t'), id, Buffer.from([0]), Buffer.from([3])])
  // The header has a tagged field, which later brokers may send and nobody here knows.
  return Buffer.concat([Buffer.from([1, 9, 2, 0xab, 0xcd]), int32(0), Buffer.from([3]), node(1), node(2), compact('cluster'), int32(1), Buffer.from([2]), topic])
}

describe('topic metadata', () => {
  it('finds the id and the number of partitions behind what it does not need', () => {
    expect(decodeTopicMetadata(aResponse())).toEqual({ errorCode: 0, topicId: '057cf0a7-d9bf-42ff-896b-15f6c8a915cd', partitions: 2 })
  })

  it('tells the error of the topic', () => {
    expect(decodeTopicMetadata(aResponse(3))).toMatchObject({ errorCode: 3 })
  })

  it('throws at an answer that ends early, wherever that is', () => {
    const whole = aResponse()
    for (let length = 0; length < whole.length; length++) expect(() => decodeTopicMetadata(whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError)
  })

  it.each([[9, null], [10, 10], [12, 12], [13, 12]])('of brokers that speak version %s at most, asks in version %s', (max, version) => {
    expect(metadataVersion(broker(max))).toBe(version)
  })

  it('writes a name of any length that topics may have', async () => {
    const { buffer } = await topicMetadataRequest('x'.repeat(249), 12).request.encode()
    // No tags, one topic, no id, the length + 1 as a varint of two bytes.
    expect(buffer.subarray(0, 20).toString('hex')).toBe(`0002${'00'.repeat(16)}fa01`)
    expect(buffer.subarray(20 + 249).toString('hex')).toBe('00000000')
  })
})
