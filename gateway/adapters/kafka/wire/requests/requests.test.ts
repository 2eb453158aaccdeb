import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metadataRequest, type ClusterMetadata } from '../metadata.ts'
import type { VersionedBroker, WireRequest } from '../wire-request.ts'
import { WireWriter } from '../wire-writer.ts'
import { apiVersionsRequest } from './api-versions.ts'
import { findCoordinatorRequest } from './find-coordinator.ts'
import { fetchRequest, type FetchAnswer } from './fetch.ts'
import { leaderEpochRequest } from './leader-epoch.ts'
import { listOffsetsRequest } from './list-offsets.ts'
import { offsetFetchRequest } from './offset-fetch.ts'
import { produceRequest } from './produce.ts'

const speaking = (version: number): VersionedBroker => ({
  address: { host: 'b', port: 1 },
  version: (_key, min, max) => (version < min || version > max ? null : version),
})
const id = '01234567-89ab-cdef-0123-456789abcdef'

const fetch = (version: number) =>
  fetchRequest(speaking(version), {
    topic: 't',
    topicId: version >= 13 ? id : null,
    maxWaitMs: 1,
    minBytes: 1,
    maxBytes: 1,
    rack: 'r',
    partitions: [{ partition: 0, leaderEpoch: 1, offset: 2, maxBytes: 3, lastFetchedEpoch: 4 }],
  })
const all: readonly (readonly [string, WireRequest<unknown>])[] = [
  ['ApiVersions 0', apiVersionsRequest()],
  ...[11, 12, 13].map((version) => [`Fetch ${version}`, fetch(version)] as const),
  ...[4, 5, 6].map(
    (version) =>
      [
        `ListOffsets ${version}`,
        listOffsetsRequest(speaking(version), { topic: 't', partitions: [{ partition: 0, leaderEpoch: 0, timestamp: -1 }] }),
      ] as const,
  ),
  ...[3, 4].map(
    (version) =>
      [
        `OffsetForLeaderEpoch ${version}`,
        leaderEpochRequest(speaking(version), { topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: 0, leaderEpoch: 0 }] }),
      ] as const,
  ),
  ['FindCoordinator 3', findCoordinatorRequest(speaking(3), 'g')],
  ['OffsetFetch 7', offsetFetchRequest(speaking(7), { groupId: 'g', topic: 't', partitions: [0] })],
  ...[7, 8, 9].map(
    (version) =>
      [
        `Produce ${version}`,
        produceRequest(speaking(version), {
          topic: 't',
          acks: -1,
          timeoutMs: 1,
          partitions: [{ partition: 0, records: Buffer.from('r') }],
        }),
      ] as const,
  ),
  ...[4, 5, 6, 7, 8, 9, 10, 11, 12].map((version) => [`Metadata ${version}`, metadataRequest(speaking(version), ['t'])] as const),
]

/** Returns a response as a broker writes it. The writer's first tags are those of the header. */
function encodeFetchAnswer({ throttleMs, errorCode, partitions }: FetchAnswer, version: number): Buffer {
  const writer = new WireWriter({ isFlexible: version >= 12 }).int32(throttleMs).int16(errorCode).int32(0)
  writer.array([0], () => {
    if (version >= 13) writer.uuid(id)
    else writer.string('t')
    writer
      .array(partitions, (partition) => {
        writer
          .int32(partition.partition)
          .int16(partition.errorCode)
          .int64(partition.highWatermark)
          .int64(partition.lastStableOffset)
          .int64(partition.logStartOffset)
        writer.array(partition.aborted, ({ producerId, firstOffset }) => writer.int64(Number(producerId)).int64(firstOffset).tags())
        writer.int32(partition.preferredReplica).bytes(partition.records).tags()
      })
      .tags()
  })
  return writer.tags().done()
}

function encodeMetadata({ clusterId, brokers, topics }: ClusterMetadata, version: number): Buffer {
  const writer = new WireWriter({ isFlexible: version >= 9 }).int32(0)
  writer.array([...brokers], ([node, { host, port, rack }]) => writer.int32(node).string(host).int32(port).string(rack).tags())
  writer.string(clusterId).int32(1)
  writer.array(topics, ({ errorCode, name, isInternal, topicId, partitions, replicas }) => {
    writer.int16(errorCode).string(name)
    if (version >= 10) writer.uuid(topicId)
    writer.boolean(isInternal)
    writer.array(partitions.map((view, partition) => ({ ...view, partition })).toReversed(), (view) => {
      writer.int16(view.errorCode).int32(view.partition).int32(view.leader)
      if (version >= 7) writer.int32(view.leaderEpoch)
      for (const nodes of [replicas, 1, 0].slice(0, version >= 5 ? 3 : 2))
        writer.array(
          Array.from({ length: nodes }, (_, node) => node),
          (node) => writer.int32(node),
        )
      writer.tags()
    })
    if (version >= 8) writer.int32(0)
    writer.tags()
  })
  if (version >= 8 && version < 11) writer.int32(0)
  return writer.tags().done()
}

const int16 = fc.integer({ min: -1, max: 120 })
const offset = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })
const partition = fc.record({
  partition: fc.nat(),
  errorCode: int16,
  highWatermark: offset,
  lastStableOffset: offset,
  logStartOffset: offset,
  aborted: fc.array(fc.record({ producerId: fc.nat().map(BigInt), firstOffset: offset }), { maxLength: 5 }),
  divergingEpoch: fc.constant(null),
  preferredReplica: fc.integer({ min: -1, max: 9 }),
  records: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
})
const fetchAnswer = fc.record({ throttleMs: fc.nat(), errorCode: int16, partitions: fc.array(partition, { maxLength: 5 }) })
const view = fc.record({ leader: fc.integer({ min: -1, max: 9 }), leaderEpoch: fc.integer({ min: -1, max: 9 }), errorCode: int16 })

describe('the decoder of a response', () => {
  it.each([11, 12, 13])('reads Fetch %i', (version) => {
    fc.assert(
      fc.property(fetchAnswer, (answer) => void expect(fetch(version).decode(encodeFetchAnswer(answer, version))).toEqual(answer)),
      { seed: 1, numRuns: 100 },
    )
  })

  it.each([4, 5, 7, 8, 9, 10, 11, 12])('reads Metadata %i, with partitions in any order', (version) => {
    const topic = fc.record({
      name: fc.constant('t'),
      errorCode: int16,
      isInternal: fc.boolean(),
      topicId: fc.constant(version >= 10 ? id : null),
      partitions: fc.array(version >= 7 ? view : view.map((one) => ({ ...one, leaderEpoch: -1 })), { minLength: 1, maxLength: 5 }),
      replicas: fc.integer({ min: 1, max: 3 }),
    })
    const metadata = fc.record({
      clusterId: fc.option(fc.string()),
      brokers: fc.constant(
        new Map([
          [1, { host: 'h', port: 9092, rack: null }],
          [2, { host: '::1', port: 1, rack: 'r' }],
        ]),
      ),
      topics: fc.array(topic, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        metadata,
        (answer) =>
          void expect(
            metadataRequest(
              speaking(version),
              answer.topics.map(({ name }) => name),
            ).decode(encodeMetadata(answer, version)),
          ).toEqual(answer),
      ),
      { seed: 1, numRuns: 100 },
    )
  })

  it('refuses Metadata with more topics than were asked for', () => {
    const topic = { name: 't', errorCode: 0, isInternal: false, topicId: id, partitions: [], replicas: 0 }
    const answer = encodeMetadata({ clusterId: null, brokers: new Map(), topics: [topic, topic] }, 12)
    expect(() => metadataRequest(speaking(12), ['t']).decode(answer)).toThrow('lists more topics than the 1')
  })

  it('reads FindCoordinator 3, and a refusal with the missing right', () => {
    const answer = (errorCode: number): Buffer =>
      new WireWriter({ isFlexible: true }).int32(0).int16(errorCode).string(null).int32(7).string('h').int32(9092).tags().done()
    const request = findCoordinatorRequest(speaking(3), 'g')
    expect(request.decode(answer(0))).toEqual({ host: 'h', port: 9092 })
    expect(() => request.decode(answer(15))).toThrow(
      expect.objectContaining({
        kind: 'transient',
        message: expect.stringContaining('the coordinator of the group g: COORDINATOR_NOT_AVAILABLE (15)'),
      }),
    )
    expect(() => request.decode(answer(30))).toThrow(
      expect.objectContaining({ kind: 'unauthorized', message: expect.stringContaining('READ on the group') }),
    )
  })

  it('reads OffsetFetch 7, and throws at a refusal of the whole group', () => {
    const found = fc.record({ partition: fc.nat(), errorCode: int16, offset })
    const answer = (
      offsets: readonly { readonly partition: number; readonly errorCode: number; readonly offset: number }[],
      errorCode = 0,
    ): Buffer => {
      const writer = new WireWriter({ isFlexible: true }).int32(0)
      writer.array([offsets], (each) => {
        writer.string('t')
        writer.array(each, (one) => writer.int32(one.partition).int64(one.offset).int32(-1).string('').int16(one.errorCode).tags()).tags()
      })
      return writer.int16(errorCode).tags().done()
    }
    const request = offsetFetchRequest(speaking(7), { groupId: 'g', topic: 't', partitions: [0] })
    fc.assert(
      fc.property(fc.array(found, { maxLength: 5 }), (offsets) => void expect(request.decode(answer(offsets))).toEqual(offsets)),
      { seed: 1, numRuns: 100 },
    )
    expect(() => request.decode(answer([], 16))).toThrow(expect.objectContaining({ kind: 'stale-leader' }))
  })

  it('reads the divergence of a log in Fetch 12, among unknown tags', () => {
    const bytes = encodeFetchAnswer(
      {
        throttleMs: 0,
        errorCode: 0,
        partitions: [
          {
            partition: 0,
            errorCode: 0,
            highWatermark: 1,
            lastStableOffset: 1,
            logStartOffset: 0,
            aborted: [],
            divergingEpoch: null,
            preferredReplica: -1,
            records: Buffer.alloc(0),
          },
        ],
      },
      12,
    )
    // The partition's tags are the third byte from the end: two of them, an epoch of 3 that ends at 9 (with its own tags), and 9 unknown
    // bytes.
    const tags = Buffer.from(['02', '00', '0d', '00000003', '0000000000000009', '00', '07', '02', 'abcd'].join(''), 'hex')
    const answer = fetch(12).decode(Buffer.concat([bytes.subarray(0, -3), tags, bytes.subarray(-2)]))
    expect(answer.partitions[0]?.divergingEpoch).toEqual({ epoch: 3, endOffset: 9 })
  })

  it('refuses Metadata that leaves out a partition, or names one twice', () => {
    const answer = encodeMetadata(
      {
        clusterId: null,
        brokers: new Map(),
        topics: [
          {
            name: 't',
            errorCode: 0,
            isInternal: false,
            topicId: null,
            replicas: 0,
            partitions: [{ leader: 1, leaderEpoch: 2, errorCode: 0 }],
          },
        ],
      },
      4,
    )
    const second = Buffer.from(answer)
    second[second.length - 17] = 1 // the number of the only partition
    expect(metadataRequest(speaking(4), ['t']).decode(answer).topics).toHaveLength(1)
    expect(() => metadataRequest(speaking(4), ['t']).decode(second)).toThrow(RangeError)
  })
})

describe.each(all)('the decoder of %s', (_name, request) => {
  const onlyRangeErrors = (bytes: Buffer): void => {
    for (const read of [() => request.decode(bytes), () => request.throttleMs?.(bytes)]) {
      try {
        read()
      } catch (error) {
        if (!(error instanceof RangeError) && (error as Error).name !== 'BrokerError') throw error
      }
    }
  }

  it('throws only RangeError at any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => onlyRangeErrors(Buffer.from(bytes))),
      { seed: 1, numRuns: 500 },
    )
  })

  it('neither allocates nor loops at impossible counts', () => {
    const started = performance.now()
    for (const byte of [0xff, 0x7f, 0x80, 0x01])
      for (let length = 0; length < 120; length++) onlyRangeErrors(Buffer.concat([Buffer.alloc(length), Buffer.alloc(40, byte)]))
    for (let at = 0; at < 60; at++) onlyRangeErrors(Buffer.concat([Buffer.alloc(at), Buffer.from('7fffffff', 'hex'), Buffer.alloc(60)]))
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

describe('a response that ends early', () => {
  it.each([11, 12, 13])('is refused for Fetch %i', (version) => {
    const whole = encodeFetchAnswer(
      {
        throttleMs: 1,
        errorCode: 0,
        partitions: [
          {
            partition: 0,
            errorCode: 0,
            highWatermark: 1,
            lastStableOffset: 1,
            logStartOffset: 0,
            aborted: [{ producerId: 1n, firstOffset: 2 }],
            divergingEpoch: null,
            preferredReplica: -1,
            records: Buffer.from('abc'),
          },
        ],
      },
      version,
    )
    for (let length = 0; length < whole.length; length++)
      expect(() => fetch(version).decode(whole.subarray(0, length)), `${length} bytes`).toThrow(RangeError)
  })
})

describe('a request', () => {
  it('of a topic without an id has a version with names', () => {
    const upTo13 = { ...speaking(13), version: (_key: number, _min: number, max: number) => max }
    const args = { topic: 't', maxWaitMs: 1, minBytes: 1, maxBytes: 1, rack: '', partitions: [] }
    expect([fetchRequest(upTo13, { ...args, topicId: null }).version, fetchRequest(upTo13, { ...args, topicId: id }).version]).toEqual([
      12, 13,
    ])
  })

  it('that the broker does not support is refused', () => {
    expect(() => metadataRequest(speaking(13), ['t'])).toThrow(
      expect.objectContaining({ kind: 'refused', message: expect.stringContaining('Metadata') }),
    )
  })
})
