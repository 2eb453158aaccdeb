import { afterAll, beforeAll, describe } from 'vitest'
import { type ForeignProgram, goProgram, startForeign } from './testing/foreign-client.ts'
import type { PlannedEvent } from './testing/planned-event.ts'
import { type Rig, startRig } from './testing/rig.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

const client = { name: 'sdk-go', version: versionOf('github.com/cloudevents/sdk-go/v2') }
const knative = { ...client, name: "sdk-go with Knative's rule" }

/**
 * Knative's brokers and dispatchers read one byte of an answer with 2xx. If there is one and the answer is not a CloudEvent, the delivery
 * has failed and is retried. With `Prefer: reply` they announce that they take a CloudEvent as the answer.
 */
describe('answers that are read as events', () => {
  const trial = tabulate('sdk-go-answers')
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig?.stop())

  const run = async (program: ForeignProgram, input = ''): Promise<unknown> => {
    const foreign = startForeign(program, input)
    await foreign.ended().finally(() => foreign.kill())
    return JSON.parse(foreign.texts('answer')[0] ?? 'null')
  }
  const has = async (id: string): Promise<boolean> => (await rig.settle()).some((event) => event.id === id)

  for (const prefer of ['reply', 'reply, respond-async', 'return=minimal']) {
    trial({
      client: knative,
      what: `emits an event with Prefer: ${prefer}, and the delivery has not failed`,
      arrives: { answer: { status: 202, encoding: 'unknown', bytes: 0, failed: false }, event: true },
      act: async () => ({
        answer: await run(goProgram('knative', [rig.eventsUrl, `knative ${prefer}`, prefer])),
        event: await has(`knative ${prefer}`),
      }),
    })
  }

  trial({
    client,
    what: "emits an event by the client's Request with Prefer: reply, which is acknowledged without a reply",
    arrives: { answer: { acknowledged: true, hasReply: false }, event: true },
    act: async () => ({ answer: await run(goProgram('request', [rig.eventsUrl, 'request', 'reply'])), event: await has('request') }),
  })

  const planned = (name: string): PlannedEvent => ({
    name,
    mode: 'structured',
    source: '/interop',
    subject: '',
    contentType: 'application/json',
    kind: 'json',
    text: '1',
    extensions: { audience: '{"users":["u1"]}' },
  })

  trial({
    client,
    what: 'emits a batch of two events, and both arrive',
    arrives: {
      answer: { status: 202, body: '{"events":[{"id":"batch 1","source":"/interop"},{"id":"batch 2","source":"/interop"}]}' },
      events: [true, true],
    },
    act: async () => ({
      answer: await run(goProgram('batch', [rig.eventsUrl]), JSON.stringify([planned('batch 1'), planned('batch 2')])),
      events: [await has('batch 1'), await has('batch 2')],
    }),
  })

  trial({
    client,
    what: 'emits an empty batch, and it is accepted',
    arrives: { status: 202, body: '{"events":[]}' },
    act: () => run(goProgram('batch', [rig.eventsUrl]), '[]'),
  })
})
