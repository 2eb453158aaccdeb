import { afterAll, beforeAll, describe } from 'vitest'
import { places } from './places.ts'
import { type ForeignProgram, goProgram, nodeProgram, pythonProgram, startForeign } from './testing/foreign-client.ts'
import type { PlannedEvent, SentReport } from './testing/planned-event.ts'
import { asGiven, type Rig, startRig } from './testing/rig.ts'
import { type Client, tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

interface Sdk extends Client {
  readonly program: (url: string) => ForeignProgram
  /** Names of events that the SDK changes before it sends them. */
  readonly cannot: readonly string[]
}

const sdks: readonly Sdk[] = [
  {
    name: 'cloudevents for Python',
    version: versionOf('cloudevents 1'),
    program: (url) => pythonProgram('cloudevents_sdk.py', [url, '1'], [places.pythonCloudEvents1, places.python]),
    cannot: [],
  },
  {
    name: 'cloudevents for Python',
    version: versionOf('cloudevents'),
    program: (url) => pythonProgram('cloudevents_sdk.py', [url, '2']),
    cannot: [],
  },
  { name: 'sdk-go', version: versionOf('github.com/cloudevents/sdk-go/v2'), program: (url) => goProgram('cloudevents', [url]), cannot: [] },
  // It declares bytes without a content type as JSON.
  {
    name: 'cloudevents for JavaScript',
    version: versionOf('cloudevents (npm)'),
    program: (url) => nodeProgram('cloudevents.mjs', [url]),
    cannot: ['binary, bytes without a content type'],
  },
]

interface Sample {
  readonly title: string
  readonly event: Partial<PlannedEvent>
  /** Members that the client must receive beside id, source and type. */
  readonly arrives: Readonly<Record<string, unknown>>
  readonly modes?: readonly PlannedEvent['mode'][]
}

const samples: readonly Sample[] = [
  {
    title: 'JSON data',
    event: { contentType: 'application/json', kind: 'json', text: '{"a":1,"b":"€ 😀 100%"}' },
    arrives: { datacontenttype: 'application/json', data: { a: 1, b: '€ 😀 100%' } },
  },
  {
    title: 'a text',
    event: { contentType: 'text/plain', kind: 'text', text: 'Euro € 😀 "q" 100%' },
    arrives: { datacontenttype: 'text/plain', data: 'Euro € 😀 "q" 100%' },
  },
  {
    title: 'bytes',
    event: { contentType: 'application/octet-stream', kind: 'bytes', text: 'AAH/' },
    arrives: { datacontenttype: 'application/octet-stream', data_base64: 'AAH/' },
  },
  { title: 'bytes without a content type', event: { kind: 'bytes', text: 'AAH/' }, arrives: { data_base64: 'AAH/' } },
  {
    title: 'a subject with percent signs',
    event: { contentType: 'application/json', kind: 'json', text: '1', subject: '100% of a%zz' },
    arrives: { datacontenttype: 'application/json', subject: '100% of a%zz', data: 1 },
  },
  {
    title: 'a number and a boolean as extensions',
    event: { contentType: 'application/json', kind: 'json', text: '1', extensions: { priority: 5, urgent: false } },
    arrives: { datacontenttype: 'application/json', priority: 5, urgent: false, data: 1 },
    modes: ['structured'],
  },
  {
    title: 'a source that is percent-encoded',
    event: { contentType: 'application/json', kind: 'json', text: '1', source: '/o/a%2Fb' },
    arrives: { datacontenttype: 'application/json', data: 1 },
    modes: ['structured'],
  },
]

const planned = ({ title, event, modes = ['binary', 'structured'] }: Sample): readonly PlannedEvent[] =>
  modes.map((mode) => ({
    name: `${mode}, ${title}`,
    mode,
    source: '/interop',
    subject: '',
    contentType: '',
    kind: 'none',
    text: '',
    ...event,
    extensions: { ...event.extensions, audience: '{"users":["u1"]}' },
  }))

describe.each(sdks)('events of $name $version', ({ program, cannot, ...client }) => {
  const trial = tabulate(`sdk-${client.name.replaceAll(' ', '-')}-${client.version}`)
  let rig: Rig
  let reports: readonly SentReport[] = []
  let arrived: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map()

  beforeAll(async () => {
    rig = await startRig()
    const foreign = startForeign(program(rig.eventsUrl), JSON.stringify(samples.flatMap(planned)))
    await foreign.ended().finally(() => foreign.kill())
    reports = foreign.texts('sent').map((text) => JSON.parse(text) as SentReport)
    arrived = new Map((await rig.settle()).map((event) => [event.id, asGiven(event)]))
  })
  afterAll(() => rig?.stop())

  for (const sample of samples) {
    for (const { name, source, mode } of planned(sample)) {
      if (cannot.includes(name)) continue
      trial({
        client,
        what: `emits ${sample.title} in ${mode} mode, and it arrives unchanged`,
        arrives: { status: 202, event: { specversion: '1.0', id: name, source, type: 'interop.sdk', ...sample.arrives } },
        act: () => {
          const { name: _name, ...sent }: Partial<SentReport> = reports.find((report) => report.name === name) ?? {}
          return Promise.resolve({ ...sent, event: arrived.get(name) })
        },
      })
    }
  }
})
