import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { places } from './places.ts'
import { type Fate, checkCase } from './testing/check-case.ts'
import type { Report, SdkEvent } from './testing/plan.ts'
import { goProgram, nodeProgram, type Program, pythonProgram } from './testing/program.ts'
import { rowOf, writeRows } from './testing/results.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { versionOf } from './versions.ts'

interface Sdk {
  readonly name: string
  readonly version: string
  readonly program: Program
}

const sdks: readonly Sdk[] = [
  {
    name: 'cloudevents for Python',
    version: versionOf('cloudevents 1'),
    program: pythonProgram('cloudevents_sdk.py', ['1'], [places.pythonCloudEvents1, places.python]),
  },
  { name: 'cloudevents for Python', version: versionOf('cloudevents'), program: pythonProgram('cloudevents_sdk.py', ['2']) },
  { name: 'sdk-go', version: versionOf('github.com/cloudevents/sdk-go/v2'), program: goProgram('cloudevents') },
  { name: 'cloudevents for JavaScript', version: versionOf('cloudevents (npm)'), program: nodeProgram('cloudevents.mjs') },
]

const event = (mode: SdkEvent['mode'], data: SdkEvent['data'], contentType: string | null): SdkEvent => {
  const id = `${mode}, ${{ json: 'JSON data', text: 'a text as data', none: 'no data' }[data]}${contentType === null ? '' : `, ${contentType}`}`
  return { id, mode, data, contentType, user: 'u1' }
}

/** Expected events. Without a datacontenttype, Python 1.x sends structured events without a content type: the binding says to read them. */
const events: readonly SdkEvent[] = [
  event('binary', 'json', 'application/json'),
  event('binary', 'text', 'text/plain'),
  // Python 1.x cannot encode an event in binary mode that has no datacontenttype.
  event('binary', 'none', 'application/json'),
  event('structured', 'json', null),
  event('structured', 'none', null),
]

/**
 * Python 1.x declares the content type of the data as that of the record. Then an event is read, or it is a dead letter; silence would be
 * wrong.
 */
const mislabelled: readonly SdkEvent[] = [event('structured', 'json', 'application/json'), event('structured', 'text', 'text/plain')]

const data = { json: { a: 1 }, text: 'héllo', none: undefined }

describe.each(sdks)('$name $version', ({ name, version, program }) => {
  let rig: Rig
  let reports: ReadonlyMap<string, Report> = new Map()

  beforeAll(async () => {
    rig = await startRig({ topic: `interop-sdk-${name.replaceAll(' ', '-')}-${version}`, partitions: 2, deadLetters: true })
    reports = new Map((await program({ ...rig.plan, events: [...events, ...mislabelled] })).map((report) => [report.name, report]))
    // The tests below report each missing event.
    await rig.settle().catch((error: unknown) => console.error(String(error)))
  })

  afterAll(async () => {
    if (rig === undefined) return
    writeRows(
      `sdk-${name}-${version}`,
      (['binary', 'structured'] as const).map((mode) =>
        rowOf(
          { producer: name, version, what: `events, ${mode}` },
          events.filter((each) => each.mode === mode).map(({ id }) => [id, fateOf(id)]),
        ),
      ),
    )
    await rig.stop()
  })

  const fateOf = (id: string): Fate =>
    checkCase({ ids: [id], isForClient: true, report: reports.get(id), socket: rig.socket, eventStream: rig.eventStream })

  it.each(events.map((each) => [each.id, each] as const))('%s: arrives once, with its data', (id, sent) => {
    expect(fateOf(id)).toMatchObject({ sent: 1, duplicates: 0, faults: [] })
    // Python 1.x writes `data: null` for absent data, and a client gets that.
    expect(rig.socket.dataOf(id) ?? undefined).toEqual(data[sent.data])
  })

  it.each(mislabelled.map((each) => [each.id, each] as const))('%s: arrives once, or is a dead letter', (id, { mode }) => {
    const arrived = rig.socket.counts.get(id) ?? 0
    // In the copy, the event's id is in the value.
    const isDeadLetter = rig.deadLetters().includes(`"${id}"`)
    expect({ sent: reports.get(id), mode, fate: arrived === 1 || isDeadLetter ? 'known' : 'silence' }).toEqual({
      sent: { name: id, sent: 1 },
      mode,
      fate: 'known',
    })
  })
})
