import { websocketFraming } from '../../gateway/adapters/ws/frame.ts'
import type { Socket, SocketHandlers } from '../../gateway/session/socket.ts'

/** A socket that takes all frames at no cost, so that only the core is measured. */
export class OpenSocket implements Socket {
  readonly framing = websocketFraming
  bytes = 0
  #handlers: SocketHandlers | null = null

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
  }

  write(frames: Buffer): boolean {
    this.bytes += frames.length
    return true
  }

  ping(): void {
    this.#handlers?.alive()
  }

  close(): void {
    this.terminate()
  }

  terminate(): void {
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }
}
