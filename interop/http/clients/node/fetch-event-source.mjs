// Receives by @microsoft/fetch-event-source, made for pages: it takes timers and fetch from `window`. Arguments: URL and token.
import { load, stayAwake, token, url, write, writeMessage } from './lines.mjs'

stayAwake()
globalThis.window = globalThis
const { fetchEventSource } = load('@microsoft/fetch-event-source')
await fetchEventSource(url, {
  headers: { Authorization: `Bearer ${token}` },
  openWhenHidden: true,
  onopen: (response) => {
    if (!response.ok) throw new Error(`refused with ${response.status}`)
    write('open', {})
  },
  onmessage: ({ event, data }) => {
    if (event === '' && data !== '' && writeMessage(data)) process.exit(0)
    // It passes on a block without data as a message, which EventSource does not.
    if (data === '') write('empty', {})
  },
  // The library reconnects after an error, and after an end that throws.
  onclose: () => {
    throw new Error('the stream ended')
  },
})
