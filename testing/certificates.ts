// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 resolves its parts by tsyringe, which needs this polyfill first
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate and its private key, both in PEM. */
export interface Credentials {
  readonly certificate: string
  readonly key: string
}

export interface Validity {
  readonly now: Date
  readonly days: number
}

export interface IssueParts {
  /** @default the first DNS name */
  readonly commonName?: string
  /** DNS names; a leading `*.` stands for one label. The certificate is also for 127.0.0.1 and ::1. */
  readonly dnsNames: readonly string[]
  readonly validity: Validity
}

const dayMs = 86_400_000
const hourMs = 3_600_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const { subtle } = globalThis.crypto

/** Makes a certificate authority of its own. Only clients that are given its certificate trust it. */
export async function createAuthority(commonName: string, validity: Validity): Promise<Credentials> {
  const keys = await newKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(commonName),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
    ...datesOf(validity),
  })
  return { certificate: pemOf(certificate), key: await keyPemOf(keys.privateKey) }
}

/** Makes a key and a certificate for a server and client with these names, signed by the authority. */
export async function issueCertificate(authority: Credentials, parts: IssueParts): Promise<Credentials> {
  const keys = await newKeys()
  return {
    certificate: await certifyKey(authority, keys.publicKey, parts),
    key: await keyPemOf(keys.privateKey),
  }
}

/** Makes a certificate for a key that exists. @param publicKey SPKI in PEM, or a key of WebCrypto */
export async function certifyKey(authority: Credentials, publicKey: CryptoKey | string, parts: IssueParts): Promise<string> {
  const signer = new X509Certificate(authority.certificate)
  const { commonName = parts.dnsNames[0] ?? '127.0.0.1', dnsNames, validity } = parts
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...['127.0.0.1', '::1'].map((value) => ({ type: 'ip', value }) as const),
  ]
  const extensions: readonly Extension[] = [
    new SubjectAlternativeNameExtension(names),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    await AuthorityKeyIdentifierExtension.create(signer),
  ]
  const certificate = await X509CertificateGenerator.create({
    subject: nameOf(commonName),
    issuer: signer.subjectName,
    publicKey: typeof publicKey === 'string' ? PemConverter.decodeFirst(publicKey) : publicKey,
    signingKey: await signingKeyOf(authority),
    signingAlgorithm: algorithm,
    extensions: [...extensions],
    ...datesOf(validity),
  })
  return pemOf(certificate)
}

const newKeys = (): Promise<CryptoKeyPair> => subtle.generateKey(algorithm, true, ['sign', 'verify'])
const signingKeyOf = ({ key }: Credentials): Promise<CryptoKey> =>
  subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, false, ['sign'])
const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem')}\n`
const keyPemOf = async (key: CryptoKey): Promise<string> =>
  `${PemConverter.encode(await subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag)}\n`
const nameOf = (commonName: string): { readonly CN: string[] }[] => [{ CN: [commonName] }]

/** Begins an hour ago, because clocks differ. */
const datesOf = ({ now, days }: Validity): { readonly notBefore: Date; readonly notAfter: Date } => ({
  notBefore: new Date(now.getTime() - hourMs),
  notAfter: new Date(now.getTime() + days * dayMs),
})
