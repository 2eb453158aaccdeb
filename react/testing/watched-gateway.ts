import { createMemoryGateway, type MemoryGateway } from '../../client/memory-gateway.ts'

/** A gateway in memory that keeps a list of the sockets which were opened. */
export interface WatchedGateway<Events extends object> extends MemoryGateway<Events> {
  /** URLs of all sockets until now, oldest first. */
  readonly dialled: readonly URL[]
}

export function createWatchedGateway<Events extends object>(): WatchedGateway<Events> {
  const gateway = createMemoryGateway<Events>()
  const dialled: URL[] = []
  class WatchedSocket extends gateway.options.WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      dialled.push(new URL(url))
    }
  }
  return {
    ...gateway,
    // Getters of the memory gateway, which the spread would read once.
    get connections() {
      return gateway.connections
    },
    get sends() {
      return gateway.sends
    },
    options: { ...gateway.options, WebSocket: WatchedSocket },
    dialled,
  }
}
