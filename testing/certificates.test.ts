import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, it } from 'vitest'
import { certifyKey, createAuthority, issueCertificate } from './certificates.ts'

const now = new Date()
const year = { now, days: 365 }
const names = ['carillon.localhost', '*.carillon.localhost']
const authority = await createAuthority('Carillon, for development', year)

it('makes an authority that verifies its own certificate', () => {
  const ca = new X509Certificate(authority.certificate)
  expect([ca.ca, ca.subject, ca.verify(ca.publicKey)]).toEqual([true, 'CN=Carillon\\, for development', true])
})

it('issues a certificate for its names and the loopback addresses, and for nothing else', async () => {
  const certificate = new X509Certificate((await issueCertificate(authority, { dnsNames: names, validity: year })).certificate)
  expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(
    ['carillon.localhost', 'a.carillon.localhost', 'a.b.carillon.localhost', 'example.com'].map(
      (name) => certificate.checkHost(name) !== undefined,
    ),
  ).toEqual([true, true, false, false])
  expect(['127.0.0.1', '::1', '127.0.0.2'].map((ip) => certificate.checkIP(ip))).toEqual(['127.0.0.1', '::1', undefined])
})

it('lets a TLS client trust the server only when the client has the authority', async () => {
  const { certificate, key } = await issueCertificate(authority, { dnsNames: names, validity: year })
  const server = createServer({ cert: certificate, key }, (socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A TCP server has an address of this type.
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

it('certifies a key that exists, until the day that is asked for', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = await certifyKey(authority, publicKey.export({ format: 'pem', type: 'spki' }).toString(), {
    commonName: 'a client',
    dnsNames: [],
    validity: { now, days: -1 },
  })
  const certificate = new X509Certificate(pem)
  expect([certificate.subject, certificate.publicKey.equals(publicKey)]).toEqual(['CN=a client', true])
  expect(certificate.validToDate.getTime()).toBe(Math.floor((now.getTime() - 86_400_000) / 1000) * 1000)
})
