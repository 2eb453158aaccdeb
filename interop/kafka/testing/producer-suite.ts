import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { casesOf, nameOf } from '../matrix.ts'
import type { Producer } from '../producers.ts'
import { type Fate, checkCase, unexpectedIds } from './check-case.ts'
import { storedBatches } from './log-segments.ts'
import type { Report, TestCase } from './plan.ts'
import { rowOf, writeRows } from './results.ts'
import { isLast, type Rig, startRig } from './rig.ts'

/**
 * Makes a foreign client produce all of its matrix into a topic of its own, and checks each case by what clients of the gateway received.
 */
export function testProducer(producer: Producer): void {
  const { name, version, matrix } = producer
  const cases = casesOf(matrix)
  describe(`${name} ${version}`, () => {
    let rig: Rig
    let reports: ReadonlyMap<string, Report> = new Map()

    beforeAll(async () => {
      rig = await startRig({
        topic: `interop-${name.replaceAll(/[^a-z-]/g, '')}`,
        partitions: matrix.compressions.length,
        deadLetters: false,
      })
      reports = new Map((await producer.program({ ...rig.plan, cases })).map((report) => [report.name, report]))
      // The tests below report each faulty case.
      await rig.settle().catch((error: unknown) => console.error(String(error)))
    })

    afterAll(async () => {
      if (rig === undefined) return
      writeRows(
        name,
        matrix.compressions.map((compression, partition) =>
          rowOf(
            { producer: name, version, what: nameOf(compression) },
            cases.filter((each) => each.partition === partition).map((each) => [each.title, fateOf(each)]),
          ),
        ),
      )
      await rig.stop()
    })

    const fateOf = (testCase: TestCase): Fate =>
      checkCase({
        ids: idsOf(testCase),
        isForClient: testCase.user === 'u1',
        report: reports.get(testCase.name),
        socket: rig.socket,
        eventStream: rig.eventStream,
      })

    it.each(cases.map((testCase) => [testCase.name, testCase] as const))('%s', (_, testCase) => {
      expect(fateOf(testCase)).toMatchObject({ sent: testCase.count, duplicates: 0, faults: [] })
    })

    it('leads to no gap, no close, and no event from elsewhere', () => {
      const known = new Set(cases.flatMap(idsOf))
      const foreign = [rig.socket, rig.eventStream].flatMap((receiver) => unexpectedIds(receiver, known)).filter((id) => !isLast(id))
      expect({ foreign, troubles: [...rig.socket.troubles, ...rig.eventStream.troubles] }).toEqual({ foreign: [], troubles: [] })
    })

    it.each(matrix.compressions.map((compression, partition) => [nameOf(compression), compression.codec, partition] as const))(
      "writes its 1,000 records in batches of %s into the broker's files",
      (_, codec, partition) => {
        // A client may end a batch early, and Java's tool cannot end one by itself.
        const batches = storedBatches(rig.log(partition)).filter(({ records, isControl }) => records > 1 && !isControl)
        const written = (isIdempotent: boolean): number =>
          batches
            .filter((batch) => batch.codec === codec && batch.isIdempotent === isIdempotent)
            .reduce((sum, { records }) => sum + records, 0)
        const wanted = cases.filter((each) => each.partition === partition && each.count === 1000)
        expect(wanted.map(({ idempotent }) => written(idempotent) >= 999)).toEqual(wanted.map(() => true))
      },
    )
  })
}

const idsOf = ({ name, count }: TestCase): readonly string[] => Array.from({ length: count }, (_, n) => `${name}/${n}`)
