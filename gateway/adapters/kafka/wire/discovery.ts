import { brokerName, type BrokerAddress } from './broker-address.ts'
import type { BrokerLink, ConnectBroker } from './broker-link.ts'
import { clusterViewOf, metadataRequest, type ClusterView } from './metadata.ts'

/** Asks any known broker for the state of the cluster. */
export interface Discovery {
  /**
   * Sends one request to one broker. After a failure, the next call asks another. The list is turned by one each time, and holds the
   * configured brokers and those of the last answer. Rejects with BrokerError (refused credentials and topics included).
   */
  describe(topic: string): Promise<ClusterView>
  /** Makes the next call ask another broker: the answer of this one was false or is out of date. */
  turn(): void
  /** Closes at once and permanently. Idempotent. */
  close(): void
}

/** Short, so that each entry of the list is tried soon. Longer than a healthy broker takes. */
export const firstTimeoutMs = 1_500
/** The time doubles when the whole list has failed: on a busy machine the silence may be the gateway's own. */
export const maxTimeoutMs = 12_000

export function createDiscovery({
  brokers,
  connect,
}: {
  readonly brokers: readonly BrokerAddress[]
  readonly connect: ConnectBroker
}): Discovery {
  const closing = new AbortController()
  let learnt: readonly BrokerAddress[] = []
  let current: { readonly link: Promise<BrokerLink> } | null = null
  let attempts = 0
  let failures = 0

  function nextBroker(): BrokerAddress {
    const known = new Map([...brokers, ...learnt].map((broker) => [brokerName(broker), broker]))
    const list = [...known.values()]
    const broker = list[attempts++ % list.length]
    if (broker === undefined) throw new Error('a discovery needs a broker to begin with')
    return broker
  }

  function turn(): void {
    void current?.link.then(
      (link) => link.close(),
      () => undefined,
    ) // the caller of a link that never opened has got the error
    current = null
  }

  return {
    async describe(topic) {
      const timeoutMs = Math.min(maxTimeoutMs, firstTimeoutMs * 2 ** Math.floor(failures / brokers.length))
      current ??= { link: connect(nextBroker(), { signal: closing.signal, connectTimeoutMs: timeoutMs }) }
      const used = current
      try {
        const link = await used.link
        const view = clusterViewOf(await link.ask(metadataRequest(link, [topic]), { timeoutMs }), topic)
        learnt = [...view.brokers.values()].map(({ host, port }) => ({ host, port }))
        failures = 0
        return view
      } catch (cause) {
        failures += 1
        if (current === used) turn()
        throw cause
      }
    },
    turn,
    close() {
      closing.abort()
      turn()
    },
  }
}
