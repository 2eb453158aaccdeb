/** Address of a broker. The host has no brackets, also when it is an IPv6 address. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/**
 * Reads host:port or [IPv6]:port, as the option KAFKA_BROKERS has checked it.
 * @throws when the text is neither
 */
export function parseBroker(text: string): BrokerAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined)
    throw new Error(`${JSON.stringify(text)} is not a broker: write host:port, and an IPv6 address in brackets, as [::1]:9092`)
  return { host, port: Number(port) }
}

/** Writes an address as people write it: an IPv6 address in brackets. */
export function brokerName({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
