import type { Dialect, DialectClient, Identity } from './dialect.ts'
import { lastQuoted } from './dialect.ts'

export const channel = 'bench'

/** Protocol of docs/protocol.md. A returning client sends the cursor of its last event. */
export const carillon: Dialect = {
  client: (identity, resumes) => (resumes ? resumingClient(identity) : plainClient(identity)),
  publish: ({ number, data, user }, key) => ({
    path: `/api/${channel}/v1/emit-message`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: `{"id":"${number}","type":"com.example.bench",${user === null ? '"broadcast":true' : `"users":["${user}"]`},"payload":${data}}`,
  }),
  record: ({ number, data, user }) => ({
    value: data,
    headers: {
      ce_specversion: '1.0',
      ce_id: String(number),
      ce_source: '/bench',
      ce_type: 'com.example.bench',
      ce_audience: user === null ? '{"broadcast":true}' : `{"users":["${user}"]}`,
      'content-type': 'application/json',
    },
  }),
}

const path = `/wss/${channel}/v1/ws`
const headersOf = ({ token }: Identity): Record<string, string> => ({ authorization: `Bearer ${token}` })

const plainClient = (identity: Identity): DialectClient => ({
  request: () => ({ path, headers: headersOf(identity) }),
  opened: (wire) => wire.ready(),
  message: (wire, bytes, start, end) => wire.events(bytes, start, end),
})

/** A gap before `resumed` takes its place, and names the session as well. */
const isFirstControl = (message: Buffer): boolean =>
  message.includes('"dev.carillon.resumed"') || (message.includes('"dev.carillon.gap"') && message.includes('"session":'))

function resumingClient(identity: Identity): DialectClient {
  let cursor = 'latest'
  let ticket = ''
  return {
    request: () => ({ path: `${path}?cursor=${cursor}${ticket}`, headers: headersOf(identity) }),
    opened: () => {},
    message: (wire, bytes, start, end) => {
      cursor = lastQuoted(bytes, start, end, '"cursor":"') ?? cursor
      wire.events(bytes, start, end)
      // Sent once: after the missed events, or in place of them.
      if (!isFirstControl(bytes.subarray(start, end))) return
      const given = lastQuoted(bytes, start, end, '"ticket":"')
      if (given !== null) ticket = `&ticket=${given}`
      wire.ready()
    },
  }
}
