// The CloudEvents SDK for JavaScript makes and encodes the events of the plan; fetch sends them. Argument: URL.
import { readFileSync } from 'node:fs'
import { load, url, write } from './lines.mjs'

const { CloudEvent, HTTP } = load('cloudevents')
const read = { json: JSON.parse, text: String, bytes: (text) => new Uint8Array(Buffer.from(text, 'base64')), none: () => undefined }

function encode({ name, mode, source, subject, contentType, kind, text, extensions }) {
  const made = new CloudEvent({
    id: name,
    source,
    type: 'interop.sdk',
    ...extensions,
    ...(subject === '' ? {} : { subject }),
    ...(contentType === '' ? {} : { datacontenttype: contentType }),
    ...(kind === 'none' ? {} : { data: read[kind](text) }),
  })
  return mode === 'structured' ? HTTP.structured(made) : HTTP.binary(made)
}

for (const event of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const { headers, body } = encode(event)
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) })
    const answerText = await answer.text()
    write('sent', { name: event.name, status: answer.status, ...(answer.ok ? {} : { error: answerText }) })
  } catch (error) {
    write('sent', { name: event.name, error: String(error.cause ?? error) })
  }
}
