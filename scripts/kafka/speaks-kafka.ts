import { connect } from 'node:net'

/**
 * Returns true when a Kafka broker answers there. It asks for API versions: a port that is merely open, or a broker that is still starting,
 * does not answer that.
 */
export function speaksKafka(host: string, port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    let received = Buffer.alloc(0)
    socket.setTimeout(timeoutMs, () => settle(false))
    socket.once('error', () => settle(false))
    socket.once('close', () => settle(false))
    socket.once('connect', () => socket.write(apiVersionsRequest))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 8) settle(received.readInt32BE(4) === correlationId)
    })
  })
}

const correlationId = 0x63_61_72_69

/** Size, api key 18 (ApiVersions), version 0, correlation id, no client id. */
const apiVersionsRequest = (() => {
  const request = Buffer.alloc(14)
  request.writeInt32BE(10, 0)
  request.writeInt16BE(18, 4)
  request.writeInt16BE(0, 6)
  request.writeInt32BE(correlationId, 8)
  request.writeInt16BE(-1, 12)
  return request
})()
