import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { certificatesOf } from '../../../program/pem-certificates.ts'
import { wordsOf } from './kafka-error.ts'

/** PEM. What is missing: the system's authorities, no client certificate. */
export interface TlsMaterial {
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
}

/** How each part is called in an error, as "KAFKA_TLS_CA_FILE (/etc/ca.pem)". */
export type TlsNames = Readonly<Record<keyof TlsMaterial, string>>

/**
 * Judges what a connection is to be made with: at a connection, TLS would say what is wrong in riddles, without the file, or (of an authority
 * that is no PEM) not at all.
 * @throws Error that names the part, and never shows what is in it
 */
export function checkTlsMaterial(material: TlsMaterial, names: TlsNames, nowMs: number): TlsMaterial {
  const { ca, cert, key } = material
  if (ca !== undefined) certificatesOf(ca, names.ca)
  if (cert !== undefined && key !== undefined) checkPair(certificatesOf(cert, names.cert), privateKeyOf(key, names.key), names, nowMs)
  try {
    createSecureContext(material)
  } catch (cause) {
    const given = (['ca', 'cert', 'key'] as const).filter((part) => material[part] !== undefined).map((part) => names[part])
    throw new Error(`${given.join(', ')} cannot be used for TLS: ${wordsOf(cause instanceof Error ? cause : new Error(String(cause)))}`, {
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
    throw new Error(`${name} is no PEM private key`, { cause })
  }
}

/** The certificate that is shown is the first of its file; those behind it are of the authorities between. */
function checkPair([own]: readonly X509Certificate[], key: KeyObject, names: TlsNames, nowMs: number): void {
  if (own === undefined) return
  if (!own.checkPrivateKey(key)) throw new Error(`${names.key} is not the key of the certificate in ${names.cert}`)
  if (own.validToDate.getTime() < nowMs)
    throw new Error(`${names.cert} has expired: its certificate was valid until ${own.validToDate.toISOString()}`)
}
