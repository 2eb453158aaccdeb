import { X509Certificate } from 'node:crypto'

const certificateBlock = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/**
 * Reads all certificates of a PEM file. TLS itself ignores other content, and then silently trusts no authority.
 * @param name name of the file, for the error
 * @throws Error that names the file and never shows its content
 */
export function certificatesOf(pem: string | Buffer, name: string): readonly X509Certificate[] {
  const blocks = String(pem).match(certificateBlock) ?? []
  if (blocks.length === 0) throw new Error(`${name} is not a PEM certificate: expected -----BEGIN CERTIFICATE-----`)
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw new Error(`${name} is not a PEM certificate: number ${index + 1} of its ${blocks.length} cannot be read`, { cause })
    }
  })
}
