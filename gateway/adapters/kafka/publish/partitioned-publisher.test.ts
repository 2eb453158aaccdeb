import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { OutgoingRecord } from '../../../event/outgoing-record.ts'
import type { PublishFailure } from '../../../emit/event-publisher.ts'
import { partitionFor } from '../../../emit/partition-for.ts'
import type { Result } from '../../../../program/result.ts'
import { anOutgoingRecord } from '../../../testing/event-publisher-contract.ts'
import { BrokerError } from '../kafka-error.ts'
import { createFakeCluster, type FakeCluster, lost, produced } from './testing/fake-cluster.ts'

type Outcome = Result<void, PublishFailure>
const [seconds, inTime] = [(count: number): number => count * 1_000, { timeoutMs: 15_000 }]
let cluster: FakeCluster

/** Returns a record of this partition, with a name that the log shows. */
function recordOf(partition: number, identity: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord {
  const key = Array.from({ length: 500 }, (_, n) => `key-${n}`).find(
    (candidate) => partitionFor({ key: candidate, identity }, cluster.leaders.length) === partition,
  )
  return anOutgoingRecord({ key: key ?? '', identity, ...more })
}

const publish = (...records: readonly OutgoingRecord[]): Promise<Outcome> => cluster.publisher.publish(records, inTime)
const kindOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.kind)
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** Returns the outcome, which must come within that time. */
async function after(ms: number, publishing: Promise<Outcome>): Promise<string> {
  const seen = vi.fn<(outcome: Outcome) => void>()
  void publishing.then(seen)
  await pass(ms)
  return seen.mock.calls.length === 0 ? 'waits' : kindOf(await publishing)
}

async function failureOf(publishing: Promise<Outcome>): Promise<PublishFailure | null> {
  const outcome = await publishing
  return outcome.ok ? null : outcome.error
}

beforeEach(() => {
  vi.useFakeTimers()
  cluster = createFakeCluster([1, 2, 3])
})

afterEach(async () => {
  await Promise.all([cluster.publisher.stop({ deadlineMs: 10 }), pass(20)])
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a publisher with a sender for each leader', () => {
  it('succeeds after every leader of the records has acknowledged', async () => {
    const answered = Promise.withResolvers<void>()
    cluster.faults.produce = async (request) => {
      if (request.broker === 2) await answered.promise
      return request.append()
    }
    const publishing = publish(recordOf(0, 'a'), recordOf(1, 'b'), recordOf(2, 'c'))
    expect(await after(100, publishing)).toBe('waits')
    answered.resolve()
    expect(await after(10, publishing)).toBe('ok')
    expect(cluster.logs).toEqual([['a'], ['b'], ['c']])
  })

  it('sends the records of one turn in one request, and later records in the next', async () => {
    const first = [publish(recordOf(0, 'a')), publish(recordOf(0, 'b'))]
    await pass(3)
    const second = [publish(recordOf(0, 'c')), publish(recordOf(0, 'd'))]
    await pass(100)
    expect((await Promise.all([...first, ...second])).map(kindOf)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(cluster.requests.map(({ batches }) => batches[0]?.records.map(({ record }) => record.identity))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ])
  })

  it('connects at the first publish, and not before', async () => {
    await pass(seconds(60))
    expect([cluster.asked.count, cluster.connects]).toEqual([0, []])
    expect(await after(20, publish(recordOf(0, 'a')))).toBe('ok')
    expect([cluster.asked.count, cluster.connects]).toEqual([1, [1]])
  })

  it('gives the leader the rest of the deadline', async () => {
    await after(100, publish(recordOf(0, 'a')))
    await after(100, cluster.publisher.publish([recordOf(0, 'b')], { timeoutMs: 20 }))
    expect(cluster.requests.map(({ timeoutMs }) => timeoutMs)).toEqual([expect.closeTo(15_000, -2), 500])
  })
})

describe('a leader that is away', () => {
  it.each([
    ['refuses connections', (): void => void (cluster.faults.connect = (broker) => (broker === 2 ? Promise.reject(lost(2)) : undefined))],
    [
      'never finishes a connection',
      (): void => void (cluster.faults.connect = (broker) => (broker === 2 ? new Promise(() => {}) : undefined)),
    ],
    [
      'never answers',
      (): void => void (cluster.faults.produce = (request) => (request.broker === 2 ? request.silence() : request.append())),
    ],
    [
      'loses every connection',
      (): void => void (cluster.faults.produce = (request) => (request.broker === 2 ? Promise.reject(lost(2)) : request.append())),
    ],
    ['is missing: the partition has no leader', (): void => cluster.move(1, -1)],
  ])('fails only its own records, at their deadline: it %s', async (_what, breakLeader) => {
    breakLeader()
    const [one, two, three] = [publish(recordOf(0, 'a')), publish(recordOf(1, 'b')), publish(recordOf(2, 'c'))]
    expect([await after(20, one), await after(0, three)]).toEqual(['ok', 'ok'])
    const more = publish(recordOf(0, 'd'), recordOf(2, 'e'))
    expect([await after(20, more), await after(14_900, two)]).toEqual(['ok', 'waits'])
    expect(['unavailable', 'timeout']).toContain(await after(100, two))
  })

  it('is asked again while records wait, and gets them in order when it is back', async () => {
    cluster.faults.connect = () => Promise.reject(lost(2))
    const waiting = ['a', 'b', 'c'].map((name) => publish(recordOf(1, name)))
    await pass(seconds(5))
    cluster.faults.connect = () => undefined
    await pass(1_100)
    expect((await Promise.all(waiting)).map(kindOf)).toEqual(['ok', 'ok', 'ok'])
    expect(cluster.logs[1]).toEqual(['a', 'b', 'c'])
  })

  it('is asked no more often than once a second after a while, and logged once', async () => {
    cluster.faults.connect = () => Promise.reject(lost(2))
    const waiting = publish(recordOf(1, 'a'))
    await pass(seconds(14))
    expect([cluster.connects.length > 10, cluster.connects.length < 40]).toEqual([true, true])
    expect(cluster.lines.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        message: 'publishing to Kafka failed; retrying',
        fields: { topic: 'events', place: 'broker broker-2:9092', detail: expect.stringContaining('broker-2') },
      },
    ])
    cluster.faults.connect = () => undefined
    expect(await after(1_000, waiting)).toBe('ok')
    expect(cluster.lines.at(-1)).toMatchObject({ level: 'info', message: 'publishing to Kafka recovered' })
  })

  it('hands its records to the next leader, the earliest first, also without any answer', async () => {
    await after(20, publish(recordOf(0, 'warm'), recordOf(1, 'warm')))
    cluster.faults.produce = (request) => (request.broker === 2 ? request.silence() : request.append())
    const waiting = ['a', 'b'].map((name) => publish(recordOf(1, name)))
    await pass(50)
    waiting.push(publish(recordOf(1, 'c')))
    await pass(seconds(2))
    cluster.move(1, 3)
    waiting.push(publish(recordOf(1, 'd')))
    await pass(seconds(5))
    waiting.push(publish(recordOf(1, 'e')))
    await pass(seconds(1))
    expect((await Promise.all(waiting)).map(kindOf)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(cluster.logs[1]).toEqual(['warm', 'a', 'b', 'c', 'd', 'e'])
  })

  // kafkajs asked no broker again that had answered for other partitions. Records for a leader that died went to no broker, and were
  // acknowledged.
  it('has its records in the log when its successor had answered for other partitions of the same publish', async () => {
    await after(20, publish(recordOf(0, 'warm'), recordOf(1, 'warm')))
    cluster.faults.produce = (request) => {
      if (request.broker !== 2) return request.append()
      cluster.move(1, 1)
      return Promise.reject(lost(2))
    }
    expect(await after(500, publish(recordOf(0, 'a'), recordOf(1, 'b')))).toBe('ok')
    expect([cluster.logs[0], cluster.logs[1]]).toEqual([
      ['warm', 'a'],
      ['warm', 'b'],
    ])
  })

  it('keeps only waiting records in memory: records of a publish that has failed leave the queue', async () => {
    cluster.faults.connect = (broker) => (broker === 2 ? Promise.reject(lost(2)) : undefined)
    const large = (): OutgoingRecord => recordOf(1, 'large', { value: Buffer.alloc(1_000_000) })
    for (let round = 0; round < 3; round++) {
      const full = Array.from({ length: 134 }, () => publish(large()))
      expect(await after(10, publish(large()))).toBe('unavailable')
      expect((await Promise.all([...full, pass(seconds(16))])).slice(0, -1).every((outcome) => !(outcome as Outcome).ok)).toBe(true)
    }
    expect(await after(1_100, publish(recordOf(0, 'small')))).toBe('ok')
  })
})

describe('a partition that moved', () => {
  it('is looked up at once when the old leader reports it', async () => {
    await after(200, publish(recordOf(1, 'a')))
    cluster.move(1, 3)
    const asked = cluster.asked.count
    expect(await after(300, publish(recordOf(1, 'b')))).toBe('ok')
    expect([cluster.logs[1], cluster.asked.count - asked, cluster.lines]).toEqual([['a', 'b'], 1, []])
  })

  it('is looked up at another broker when one does not know yet', async () => {
    await after(20, publish(recordOf(1, 'a')))
    cluster.faults.describe = (view) => {
      const topic =
        view.topic === null || cluster.asked.turns > 0
          ? view.topic
          : { ...view.topic, partitions: view.topic.partitions.map((partition) => ({ ...partition, leader: 2 })) }
      return { ...view, topic }
    }
    cluster.move(1, 3)
    expect(await after(seconds(5), publish(recordOf(1, 'b')))).toBe('ok')
    expect(cluster.asked.turns).toBeGreaterThan(0)
  })

  it('is not moved back by a broker that is behind', async () => {
    await after(20, publish(recordOf(1, 'a')))
    cluster.move(1, 3)
    await after(300, publish(recordOf(1, 'b')))
    cluster.faults.describe = (view) => ({
      ...view,
      topic:
        view.topic === null
          ? null
          : { ...view.topic, partitions: view.topic.partitions.map((partition) => ({ ...partition, leader: 2, leaderEpoch: 0 })) },
    })
    await pass(seconds(40))
    const asked = cluster.requests.length
    expect(await after(20, publish(recordOf(1, 'c')))).toBe('ok')
    expect(cluster.requests.slice(asked).map(({ broker }) => broker)).toEqual([3])
  })
})

describe('a response', () => {
  const codes = {
    notEnoughReplicas: 19,
    notEnoughReplicasAfterAppend: 20,
    timedOut: 7,
    unauthorized: 29,
    policy: 44,
    tooLarge: 10,
    invalidRecord: 87,
  }

  it('that lacks a partition is a failure of that partition, and never an acknowledgement', async () => {
    cluster = createFakeCluster([1, 1])
    cluster.faults.produce = ({ append }) => append().filter(({ partition }) => partition !== 1)
    const [good, bad] = [publish(recordOf(0, 'a')), publish(recordOf(1, 'b'))]
    expect([await after(20, good), await after(14_900, bad)]).toEqual(['ok', 'waits'])
    expect(await after(100, bad)).toBe('unavailable')
    expect(await failureOf(bad)).toMatchObject({ detail: expect.stringContaining('lacks partition 1') })
  })

  it('that has a partition twice is a failure of that partition, with any content', async () => {
    cluster.faults.produce = ({ append }) => [...append(), ...append()]
    expect(await after(seconds(16), publish(recordOf(1, 'b')))).toBe('unavailable')
  })

  it('for a partition that was not asked changes nothing', async () => {
    cluster = createFakeCluster([1, 1, 1])
    cluster.faults.produce = async (request) => [...request.append(), produced(2), produced(7), produced(-1)]
    const publishing = [publish(recordOf(0, 'a')), publish(recordOf(1, 'b'))]
    await pass(20)
    expect((await Promise.all(publishing)).map(kindOf)).toEqual(['ok', 'ok'])
    expect(cluster.logs).toEqual([['a'], ['b'], []])
  })

  it.each([codes.notEnoughReplicas, codes.notEnoughReplicasAfterAppend, codes.timedOut, -1, 12_345])(
    'with code %d for one partition is retried until it works, and delays no other',
    async (code) => {
      cluster = createFakeCluster([1, 1])
      cluster.faults.produce = ({ append }) => append().map((own) => (own.partition === 1 ? produced(1, code) : own))
      const waiting = publish(recordOf(1, 'b'))
      await pass(seconds(5))
      for (let n = 0; n < 20; n++) expect(await after(5, publish(recordOf(0, `a${n}`)))).toBe('ok')
      const asked = cluster.requests.filter(({ batches }) => batches.some(({ partition }) => partition === 1)).length
      expect([asked > 3, asked < 20]).toEqual([true, true])
      cluster.faults.produce = ({ append }) => append()
      expect(await after(1_000, waiting)).toBe('ok')
    },
  )

  it('that refuses is final at once, with a reason, and with the report that the log has no record', async () => {
    cluster.faults.produce = ({ batches }) => batches.map(({ partition }) => produced(partition, codes.unauthorized))
    const publishing = publish(recordOf(1, 'b'))
    expect(await after(20, publishing)).toBe('refused')
    expect(await failureOf(publishing)).toMatchObject({
      isPartial: false,
      detail: expect.stringMatching(/^Kafka refused the record: .*TOPIC_AUTHORIZATION_FAILED.*WRITE/),
    })
    expect(cluster.lines).toMatchObject([
      { level: 'warn', message: 'Kafka refuses records', fields: { records: 1, detail: expect.stringContaining('WRITE') } },
    ])
  })

  it('that refuses is logged once in ten seconds, for any number of records', async () => {
    cluster.faults.produce = ({ batches }) => batches.map(({ partition }) => produced(partition, codes.unauthorized))
    for (let n = 0; n < 100; n++) expect(await after(20, publish(recordOf(1, 'b')))).toBe('refused')
    await pass(seconds(10))
    expect(await after(20, publish(recordOf(1, 'b')))).toBe('refused')
    expect(cluster.lines.map(({ fields }) => fields.records)).toEqual([1, 100])
  })

  it('that refuses some records of a publish reports that others may be in the log', async () => {
    cluster.faults.produce = (request) =>
      request.broker === 2 ? request.batches.map(({ partition }) => produced(partition, codes.policy)) : request.append()
    const both = publish(recordOf(0, 'a'), recordOf(1, 'b'))
    await pass(20)
    expect(await failureOf(both)).toMatchObject({ kind: 'refused', isPartial: true })
  })

  it('that refuses after an attempt without a response reports that the record may be in the log', async () => {
    cluster.faults.produce = ({ batches, broker }) =>
      cluster.requests.length === 1 ? Promise.reject(lost(broker)) : batches.map(({ partition }) => produced(partition, codes.policy))
    const publishing = publish(recordOf(1, 'b'))
    await pass(200)
    expect(await failureOf(publishing)).toMatchObject({ kind: 'refused', isPartial: true })
  })

  it('that a batch is too large halves it until its own record is alone', async () => {
    const isLarge = (request: { readonly batches: (typeof cluster.requests)[number]['batches'] }): boolean =>
      request.batches.some(({ records }) => records.reduce((sum, { record }) => sum + (record.value?.length ?? 0), 0) > 20_000)
    cluster.faults.produce = (request) =>
      isLarge(request) ? request.batches.map(({ partition }) => produced(partition, codes.tooLarge)) : request.append()
    const outcomes = Promise.all(
      Array.from({ length: 40 }, (_, n) => publish(recordOf(1, `r${n}`, { value: Buffer.alloc(n === 17 ? 30_000 : 5_000) }))),
    )
    await pass(1_000)
    expect((await outcomes).flatMap((outcome, n) => (outcome.ok ? [] : [[n, outcome.error.kind]]))).toEqual([[17, 'too-large']])
    expect(cluster.logs[1]).toEqual(Array.from({ length: 40 }, (_, n) => `r${n}`).filter((name) => name !== 'r17'))
    expect(cluster.requests.length).toBeLessThan(40)
  })

  it('about an invalid record refuses that record alone', async () => {
    const isBad = ({ batches }: { readonly batches: (typeof cluster.requests)[number]['batches'] }): boolean =>
      batches.some(({ records }) => records.some(({ record }) => record.identity === 'r17'))
    cluster.faults.produce = (request) =>
      isBad(request) ? request.batches.map(({ partition }) => produced(partition, codes.invalidRecord)) : request.append()
    const outcomes = Promise.all(Array.from({ length: 40 }, (_, n) => publish(recordOf(1, `r${n}`))))
    await pass(1_000)
    expect((await outcomes).flatMap((outcome, n) => (outcome.ok ? [] : [[n, outcome.error.kind]]))).toEqual([[17, 'refused']])
    expect(cluster.logs[1]).toHaveLength(39)
  })
})

describe('refused credentials', () => {
  it.each(['connect', 'describe'] as const)('end a publish at once (%s), and the next one tries them again', async (step) => {
    const refusal = new BrokerError('unauthenticated', 'broker-2:9092', 'the broker broker-2:9092: SASL authentication failed')
    Object.assign(cluster.faults, { [step]: () => Promise.reject(refusal) })
    const publishing = publish(recordOf(1, 'b'))
    expect(await after(20, publishing)).toBe('refused')
    expect(await failureOf(publishing)).toMatchObject({ isPartial: false, detail: expect.stringContaining('broker-2') })
    Object.assign(cluster.faults, { connect: () => undefined, describe: (view: unknown) => view })
    expect(await after(1_100, publish(recordOf(1, 'c')))).toBe('ok')
  })
})

describe('the topic', () => {
  it('that is missing makes records wait for some seconds, and refuses them then; once it exists, it takes them', async () => {
    cluster.faults.describe = (view) => ({ ...view, topic: null })
    const [early, waiting] = [cluster.publisher.publish([recordOf(0, 'a')], { timeoutMs: 3_000 }), publish(recordOf(0, 'b'))]
    expect(await after(3_000, early)).toBe('unavailable')
    expect(await failureOf(early)).toMatchObject({ detail: expect.stringContaining('The topic events does not exist') })
    expect(await after(3_500, waiting)).toBe('refused')
    expect(await after(1_100, publish(recordOf(0, 'c')))).toBe('refused')
    cluster.faults.describe = (view) => view
    expect(await after(6_000, publish(recordOf(0, 'd')))).toBe('ok')
  })

  it('that one broker does not know for a moment costs nothing', async () => {
    await after(20, publish(recordOf(0, 'a')))
    cluster.faults.describe = (view) => ({ ...view, topic: null })
    await pass(seconds(29))
    expect(await after(20, publish(recordOf(0, 'b')))).toBe('ok')
  })

  it('that gets more partitions sends later and waiting records where their keys belong now, after 5 s', async () => {
    cluster.move(1, -1)
    await after(20, publish(recordOf(0, 'a')))
    const unsent = anOutgoingRecord({ key: 'key-3', identity: 'unsent' })
    const publishing = publish({
      ...unsent,
      key:
        Array.from({ length: 500 }, (_, n) => `key-${n}`).find(
          (key) => partitionFor({ key, identity: '' }, 3) === 1 && partitionFor({ key, identity: '' }, 5) === 4,
        ) ?? '',
    })
    await pass(100)
    cluster.leaders.push(1, 2)
    cluster.logs.push([], [])
    expect(await after(seconds(5), publishing)).toBe('ok')
    expect(await after(20, publish(recordOf(3, 'b')))).toBe('ok')
    expect(cluster.logs).toEqual([['a'], [], [], ['b'], ['unsent']])
  })

  it('that was recreated with fewer partitions gets the waiting records, in order, in the present partitions', async () => {
    await after(20, publish(recordOf(2, 'warm')))
    cluster.faults.produce = () => Promise.reject(lost(3))
    const waiting = ['a', 'b', 'c'].map((name) => publish(recordOf(2, name)))
    await pass(100)
    cluster.recreate([1])
    cluster.faults.produce = (request) => request.append()
    await pass(seconds(2))
    expect((await Promise.all(waiting)).map(kindOf)).toEqual(['ok', 'ok', 'ok'])
    expect(cluster.logs).toEqual([['a', 'b', 'c']])
  })

  it('that is deleted while a batch is in progress refuses its records, and never acknowledges them', async () => {
    await after(20, publish(recordOf(2, 'warm')))
    cluster.recreate([])
    cluster.faults.describe = (view) => ({ ...view, topic: null })
    const publishing = publish(recordOf(0, 'a', { key: 'a' }))
    expect(await after(seconds(7), publishing)).toBe('refused')
  })
})

describe('the stop of a publisher', () => {
  it('flushes waiting records, and accepts no more', async () => {
    const publishing = ['a', 'b'].map((name) => publish(recordOf(0, name)))
    const stopped = cluster.publisher.stop({ deadlineMs: 1_000 })
    await pass(20)
    await stopped
    expect((await Promise.all(publishing)).map(kindOf)).toEqual(['ok', 'ok'])
    expect(await publish(recordOf(0, 'c'))).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
  })

  it('settles everything at its deadline, and leaves no timer', async () => {
    cluster.faults.produce = (request) => (request.broker === 1 ? request.silence() : request.append())
    cluster.faults.connect = (broker) => (broker === 2 ? Promise.reject(lost(2)) : undefined)
    const publishing = [publish(recordOf(0, 'a')), publish(recordOf(1, 'b')), publish(recordOf(2, 'c'))]
    await pass(100)
    const stopped = Promise.all([cluster.publisher.stop({ deadlineMs: 500 }), cluster.publisher.stop({ deadlineMs: 500 })])
    await pass(501)
    await stopped
    expect((await Promise.all(publishing)).map(kindOf)).toEqual(['unavailable', 'unavailable', 'ok'])
    await pass(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
