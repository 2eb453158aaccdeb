import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createAuthority, issueCertificate, isUsable, type Credentials } from './certificates.ts'
import { createIdentity, createSigningKey, type Identity } from './identity.ts'
import { dnsNames, type Place } from './place.ts'

/** What a platform keeps on this machine between two `make up`: an authority, a certificate of its, and a key that signs tokens. */
export interface OwnFiles {
  readonly ca: Credentials
  readonly tls: Credentials
  readonly identity: Identity
}

const authorityDays = 3650
// Browsers refuse more than 398 days of authorities that are not their own.
const certificateDays = 365

/** Reads what is there and makes what is missing, or about to end. */
export async function ensureOwnFiles({ folder, files }: Place, now: Date): Promise<OwnFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const ca = await ensureCredentials(
    { certificate: files.caCertificate, key: files.caKey },
    () => createAuthority(`Carillon, development, ${now.toISOString().slice(0, 16)}`, { now, days: authorityDays }),
    () => true,
  )
  const tls = await ensureCredentials(
    { certificate: files.tlsCertificate, key: files.tlsKey },
    () => issueCertificate(ca, dnsNames, { now, days: certificateDays }),
    ({ certificate }) => isUsable(certificate, ca.certificate, dnsNames, now),
  )
  return { ca, tls, identity: createIdentity(await ensureSigningKey(files.signingKey), Date.now) }
}

async function ensureCredentials(
  paths: Credentials,
  make: () => Credentials,
  isGood: (found: Credentials) => boolean,
): Promise<Credentials> {
  const [certificate, key] = [await read(paths.certificate), await read(paths.key)]
  if (certificate !== null && key !== null && isGood({ certificate, key })) return { certificate, key }
  const made = make()
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
