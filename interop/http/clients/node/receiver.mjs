// A server made of the CloudEvents SDK for JavaScript, as its README shows. It decodes each request, and answers with the same event:
// in structured mode if the request was in binary mode, and in binary mode otherwise.
import { createServer } from 'node:http'
import { load, write } from './lines.mjs'

const { HTTP } = load('cloudevents')

function answer({ headers }, bytes) {
  const type = headers['content-type'] ?? ''
  const event = HTTP.toEvent({ headers, body: /json|text|xml/i.test(type) ? bytes.toString() : bytes })
  if (Array.isArray(event)) return { status: 204, headers: {} }
  const message = /^application\/cloudevents/i.test(type) ? HTTP.binary(event) : HTTP.structured(event)
  // The SDK holds data_base64 as 32-bit numbers, one for each byte.
  return { status: 200, headers: message.headers, body: ArrayBuffer.isView(message.body) ? Uint8Array.from(message.body) : message.body }
}

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  try {
    const { status, headers, body } = answer(request, Buffer.concat(chunks))
    response.writeHead(status, headers).end(body)
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error))
  }
})
server.listen(0, '127.0.0.1', () => write('listening', server.address().port))
