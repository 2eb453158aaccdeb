import type { Socket } from 'node:net'
import { brokerName, type BrokerAddress } from './broker-address.ts'

const lengthBytes = 4
/** Each response begins with the number of its request. */
const leastAnswerBytes = 4

/** The parts of a kafkajs connection that the guard uses. */
interface FramedConnection extends BrokerAddress {
  readonly socket?: Socket
  readonly authHandlers: object | null
  readonly authExpectResponse: boolean
  processData(data: Buffer): void
}

/**
 * Ends the connection when the broker announces a response that is longer than the bound, or shorter than any response is. kafkajs believes
 * the length, and keeps all bytes until then. At a response too short it throws in the socket's listener. This guard reads each length when
 * it arrives, before kafkajs keeps anything.
 *
 * A connection that is opened again begins with an empty memory: kafkajs would go on behind the half response of the connection before.
 */
export function watchFrames(connection: FramedConnection, maxAnswerBytes: number): void {
  const process = connection.processData.bind(connection)
  let socket = connection.socket
  let frames = createFrameGuard(maxAnswerBytes)
  connection.processData = (data) => {
    if (socket !== connection.socket) {
      socket = connection.socket
      frames = createFrameGuard(maxAnswerBytes)
      Object.assign(connection, { chunks: [], bytesBuffered: 0, bytesNeeded: lengthBytes })
    }
    if (socket?.destroyed === true) return
    // Credentials that are exchanged without SaslAuthenticate (brokers before 1.0) have no frames.
    const isRaw = connection.authHandlers !== null && !connection.authExpectResponse
    const refused = isRaw ? null : frames.refuses(data)
    if (refused === null) process(data)
    else
      socket?.destroy(
        new Error(
          `the broker ${brokerName(connection)} announced a response of ${refused} bytes; expected ${leastAnswerBytes} to ${maxAnswerBytes}${otherProtocol(refused)}`,
        ),
      )
  }
}

/** Returns the protocol of the first four bytes, if they are not a length: an alert of TLS, or HTTP. */
function otherProtocol(length: number): string {
  if (length >>> 16 === 0x1503) return ': this port speaks TLS, and this client does not'
  return length === 0x48545450 ? ': this port speaks HTTP, not Kafka' : ''
}

/** Follows the lengths in a stream of responses. */
export function createFrameGuard(maxAnswerBytes: number): { refuses(data: Buffer): number | null } {
  let left = 0
  let length = 0
  let lengthHas = 0

  /**
   * Takes one byte of the length before a response.
   * @returns whether that was the last
   */
  function takeLengthByte(byte: number): boolean {
    length = (length << 8) | byte // the fourth byte gives the sign
    lengthHas += 1
    return lengthHas === lengthBytes
  }

  return {
    /** @returns an announced length that is out of bounds, or null */
    refuses(data) {
      for (let at = 0; at < data.length;) {
        const body = Math.min(left, data.length - at)
        at += body
        left -= body
        const byte = left === 0 ? data[at++] : undefined
        if (byte === undefined || !takeLengthByte(byte)) continue
        if (length < leastAnswerBytes || length > maxAnswerBytes) return length
        ;[left, length, lengthHas] = [length, 0, 0]
      }
      return null
    },
  }
}
