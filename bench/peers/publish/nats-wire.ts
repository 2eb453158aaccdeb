import type { PublishWire } from '../dialects/dialect.ts'

/**
 * Publishes with the text protocol of NATS, which has no HTTP. A PING follows each event: its PONG says that the server has taken what came
 * before, as the answer to a post does.
 */
export const natsWire: PublishWire = {
  greeting: (key) =>
    `CONNECT ${JSON.stringify({ jwt: key, verbose: false, pedantic: false, protocol: 1, lang: 'bench', version: '1' })}\r\n`,
  textOf: ({ path, body }) => `PUB ${path} ${Buffer.byteLength(body)}\r\n${body}\r\nPING\r\n`,
  read: (text) => {
    let reply = ''
    let at = 0
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n', at)) {
      const line = text.slice(at, end)
      at = end + 2
      if (line === 'PONG') return { status: 200, rest: text.slice(at), reply, isLast: false }
      if (line.startsWith('-ERR')) return { status: 400, rest: '', reply, isLast: true }
      if (line === 'PING') reply += 'PONG\r\n'
    }
    return { status: null, rest: text.slice(at), reply, isLast: false }
  },
}
