import { createPublicKey, X509Certificate } from 'node:crypto'
import { failed, ok, type Result } from '../../../program/result.ts'
import { makeKeySet, type MadeKeySet } from './key-set.ts'

/** Limit on a key set, in bytes. Published sets have a few thousand. */
export const maxKeySetBytes = 1_048_576

/** Reads a JSON Web Key Set (RFC 7517 section 5), or a single JSON Web Key. The error names the expected format and quotes nothing. */
export async function parseJwks(text: string, algorithms: readonly string[]): Promise<Result<MadeKeySet, string>> {
  const keys = keysOf(parseJson(text))
  return keys === null ? failed('a JSON Web Key Set was expected: {"keys": [...]}') : makeUsable(keys, algorithms)
}

/** Reads the text of a key file: a JSON Web Key Set, or PEM blocks (RFC 7468) with public keys or certificates. */
export async function parseKeys(text: string, algorithms: readonly string[]): Promise<Result<MadeKeySet, string>> {
  if (!text.includes('-----BEGIN ')) return parseJwks(text, algorithms)
  const keys = parsePem(text)
  return keys.ok ? makeUsable(keys.value, algorithms) : keys
}

async function makeUsable(jwks: readonly unknown[], algorithms: readonly string[]): Promise<Result<MadeKeySet, string>> {
  const made = await makeKeySet(jwks, algorithms)
  if (made.keys.size > 0) return ok(made)
  return failed(`there is no usable key (${made.ignored.length === 0 ? 'the set is empty' : made.ignored.join('; ')})`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) // a byte order mark may be ignored (RFC 8259 section 8.1)
  } catch {
    return undefined // a text that is not JSON is not a key set; the caller reports that
  }
}

function keysOf(json: unknown): readonly unknown[] | null {
  if (typeof json !== 'object' || json === null) return null
  if ('keys' in json && Array.isArray(json.keys)) return json.keys
  return 'kty' in json ? [json] : null
}

function parsePem(text: string): Result<readonly unknown[], string> {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g)]
  if (blocks.length === 0 || blocks.length !== text.split('-----BEGIN ').length - 1) return failed('a PEM block is damaged or has no end')
  if (blocks.some(([, label]) => label?.endsWith('PRIVATE KEY'))) {
    return failed('the file has a private key; a gateway needs the public key only')
  }
  const keys = blocks.map(([block, label]) => readBlock(block, label ?? ''))
  const bad = keys.findIndex((key) => key === null)
  return bad === -1 ? ok(keys) : failed(`PEM block ${bad + 1} is not a public key or certificate that can be read`)
}

/** A PEM key has no id, so that it fits tokens with any. Null: it cannot be read. */
function readBlock(block: string, label: string): unknown {
  try {
    const key = label === 'CERTIFICATE' ? new X509Certificate(block).publicKey : createPublicKey(block)
    return key.export({ format: 'jwk' })
  } catch {
    return null // damaged, of another kind, or of a type without a JSON form; OpenSSL's text does not help
  }
}
