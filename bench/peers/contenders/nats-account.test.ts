import { createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { createNatsIssuer, encodeKey } from './nats-account.ts'

interface Claims {
  readonly iss: string
  readonly sub: string
  readonly nats: Readonly<Record<string, unknown>>
}

// They were just made.
const claimsOf = (token: string): Claims => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Claims

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const bytesOf = (key: string): Buffer => {
  const bits = [...key].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

const isSignedBy = (token: string, key: string): boolean => {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytesOf(key).subarray(1, 33).toString('base64url') },
    format: 'jwk',
  })
  return verify(null, Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'))
}

test('a key has the text that NATS documents for it', () => {
  // A user's seed and public key of its documentation (nkeys).
  const seed = bytesOf('SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY').subarray(2, 34)
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  expect(encodeKey('user', raw)).toBe('UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4')
})

test('the operator signs the account, and the account its users', () => {
  const { account, userToken } = createNatsIssuer()
  const operatorId = claimsOf(account.operatorToken).sub
  expect([operatorId[0], account.accountId[0], claimsOf(userToken('ann', 0)).sub[0]]).toEqual(['O', 'A', 'U'])
  expect(claimsOf(account.accountToken)).toMatchObject({ iss: operatorId, sub: account.accountId })
  expect(claimsOf(userToken('ann', 0)).iss).toBe(account.accountId)
  expect(isSignedBy(account.accountToken, operatorId)).toBe(true)
  expect(isSignedBy(userToken('ann', 0), account.accountId)).toBe(true)
  expect(isSignedBy(userToken('ann', 0), operatorId)).toBe(false)
})

test('a user reads two subjects and publishes nothing, and the publisher reads nothing', () => {
  const { account, userToken } = createNatsIssuer()
  expect(claimsOf(userToken('ann', 0)).nats).toMatchObject({
    bearer_token: true,
    pub: { deny: ['>'] },
    sub: { allow: ['all', 'user.ann'] },
  })
  expect(claimsOf(account.publisherToken).nats).toMatchObject({ pub: {}, sub: { deny: ['>'] } })
})

test('two tokens of a user differ', () => {
  const { userToken } = createNatsIssuer()
  expect(claimsOf(userToken('ann', 0)).sub).not.toBe(claimsOf(userToken('ann', 1)).sub)
})
