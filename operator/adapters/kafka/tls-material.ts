import { createSecureContext } from 'node:tls'
import type { TlsMaterial } from '../../../gateway/adapters/kafka/client.ts'
import type { KafkaConnection } from '../../reconcile/topic-admin.ts'
import { UnusableCredentialsError } from './topic-failure.ts'

/** @throws UnusableCredentialsError when it is no PEM, or the key is not the certificate's: at a connection, TLS would say so in riddles, or (of a CA) not at all */
export function tlsMaterial({ ca, certificate, key }: NonNullable<KafkaConnection['tls']>): TlsMaterial {
  const material = { ...(ca === null ? {} : { ca }), ...(certificate === null ? {} : { cert: certificate }), ...(key === null ? {} : { key }) }
  for (const [name, pem] of [['CA', ca], ['client certificate', certificate]] as const) {
    if (pem !== null && !pem.includes('-----BEGIN CERTIFICATE-----')) throw new UnusableCredentialsError(`the ${name} for Kafka is not a PEM certificate`)
  }
  if ((certificate === null) !== (key === null)) throw new UnusableCredentialsError('the client certificate for Kafka and its key are of use together only: one of them is missing')
  try {
    createSecureContext(material)
  } catch (cause) {
    throw new UnusableCredentialsError(`the CA, client certificate or key for Kafka cannot be used; expected PEM, and a key that is the certificate's: ${wordsOf(cause)}`, { cause })
  }
  return material
}

/** OpenSSL names the place and the reason, not the content. */
const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
