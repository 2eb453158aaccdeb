import type { AnyEvent } from './judge-event.ts'
import { type Lab, makeEvent, type Observation } from './lab.ts'
import { structuredMessage } from './messages.ts'
import { type Item, openSocketStream, type EventStream } from './streams.ts'

/** Events that were sent, and all that the WebSocket brought meanwhile. */
export interface Samples {
  readonly sent: Readonly<Record<SampleName, AnyEvent>>
  readonly items: readonly Item[]
  /** The samples that arrived, by name. */
  readonly arrived: Readonly<Partial<Record<SampleName, AnyEvent>>>
  /** Sentence that says why samples are missing; null: all arrived. */
  readonly problem: string | null
}

export type SampleName = 'attributes' | 'unset' | 'text' | 'bytes' | 'large'

export const euro = 'Euro € 😀'
const sizeLimitBytes = 65_536

/** The samples. The large one has 64 KiB on the wire. */
function makeSamples(lab: Lab): Samples['sent'] {
  const large = makeEvent(lab, { datacontenttype: 'application/json', data: '' })
  const room = sizeLimitBytes - Buffer.byteLength(JSON.stringify(large))
  return {
    attributes: makeEvent(lab, {
      time: '2018-04-05T17:31:00.123Z',
      subject: euro,
      datacontenttype: 'application/json; charset=utf-8',
      dataschema: 'https://example.com/schema/1',
      comexampletext: 'value',
      comexampleinteger: 5,
      comexampleboolean: true,
      data: { text: euro, nested: [1, null, { deep: 'a"b\\c\u2028' }] },
    }),
    unset: makeEvent(lab, { subject: null, data: null }),
    text: makeEvent(lab, { datacontenttype: 'text/plain', data: '{"text": "as it is"}' }),
    bytes: makeEvent(lab, { datacontenttype: 'application/octet-stream', data_base64: 'AP+AQQ==' }),
    large: { ...large, data: 'x'.repeat(room) },
  }
}

/** Sends the samples by POST, or over the WebSocket where no target of POST was given, and reads what arrives. */
export const samples: Observation<Samples> = {
  make: async (lab) => {
    const sent = makeSamples(lab)
    const opened = await openSocketStream(lab)
    if (opened.kind !== 'open') return { sent, items: [], arrived: {}, problem: `The WebSocket did not open: ${opened.reason}.` }
    const { stream } = opened
    try {
      return await watch(lab, sent, stream)
    } finally {
      stream.close()
    }
  },
}

async function watch(lab: Lab, sent: Samples['sent'], stream: EventStream): Promise<Samples> {
  const items: Item[] = []
  const arrived: Partial<Record<SampleName, AnyEvent>> = {}
  const refused: string[] = []
  // The keys of the table.
  for (const [name, event] of Object.entries(sent) as [SampleName, AnyEvent][]) {
    const refusal = await send(lab, stream, event)
    if (refusal !== null) {
      refused.push(`${name}: ${refusal}`)
      continue
    }
    const seen = await stream.until(({ id, source }) => id === event['id'] && source === event['source'])
    items.push(...seen.items)
    if (seen.found !== null) arrived[name] = seen.found
    else if (Object.keys(arrived).length === 0) break
    else refused.push(`${name}: it did not arrive`)
  }
  if (Object.keys(arrived).length > 0) return { sent, items, arrived, problem: refused.length === 0 ? null : `${refused.join('; ')}.` }
  const how = lab.emit === null ? 'The server sent no event back for one that it got on the WebSocket' : 'No event that was sent arrived'
  return { sent, items, arrived, problem: `${how} within ${lab.timeoutMs} ms.${refused.length === 0 ? '' : ` ${refused.join('; ')}.`}` }
}

/** Returns what was wrong with the answer; null: nothing. */
async function send(lab: Lab, stream: EventStream, event: AnyEvent): Promise<string | null> {
  if (lab.emit === null) {
    stream.send(JSON.stringify(event))
    return null
  }
  const answer = await lab.post(structuredMessage(event))
  if (!answer.ok) return answer.error
  return answer.value.status >= 200 && answer.value.status < 300 ? null : `it was answered ${answer.value.status}`
}
