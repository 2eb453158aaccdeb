import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, it } from 'vitest'
import { createAuthority, issueCertificate, isUsable } from './certificates.ts'
import { integer, oid, sequence } from './der.ts'

const now = new Date()
const year = { now, days: 365 }
const names = ['carillon.localhost', '*.carillon.localhost']
const authority = createAuthority('Carillon, for development', year)

it('makes an authority that a certificate can be verified against', () => {
  const ca = new X509Certificate(authority.certificate)
  expect([ca.ca, ca.subject, ca.verify(ca.publicKey)]).toEqual([true, 'CN=Carillon\\, for development', true])
})

it('issues a certificate for names, for the address, and for nothing else', () => {
  const certificate = new X509Certificate(issueCertificate(authority, names, year).certificate)
  expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(
    ['carillon.localhost', 'a.carillon.localhost', 'a.b.carillon.localhost', 'example.com'].map(
      (name) => certificate.checkHost(name) !== undefined,
    ),
  ).toEqual([true, true, false, false])
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
})

it('gives a server what a client needs to trust it over TLS, when it is told of the authority, and only then', async () => {
  const { certificate, key } = issueCertificate(authority, names, year)
  const server = createServer({ cert: certificate, key }, (socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // An address of TCP, because that is what was listened on.
  const { port } = server.address() as AddressInfo
  const handshake = (ca: string | undefined): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', servername: 'carillon.localhost', ...(ca === undefined ? {} : { ca }) }, () =>
        resolve('trusted'),
      )
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.once('close', () => socket.destroy())
    })
  try {
    expect(await handshake(authority.certificate)).toBe('trusted')
    expect(await handshake(undefined)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  } finally {
    server.close()
  }
})

it('knows when another certificate is due: of another authority, for other names, or about to end', () => {
  const { certificate } = issueCertificate(authority, names, { now, days: 10 })
  const inDays = (days: number): Date => new Date(now.getTime() + days * 86_400_000)
  expect(isUsable(certificate, authority.certificate, names, now)).toBe(true)
  expect(isUsable(certificate, authority.certificate, names, inDays(9.5))).toBe(false)
  expect(isUsable(certificate, authority.certificate, [...names, 'example.com'], now)).toBe(false)
  expect(isUsable(certificate, createAuthority('Another', year).certificate, names, now)).toBe(false)
})

it('writes numbers, identifiers and lengths as DER wants them', () => {
  expect(integer(Buffer.from([0, 0, 0x80])).toString('hex')).toBe('02020080')
  expect(integer(Buffer.from([0])).toString('hex')).toBe('020100')
  expect(oid('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302')
  const lengths = [127, 128, 255, 256, 65_536].map((length) => sequence(Buffer.alloc(length)).subarray(0, 5).toString('hex'))
  expect(lengths).toEqual(['307f000000', '3081800000', '3081ff0000', '3082010000', '3083010000'])
})
