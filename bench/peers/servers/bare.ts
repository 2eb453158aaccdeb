/** The floor: node:net writes a finished frame to its recipients, and does nothing else. No handshake, no tokens. */
import { createServer, type Socket } from 'node:net'
import { websocketFraming } from '../../../gateway/adapters/ws/frame.ts'
import { createPublishServer } from './by-hand.ts'
import { readServerEnvironment } from './environment.ts'

const environment = readServerEnvironment(process.env)
const everybody = new Set<Socket>()
const ofUser = new Map<string, Set<Socket>>()
/** Header and mask of a masked frame with a short text. */
const headBytes = 6

const server = createServer({ noDelay: true }, (socket) => {
  everybody.add(socket)
  let own: Set<Socket> | null = null
  socket.once('data', (bytes) => {
    const user = bytes.toString('latin1', headBytes)
    own = (ofUser.get(user) ?? new Set()).add(socket)
    ofUser.set(user, own)
    socket.resume()
  })
  socket.on('close', () => {
    everybody.delete(socket)
    own?.delete(socket)
  })
  // The client of the benchmark has gone: `close` follows.
  socket.on('error', () => {})
})

createPublishServer(environment.key, (event, user) => {
  const payload = Buffer.from(JSON.stringify(event))
  const frame = Buffer.concat([websocketFraming.before(payload.length, null), payload])
  for (const socket of user === null ? everybody : (ofUser.get(user) ?? [])) socket.write(frame)
}).listen(environment.publishPort, '127.0.0.1')

process.on('SIGTERM', () => process.exit(0))

server.listen(environment.port, '127.0.0.1', 4096)
