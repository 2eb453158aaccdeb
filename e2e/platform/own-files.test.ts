import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createAuthority, issueCertificate } from '../../testing/certificates.ts'
import { ensureOwnFiles, isUsable } from './own-files.ts'
import { type Place, placeOf } from './place.ts'

let folder: string
let place: Place
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-own-'))
  place = placeOf({ name: 'a', httpPort: 80, httpsPort: 443 }, folder)
})
afterEach(() => rm(folder, { recursive: true }))

const now = new Date()
const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000)

it('own files are made once and found again', async () => {
  const made = await ensureOwnFiles(place, now)
  const found = await ensureOwnFiles(place, now)
  expect([found.ca, found.tls, found.identity.jwks]).toEqual([made.ca, made.tls, made.identity.jwks])
})

it('own files that are secret are readable for their owner alone', async () => {
  await ensureOwnFiles(place, now)
  const modes = await Promise.all(
    [place.files.caKey, place.files.tlsKey, place.files.signingKey].map(async (file) => (await stat(file)).mode & 0o777),
  )
  expect(modes).toEqual([0o600, 0o600, 0o600])
  expect((await stat(place.folder)).mode & 0o777).toBe(0o700)
})

it('the certificate is renewed by the same authority before it ends', async () => {
  const made = await ensureOwnFiles(place, now)
  const later = await ensureOwnFiles(place, inDays(364.5))
  expect(later.ca).toEqual(made.ca)
  expect(later.tls).not.toEqual(made.tls)
  expect(await readFile(place.files.tlsCertificate, 'utf8')).toBe(later.tls.certificate)
})

it('a pair that lost one half is replaced, and with the authority the certificates that it signed', async () => {
  const made = await ensureOwnFiles(place, now)
  await rm(place.files.caKey)
  const later = await ensureOwnFiles(place, now)
  expect(later.ca).not.toEqual(made.ca)
  expect(later.tls).not.toEqual(made.tls)
})

it('a file that cannot be read is an error, not a missing file', async () => {
  await ensureOwnFiles(place, now)
  await rm(place.files.signingKey)
  await writeFile(join(folder, 'x'), '')
  const broken: Place = { ...place, files: { ...place.files, signingKey: join(folder, 'x', 'y') } }
  await expect(ensureOwnFiles(broken, now)).rejects.toMatchObject({ code: 'ENOTDIR' })
})

it('a certificate is usable unless it is of another authority, lacks a name, or is about to end', async () => {
  const names = ['carillon.localhost', '*.carillon.localhost']
  const [authority, another] = [await createAuthority('One', { now, days: 365 }), await createAuthority('Another', { now, days: 365 })]
  const { certificate } = await issueCertificate(authority, { dnsNames: names, validity: { now, days: 10 } })
  expect(isUsable(certificate, authority.certificate, names, now)).toBe(true)
  expect(isUsable(certificate, authority.certificate, names, inDays(9.5))).toBe(false)
  expect(isUsable(certificate, authority.certificate, [...names, 'example.com'], now)).toBe(false)
  expect(isUsable(certificate, another.certificate, names, now)).toBe(false)
})
