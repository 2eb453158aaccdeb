import { natsWire } from '../publish/nats-wire.ts'
import type { Dialect, DialectClient, Identity, Wire } from './dialect.ts'

export const broadcastSubject = 'all'
export const userSubjectOf = (user: string): string => `user.${user}`

/** Client protocol of NATS in WebSocket frames: lines of text, and payloads of a length that a line names. It resumes nothing. */
export const nats: Dialect = {
  client: createClient,
  publish: ({ data, user }) => ({ path: user === null ? broadcastSubject : userSubjectOf(user), headers: {}, body: data }),
  publishWire: natsWire,
}

const newline = '\r\n'
const messageLetter = 'M'.charCodeAt(0)

function createClient({ user, natsToken }: Identity): DialectClient {
  /** Bytes of a line or a payload that is not whole: frames end anywhere. */
  let rest: Buffer = Buffer.alloc(0)
  let isGreeted = false

  function readLine(wire: Wire, line: string): void {
    if (line === 'PING') return wire.send(`PONG${newline}`)
    if (line === 'PONG') return wire.ready()
    if (line.startsWith('-ERR')) return wire.fail(line)
    // Later ones announce changes of a cluster.
    if (!line.startsWith('INFO') || isGreeted) return
    isGreeted = true
    wire.send(greetingOf(user, natsToken))
  }

  return {
    request: () => ({ path: '/', headers: {}, subprotocol: null }),
    opened: () => {
      rest = Buffer.alloc(0)
      isGreeted = false
    },
    message: (wire, bytes, start, end) => {
      const stream = rest.length === 0 ? bytes.subarray(start, end) : Buffer.concat([rest, bytes.subarray(start, end)])
      rest = Buffer.from(stream.subarray(readStream(wire, stream, readLine)))
    },
  }
}

/** The answer to the PING comes when the server has taken both subscriptions. */
function greetingOf(user: string, natsToken: string): string {
  const options = { jwt: natsToken, verbose: false, pedantic: false, protocol: 1, lang: 'bench', version: '1' }
  return [`CONNECT ${JSON.stringify(options)}`, `SUB ${broadcastSubject} 1`, `SUB ${userSubjectOf(user)} 2`, 'PING', ''].join(newline)
}

/** Reads what is whole. @returns where the rest begins */
function readStream(wire: Wire, stream: Buffer, onLine: (wire: Wire, line: string) => void): number {
  for (let at = 0; ;) {
    const lineEnd = stream.indexOf(newline, at, 'latin1')
    if (lineEnd < 0) return at
    const bodyAt = lineEnd + newline.length
    if (stream[at] === messageLetter) {
      const bodyEnd = bodyAt + Number(stream.toString('latin1', stream.lastIndexOf(' ', lineEnd, 'latin1') + 1, lineEnd))
      if (bodyEnd + newline.length > stream.length) return at
      wire.events(stream, bodyAt, bodyEnd)
      at = bodyEnd + newline.length
    } else {
      onLine(wire, stream.toString('latin1', at, lineEnd))
      at = bodyAt
    }
  }
}
