import { createPublicKey, generateKeyPairSync, type KeyObject, sign, type SignKeyObjectInput } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { algorithms } from './algorithms.ts'
import { bindKey, hasSigned, type VerificationKey } from './has-signed.ts'
import { makeKeySet } from './key-set.ts'
import { signedByJose } from './testing/signed-by-jose.ts'

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')

interface Signer {
  readonly alg: string
  readonly privateKey: KeyObject
  readonly key: VerificationKey
}

const signers: readonly Signer[] = [...algorithms].map(([alg, algorithm]) => {
  const { publicKey, privateKey } = makePair(algorithm.kty, algorithm.crv)
  return { alg, privateKey, key: bindKey(publicKey, alg, algorithm) }
})

function makePair(kty: string, crv: string | undefined): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kty === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  return kty === 'OKP' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: crv ?? '' })
}

/** Signs any text as the payload. */
function signToken({ alg, privateKey, key }: Signer, payload: string, { header = {}, ...more }: SignMore = {}): string {
  const text = `${encode(JSON.stringify({ alg, ...header }))}.${encode(payload)}`
  return `${text}.${encode(sign(key.hash, Buffer.from(text), { ...key.input, ...more, key: privateKey }))}`
}

type SignMore = Partial<SignKeyObjectInput> & { readonly header?: object }

const signer = fc.constantFrom(...signers)
const payload = fc.oneof(fc.json(), fc.string({ unit: 'binary' }))
const signatureOf = (token: string): string => token.slice(token.lastIndexOf('.') + 1)
const withSignature = (token: string, signature: Buffer): string => `${token.slice(0, token.lastIndexOf('.'))}.${encode(signature)}`
const named = (alg: string): Signer => {
  const found = signers.find((each) => each.alg === alg)
  if (found === undefined) throw new Error(alg)
  return found
}

/** Expects that both verifiers say the same. */
async function agree(token: string, key: VerificationKey): Promise<boolean> {
  const answer = hasSigned(token, key)
  expect({ token, answer }).toEqual({ token, answer: await signedByJose(token, key) })
  return answer
}

describe('hasSigned', () => {
  it('agrees with jose on every algorithm, and on the keys of all others', async () => {
    await fc.assert(
      fc.asyncProperty(signer, signer, payload, async (by, other, text) => {
        expect(await agree(signToken(by, text), by.key)).toBe(true)
        // A token that names the algorithm of the key, signed by another one.
        const isSame = other.key.input.key.equals(by.key.input.key)
        expect(await agree(signToken(by, text, { header: { alg: other.alg } }), other.key)).toBe(isSame)
      }),
      { numRuns: 150 },
    )
  })

  it('agrees with jose on a token in which any character was replaced by another one of base64url', async () => {
    const character = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
    await fc.assert(
      fc.asyncProperty(signer, fc.nat(), character, async (by, at, replacement) => {
        const token = signToken(by, '{"sub":"u-1"}')
        // The header is read before, and jose reads it again.
        const from = token.indexOf('.') + 1
        const place = from + (at % (token.length - from))
        if (token[place] !== '.') await agree(token.slice(0, place) + replacement + token.slice(place + 1), by.key)
      }),
      { numRuns: 300 },
    )
  })

  it('agrees with jose on a signature with any bytes cut, added or replaced, and never throws', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.constantFrom(0, 1, 0xff).map((fill) => new Uint8Array(64).fill(fill)),
    )
    await fc.assert(
      fc.asyncProperty(signer, bytes, fc.nat(600), fc.boolean(), async (by, more, cut, isAppended) => {
        const token = signToken(by, '{}')
        const signature = Buffer.from(signatureOf(token), 'base64url')
        const changed = isAppended ? Buffer.concat([signature.subarray(0, cut), more]) : Buffer.from(more)
        expect(await agree(withSignature(token, changed), by.key)).toBe(changed.equals(signature))
        const text = signatureOf(token).slice(0, cut)
        await agree(`${token.slice(0, token.lastIndexOf('.'))}.${text}`, by.key)
      }),
      { numRuns: 300 },
    )
  })

  // Another encoding of the same numbers, which JWS does not know.
  it.each(['ES256', 'ES384', 'ES512'])('refuses a signature of %s that is DER', async (alg) => {
    const by = named(alg)
    const token = signToken(by, '{}', { dsaEncoding: 'der' })
    expect(await agree(token, by.key)).toBe(false)
  })

  it.each(['ES256', 'ES384', 'ES512'])('refuses a signature of %s whose numbers are zero', async (alg) => {
    const by = named(alg)
    const token = signToken(by, '{}')
    const { length } = Buffer.from(signatureOf(token), 'base64url')
    expect(await agree(withSignature(token, Buffer.alloc(length)), by.key)).toBe(false)
  })

  it.each(['PS256', 'PS384', 'PS512'])('refuses a signature of %s whose salt is not as long as its hash', async (alg) => {
    const by = named(alg)
    expect(await agree(signToken(by, '{}', { saltLength: 8 }), by.key)).toBe(false)
  })

  it.each(['RS256', 'PS256'])('refuses a signature of %s with the padding of the other', async (alg) => {
    const [by, other] = [named(alg), named(alg === 'RS256' ? 'PS256' : 'RS256')]
    const { hash } = by.key
    const { padding = 0 } = other.key.input
    const token = `${encode(JSON.stringify({ alg }))}.e30`
    const signature = sign(hash, Buffer.from(token), { key: by.privateKey, padding })
    expect(await agree(`${token}.${encode(signature)}`, by.key)).toBe(false)
  })

  // RFC 7797: `b64` counts only where `crit` names it, which `readToken` refuses.
  it('agrees with jose on a header with `b64` that is not critical', async () => {
    const by = named('ES256')
    expect(await agree(signToken(by, '{}', { header: { b64: false } }), by.key)).toBe(true)
  })

  it('verifies with keys that were published as JSON Web Keys', async () => {
    const names = signers.map(({ alg }) => alg)
    const { keys } = await makeKeySet(
      signers.map(({ alg, key }) => ({
        ...createPublicKey(key.input.key.export({ format: 'pem', type: 'spki' })).export({ format: 'jwk' }),
        kid: alg,
      })),
      names,
    )
    const verified = signers.map((by) => keys.candidates(by.alg, by.alg).map((key) => hasSigned(signToken(by, '{}'), key)))
    expect(verified).toEqual(signers.map(() => [true]))
  })
})
