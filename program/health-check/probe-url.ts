/** Addresses that a program listens to as "all", and one at which its own container reaches it. */
const loopbackOf: Readonly<Record<string, string>> = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '[::1]' }

/** Returns the URL of the readiness probe of the program that these options start. */
export function probeUrl(env: Readonly<Record<string, string | undefined>>): string {
  const { INTERNAL_HOST: host = '', INTERNAL_PORT: port = '' } = env
  const address = loopbackOf[host] ?? (host.includes(':') ? `[${host}]` : host)
  return `http://${address}:${port === '' ? '9000' : port}/readyz`
}
