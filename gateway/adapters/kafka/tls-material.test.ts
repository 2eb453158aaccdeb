import { createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { certifyKey, createAuthority, issueCertificate } from '../../../testing/certificates.ts'
import { checkTlsMaterial, type TlsMaterial } from './tls-material.ts'

const validity = { now: new Date('2029-12-31'), days: 2 }
const authority = await createAuthority('ca', validity)
const caPem = authority.certificate
const { certificate: clientPem, key: clientKey } = await issueCertificate(authority, { dnsNames: ['client'], validity })
const { key: otherKey } = await issueCertificate(authority, { dnsNames: ['other'], validity })
const expiredPem = await certifyKey(authority, createPublicKey(clientKey).export({ format: 'pem', type: 'spki' }).toString(), {
  dnsNames: ['client'],
  validity: { now: new Date('2026-11-29T23:32:18.000Z'), days: 1 },
})

const names = { ca: 'KAFKA_TLS_CA_FILE (/ca)', cert: 'KAFKA_TLS_CERT_FILE (/cert)', key: 'KAFKA_TLS_KEY_FILE (/key)' }
const check = (material: TlsMaterial) => () => checkTlsMaterial(material, names, Date.parse('2030-01-01'))
const broken = clientPem.replace('MII', 'AAA')

describe('TLS material', () => {
  it.each<[string, TlsMaterial]>([
    ['nothing', {}],
    ['authorities, with words between them', { ca: `# ours\n${caPem}# theirs\n${caPem}` }],
    ['a certificate, the authorities behind it, and its key', { ca: Buffer.from(caPem), cert: clientPem + caPem, key: clientKey }],
  ])('may be %s', (_what, material) => {
    expect(check(material)()).toBe(material)
  })

  it.each<[string, TlsMaterial, string]>([
    ['an empty file of authorities', { ca: '' }, 'KAFKA_TLS_CA_FILE (/ca) is not a PEM certificate: expected -----BEGIN CERTIFICATE-----'],
    ['garbage in place of authorities', { ca: 'garbage' }, 'KAFKA_TLS_CA_FILE (/ca) is not a PEM certificate'],
    [
      'a second authority that is damaged',
      { ca: caPem + broken },
      'KAFKA_TLS_CA_FILE (/ca) is not a PEM certificate: number 2 of its 2 cannot be read',
    ],
    ['a certificate that is not PEM', { cert: 'garbage', key: clientKey }, 'KAFKA_TLS_CERT_FILE (/cert) is not a PEM certificate'],
    ['a key that is not PEM', { cert: clientPem, key: 'garbage' }, 'KAFKA_TLS_KEY_FILE (/key) is not a PEM private key'],
    [
      'a key with a pass phrase',
      { cert: clientPem, key: clientKey.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') },
      'KAFKA_TLS_KEY_FILE (/key) is a private key with a pass phrase',
    ],
    [
      'a key of another certificate',
      { cert: clientPem, key: otherKey },
      'KAFKA_TLS_KEY_FILE (/key) is not the key of the certificate in KAFKA_TLS_CERT_FILE (/cert)',
    ],
    [
      'an own certificate that has expired',
      { cert: expiredPem, key: clientKey },
      'KAFKA_TLS_CERT_FILE (/cert) has expired: its certificate was valid until 2026-11-30T23:32:18.000Z',
    ],
  ])('is refused by name when it is %s', (_what, material, words) => {
    expect(check(material)).toThrow(words)
    expect(check(material)).not.toThrow(/error:|openssl|garbage/)
  })
})
