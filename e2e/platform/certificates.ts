import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { bits, der, field, integer, octets, oid, sequence, setOf, text, utcTime, yes } from './der.ts'

/** A certificate and its private key, both in PEM. */
export interface Credentials {
  readonly certificate: string
  readonly key: string
}

export interface Validity {
  readonly now: Date
  readonly days: number
}

const dayMs = 86_400_000
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))

/** An authority of its own: it signs for whoever has its key, and nobody trusts it but who is told to. */
export function createAuthority(commonName: string, validity: Validity): Credentials {
  const { publicKey, privateKey } = newKey()
  const extensions = [
    critical('2.5.29.19', sequence(yes)), // basicConstraints: it is an authority
    critical('2.5.29.15', bits(Buffer.from([0x06]), 1)), // keyUsage: signs certificates and revocation lists
    extension('2.5.29.14', octets(keyId(publicKey))),
  ]
  const unsigned = toBeSigned({ subject: commonName, issuer: commonName, publicKey, extensions, validity })
  return { certificate: signed(unsigned, privateKey), key: pemOf(privateKey) }
}

/** A server's certificate for these DNS names (`*.` in front stands for one label) and 127.0.0.1. */
export function issueCertificate(authority: Credentials, dnsNames: readonly string[], validity: Validity): Credentials {
  const { publicKey, privateKey } = newKey()
  const signer = new X509Certificate(authority.certificate)
  const names = [...dnsNames.map((name) => der(0x82, Buffer.from(name, 'ascii'))), der(0x87, Buffer.from([127, 0, 0, 1]))]
  const extensions = [
    extension('2.5.29.17', sequence(...names)), // subjectAltName
    critical('2.5.29.15', bits(Buffer.from([0x80]), 7)), // keyUsage: signs handshakes
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))), // extKeyUsage: a server's
    extension('2.5.29.14', octets(keyId(publicKey))),
    extension('2.5.29.35', sequence(der(0x80, keyId(signer.publicKey)))),
  ]
  const unsigned = toBeSigned({ subject: dnsNames[0] ?? '127.0.0.1', issuer: commonNameOf(signer), publicKey, extensions, validity })
  return { certificate: signed(unsigned, authority.key), key: pemOf(privateKey) }
}

/** Whether the certificate is the authority's, covers all of the names, and is good for a day at least: else another is to be issued. */
export function isUsable(certificate: string, authority: string, dnsNames: readonly string[], now: Date): boolean {
  const [subject, signer] = [new X509Certificate(certificate), new X509Certificate(authority)]
  const isOurs = subject.verify(signer.publicKey)
  const isFresh = [subject, signer].every(({ validToDate }) => validToDate.getTime() > now.getTime() + dayMs)
  const isNamed = dnsNames.every((name) => subject.checkHost(name.replace(/^\*\./, 'any.')) !== undefined)
  return isOurs && isFresh && isNamed
}

interface Contents {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
  readonly validity: Validity
}

/** RFC 5280, 4.1: what is signed, version 3. It is good since an hour, because clocks differ. */
function toBeSigned({ subject, issuer, publicKey, extensions, validity: { now, days } }: Contents): Buffer {
  return sequence(
    field(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(utcTime(new Date(now.getTime() - 3_600_000)), utcTime(new Date(now.getTime() + days * dayMs))),
    nameOf(subject),
    spkiOf(publicKey),
    field(3, sequence(...extensions)),
  )
}

function signed(unsigned: Buffer, key: KeyObject | string): string {
  const whole = sequence(unsigned, ecdsaWithSha256, bits(sign('sha256', unsigned, key)))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

const newKey = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const keyId = (key: KeyObject): Buffer => createHash('sha1').update(spkiOf(key)).digest()
const nameOf = (commonName: string): Buffer => sequence(setOf(sequence(oid('2.5.4.3'), text(commonName))))
const commonNameOf = (certificate: X509Certificate): string => String(certificate.toLegacyObject().subject.CN)
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), octets(value))
const critical = (id: string, value: Buffer): Buffer => sequence(oid(id), yes, octets(value))
