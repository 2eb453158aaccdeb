import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createAuthority, issueCertificate, type Credentials } from '../../testing/certificates.ts'
import { createIdentity, createSigningKey, type Identity } from './identity.ts'
import { dnsNames, type Place } from './place.ts'

/**
 * Files of a platform on this machine, kept between two `make up`: an authority, a certificate that it signed, and a key that signs tokens.
 */
export interface OwnFiles {
  readonly ca: Credentials
  readonly tls: Credentials
  readonly identity: Identity
}

const dayMs = 86_400_000
const authorityDays = 3650
// Browsers refuse more than 398 days of public authorities; 365 days suit all of them.
const certificateDays = 365

/** Reads the files, and makes those that are missing or about to end. */
export async function ensureOwnFiles({ folder, files }: Place, now: Date): Promise<OwnFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const ca = await ensureCredentials(
    { certificate: files.caCertificate, key: files.caKey },
    () => createAuthority(`Carillon, development, ${now.toISOString().slice(0, 16)}`, { now, days: authorityDays }),
    () => true,
  )
  const tls = await ensureCredentials(
    { certificate: files.tlsCertificate, key: files.tlsKey },
    () => issueCertificate(ca, { dnsNames, validity: { now, days: certificateDays } }),
    ({ certificate }) => isUsable(certificate, ca.certificate, dnsNames, now),
  )
  return { ca, tls, identity: createIdentity(await ensureSigningKey(files.signingKey), Date.now) }
}

/** Returns false when the certificate must be replaced: it is of another authority, lacks a name, or ends within a day. */
export function isUsable(certificate: string, authority: string, names: readonly string[], now: Date): boolean {
  const [subject, signer] = [new X509Certificate(certificate), new X509Certificate(authority)]
  const isOurs = subject.verify(signer.publicKey)
  const isFresh = [subject, signer].every(({ validToDate }) => validToDate.getTime() > now.getTime() + dayMs)
  const isNamed = names.every((name) => subject.checkHost(name.replace(/^\*\./, 'any.')) !== undefined)
  return isOurs && isFresh && isNamed
}

async function ensureCredentials(
  paths: Credentials,
  make: () => Promise<Credentials>,
  isGood: (found: Credentials) => boolean,
): Promise<Credentials> {
  const [certificate, key] = [await read(paths.certificate), await read(paths.key)]
  if (certificate !== null && key !== null && isGood({ certificate, key })) return { certificate, key }
  const made = await make()
  await writeFile(paths.certificate, made.certificate)
  await writeFile(paths.key, made.key, { mode: 0o600 })
  return made
}

async function ensureSigningKey(path: string): Promise<string> {
  const found = await read(path)
  if (found !== null) return found
  const made = createSigningKey()
  await writeFile(path, made, { mode: 0o600 })
  return made
}

const read = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
