import { createPublicKey } from 'node:crypto'

/**
 * A certificate (RFC 5280, version 1) for a public key, in PEM. It is well formed but signed by nobody: whoever reads a key file
 * believes the file, not who signed the certificates in it.
 */
export function makeCertificate(publicPem: string): string {
  const spki = createPublicKey(publicPem).export({ format: 'der', type: 'spki' })
  const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
  const validity = sequence(der(0x17, Buffer.from('000101000000Z')), der(0x17, Buffer.from('491231235959Z')))
  const nobody = sequence()
  const toBeSigned = sequence(Buffer.from('020101', 'hex'), ecdsaWithSha256, nobody, validity, nobody, spki)
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sequence(Buffer.from('020101020101', 'hex'))]))
  const certificate = sequence(toBeSigned, ecdsaWithSha256, signature)
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

function sequence(...members: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(members))
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const lengthBytes = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content])
}
