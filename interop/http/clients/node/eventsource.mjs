// Receives by eventsource. Arguments: URL and token.
import { load, stayAwake, token, url, write, writeMessage } from './lines.mjs'

stayAwake()
const { EventSource } = load('eventsource')
const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
})
source.addEventListener('open', () => write('open', {}))
source.addEventListener('message', ({ data }) => {
  if (writeMessage(data)) process.exit(0)
})
source.addEventListener('error', ({ code, message }) => {
  if (source.readyState === source.CLOSED) write('refused', { code, message })
})
