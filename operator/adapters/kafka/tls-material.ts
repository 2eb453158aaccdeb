import { messageOf } from '../../../program/message-of.ts'
import { checkTlsMaterial, type TlsMaterial } from '../../../gateway/adapters/kafka/tls-material.ts'
import type { KafkaConnection } from '../../reconcile/topic/topic-admin.ts'
import { UnusableCredentialsError } from './topic-failure.ts'

const names = { ca: 'the CA for Kafka', cert: 'the client certificate for Kafka', key: 'the key of the client certificate for Kafka' }

/**
 * Builds the TLS options. @throws UnusableCredentialsError when a text is not PEM, has expired, or when the key does not match the
 * certificate
 */
export function tlsMaterial({ ca, certificate, key }: NonNullable<KafkaConnection['tls']>): TlsMaterial {
  if ((certificate === null) !== (key === null))
    throw new UnusableCredentialsError('the client certificate for Kafka or its key is missing; set both')
  const material = {
    ...(ca === null ? {} : { ca }),
    ...(certificate === null ? {} : { cert: certificate }),
    ...(key === null ? {} : { key }),
  }
  try {
    return checkTlsMaterial(material, names, Date.now())
  } catch (cause) {
    throw new UnusableCredentialsError(messageOf(cause), { cause })
  }
}
