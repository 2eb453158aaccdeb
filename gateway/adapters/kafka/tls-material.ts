import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { certificatesOf } from '../../../program/pem-certificates.ts'
import { messageOf } from './kafka-error.ts'

/** PEM. Missing parts: the system's authorities, no client certificate. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
}

/** Name of each part in an error, as "KAFKA_TLS_CA_FILE (/etc/ca.pem)". */
export type TlsNames = Readonly<Record<keyof TlsMaterial, string>>

/**
 * Checks the material of a connection. TLS itself would report a fault only at a connection, in riddles and without the file. It would not
 * report an authority that is not PEM at all.
 * @throws Error that names the part, and never shows its content
 */
export function checkTlsMaterial(material: TlsMaterial, names: TlsNames, nowMs: number): TlsMaterial {
  const { ca, cert, key } = material
  if (ca !== undefined) certificatesOf(ca, names.ca)
  if (cert !== undefined && key !== undefined) checkPair(certificatesOf(cert, names.cert), privateKeyOf(key, names.key), names, nowMs)
  try {
    createSecureContext(material)
  } catch (cause) {
    const given = (['ca', 'cert', 'key'] as const).filter((part) => material[part] !== undefined).map((part) => names[part])
    throw new Error(`${given.join(', ')} cannot be used for TLS: ${messageOf(cause instanceof Error ? cause : new Error(String(cause)))}`, {
      cause,
    })
  }
  return material
}

function privateKeyOf(pem: string | Buffer, name: string): KeyObject {
  if (String(pem).includes('ENCRYPTED')) throw new Error(`${name} is a private key with a pass phrase: expected one without`)
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw new Error(`${name} is not a PEM private key`, { cause })
  }
}

/** The first certificate of the file is the client's. Those behind it belong to the authorities between. */
function checkPair([own]: readonly X509Certificate[], key: KeyObject, names: TlsNames, nowMs: number): void {
  if (own === undefined) return
  if (!own.checkPrivateKey(key)) throw new Error(`${names.key} is not the key of the certificate in ${names.cert}`)
  if (own.validToDate.getTime() < nowMs)
    throw new Error(`${names.cert} has expired: its certificate was valid until ${own.validToDate.toISOString()}`)
}
