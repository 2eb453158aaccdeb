import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { maxKeys } from './key-set.ts'
import { parseJwks, parseKeys } from './parse-keys.ts'
import { certifyKey, createAuthority } from '../../../testing/certificates.ts'
import { createTestIssuer, type TestIssuer } from './testing/test-issuer.ts'

const all = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString()

describe('parseKeys', () => {
  let ec: TestIssuer
  let rsa: TestIssuer
  /** A certificate of the RSA key. Its issuer does not matter: the reader of a key file trusts the file. */
  let rsaCertificate: string
  beforeAll(async () => {
    ;[ec, rsa] = await Promise.all([createTestIssuer(), createTestIssuer({ alg: 'RS256', kid: 'rsa-1' })])
    const validity = { now: new Date(), days: 1 }
    rsaCertificate = await certifyKey(await createAuthority('unknown', validity), rsa.pem, { dnsNames: ['x'], validity })
  })

  /** Returns the number of keys that fit each header. */
  async function fitting(
    text: string,
    headers: readonly (readonly [alg: string, kid?: string])[],
    algorithms = all,
  ): Promise<readonly number[] | string> {
    const made = await parseKeys(text, algorithms)
    return made.ok ? headers.map(([alg, kid]) => made.value.keys.candidates(alg, kid).length) : made.error
  }

  const set = (...keys: readonly unknown[]) => JSON.stringify({ keys })

  it('chooses by algorithm and key id', async () => {
    const headers = [
      ['ES256', 'key-1'],
      ['ES256'],
      ['ES256', 'rsa-1'],
      ['RS256', 'rsa-1'],
      ['RS256', 'key-1'],
      ['HS256', 'key-1'],
      ['none'],
    ] as const
    expect(await fitting(set(ec.jwk, rsa.jwk), headers)).toEqual([1, 1, 0, 1, 0, 0, 0])
  })

  it('uses a key without an algorithm with all allowed algorithms of its type', async () => {
    const { alg: _, ...jwk } = rsa.jwk
    expect(await fitting(set(jwk), [['RS256'], ['PS256'], ['RS384'], ['ES256']])).toEqual([1, 1, 0, 0])
    expect(await fitting(set(jwk), [['RS256'], ['PS256']], ['PS256'])).toEqual([0, 1])
  })

  // RFC 9864 gives EdDSA with this curve a name of its own.
  it.each([{}, { alg: 'EdDSA' }, { alg: 'Ed25519' }])(
    'uses an Ed25519 key for both names of its algorithm that are allowed: %j',
    async (names) => {
      const jwk = { ...generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), ...names }
      expect(await fitting(set(jwk), [['EdDSA'], ['Ed25519'], ['ES256']])).toEqual([1, 1, 0])
      expect(await fitting(set(jwk), [['EdDSA'], ['Ed25519']], ['Ed25519'])).toEqual([0, 1])
      expect(await fitting(set(jwk), [['EdDSA'], ['Ed25519']], ['EdDSA'])).toEqual([1, 0])
    },
  )

  it('uses no key of another curve under the name of Ed25519', async () => {
    const jwk = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' })
    expect(await fitting(set({ ...jwk, alg: 'EdDSA' }), [['EdDSA']])).toContain('JWT_ALGORITHMS')
  })

  it('reads a key set and PEM blocks that begin with a byte order mark', async () => {
    expect(await fitting(`\uFEFF${set(ec.jwk)}`, [['ES256']])).toEqual([1])
    expect(await fitting(`\uFEFF${JSON.stringify(ec.jwk)}`, [['ES256']])).toEqual([1])
    expect(await fitting(`\uFEFF${ec.pem}`, [['ES256']])).toEqual([1])
  })

  it('takes a single key without a set around it', async () => {
    expect(await fitting(JSON.stringify(ec.jwk), [['ES256', 'key-1']])).toEqual([1])
  })

  it('accepts several PEM blocks with text around them, and any key id for each', async () => {
    const text = `# the old one\n${ec.pem}\n\nsubject=CN = x\r\n${rsaCertificate.replaceAll('\n', '\r\n')}`
    expect(await fitting(text, [['ES256', 'anything'], ['RS256', 'else'], ['PS256'], ['EdDSA']])).toEqual([1, 1, 1, 0])
  })

  it.each([
    ['P-384', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), 'ES384'],
    ['P-521', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey), 'ES512'],
    ['Ed25519', () => pemOf(generateKeyPairSync('ed25519').publicKey), 'EdDSA'],
    [
      'PKCS #1',
      () => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'pkcs1' }).toString(),
      'RS256',
    ],
  ])('accepts %s keys', async (_, pem, alg) => {
    expect(await fitting(pem(), [[alg]])).toEqual([1])
  })

  it('reports why it ignores unusable members, and uses the rest', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const useless = [
      7,
      null,
      { kty: 'oct', k: 'AAAA' },
      { ...ec.jwk, d: 'AAAA' },
      { ...ec.jwk, use: 'enc' },
      { ...ec.jwk, key_ops: ['encrypt'] },
      { ...ec.jwk, alg: 'ES384' },
      { ...ec.jwk, crv: 'secp256k1' },
      { ...ec.jwk, x: 'AAAA' },
      { ...ec.jwk, x: 7 },
      short,
    ]
    const made = await parseKeys(set(...useless, ec.jwk), all)
    const ignored = [
      'not an object',
      'not an object',
      'symmetric',
      'private',
      '`use`',
      '`key_ops`',
      'JWT_ALGORITHMS',
      'JWT_ALGORITHMS',
      'damaged',
      'damaged',
      '2048 bits',
    ]
    expect(made).toMatchObject({
      ok: true,
      value: { keys: { size: 1 }, ignored: ignored.map((reason, n) => expect.stringMatching(new RegExp(`^key ${n + 1}: .*${reason}`))) },
    })
  })

  it('looks at a bounded number of keys', async () => {
    const made = await parseKeys(set(...Array.from({ length: maxKeys + 3 }, () => ec.jwk)), all)
    expect(made).toMatchObject({ ok: true, value: { keys: { size: maxKeys }, ignored: ['keys 65 to 67: more than 64 keys'] } })
  })

  it.each([
    ['nothing', () => '', 'Web Key Set was expected'],
    ['prose', () => 'the key is under the mat', 'Web Key Set was expected'],
    ['JSON without keys', () => '{"issuer": "x"}', 'Web Key Set was expected'],
    ['keys that are not an array', () => '{"keys": {}}', 'Web Key Set was expected'],
    ['an empty set', () => '{"keys": []}', 'the set is empty'],
    ['keys of no use', () => set({ kty: 'oct', k: 'c2VjcmV0' }), 'symmetric'],
    ['a PEM block without an end', () => ec.pem.slice(0, 60), 'has no end'],
    ['a good PEM block and one without an end', () => ec.pem + ec.pem.slice(0, 60), 'has no end'],
    ['a damaged PEM block', () => ec.pem.replace('MFkw', 'AAAA'), 'PEM block 1 is not a public key'],
    ['a damaged certificate', () => ec.pem + rsaCertificate.replace('MII', 'AAA'), 'PEM block 2 is not a public key'],
    [
      'a private key',
      () => ec.pem + generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'private key',
    ],
    ['a curve that may not be used', () => pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), 'JWT_ALGORITHMS'],
    [
      'a PEM key that is bound to RSA-PSS',
      () => pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
      'PEM block 1 is not a public key',
    ],
  ])('refuses %s, and says what was expected', async (_, text, detail) => {
    expect(await parseKeys(text(), all)).toEqual({ ok: false, error: expect.stringContaining(detail) })
  })

  it('quotes no key in its errors', async () => {
    const made = await parseKeys(set({ kty: 'oct', k: 'c2VjcmV0' }, { ...ec.jwk, d: 'c2VjcmV0' }), all)
    expect(JSON.stringify(made)).not.toContain('c2VjcmV0')
  })
})

describe('parseJwks', () => {
  it('reads a key set of an endpoint that begins with a byte order mark', async () => {
    const { jwk } = await createTestIssuer()
    expect(await parseJwks(`\uFEFF${JSON.stringify({ keys: [jwk] })}`, all)).toMatchObject({ ok: true, value: { keys: { size: 1 } } })
  })

  it('accepts no PEM: an endpoint answers with JSON', async () => {
    const { pem } = await createTestIssuer()
    expect(await parseJwks(pem, all)).toMatchObject({ ok: false })
  })
})
