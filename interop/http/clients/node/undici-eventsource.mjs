// Receives by undici's EventSource, which can send a cookie or a header only by its dispatcher. Arguments: URL and token.
import { load, stayAwake, token, url, write, writeMessage } from './lines.mjs'

stayAwake()
const { Agent, EventSource } = load('undici')
const dispatcher = new Agent().compose(
  (dispatch) => (options, handler) => dispatch({ ...options, headers: withToken(options.headers) }, handler),
)
const withToken = (headers) =>
  Array.isArray(headers) ? [...headers, 'Authorization', `Bearer ${token}`] : { ...headers, Authorization: `Bearer ${token}` }
const source = new EventSource(url, { node: { dispatcher } })
source.addEventListener('open', () => write('open', {}))
source.addEventListener('message', ({ data }) => {
  if (writeMessage(data)) process.exit(0)
})
source.addEventListener('error', () => {
  if (source.readyState === source.CLOSED) write('refused', {})
})
