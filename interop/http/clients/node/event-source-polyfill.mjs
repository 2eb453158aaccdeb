// Receives by event-source-polyfill. Arguments: URL, token, and options of it as JSON.
import { load, more, stayAwake, token, url, write, writeMessage } from './lines.mjs'

stayAwake()
const { EventSourcePolyfill } = load('event-source-polyfill')
const source = new EventSourcePolyfill(url, { headers: { Authorization: `Bearer ${token}` }, ...JSON.parse(more[0] ?? '{}') })
source.addEventListener('open', () => write('open', {}))
source.addEventListener('message', ({ data }) => {
  if (writeMessage(data)) process.exit(0)
})
source.addEventListener('error', () => {
  if (source.readyState === source.CLOSED) write('refused', {})
})
