import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { audience, createIdentity, createSigningKey, issuer } from './identity.ts'

// This is our own JSON, which holds a key set.
const keysOf = (jwks: string) => createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet)

it('an identity signs tokens that its key set verifies, with the claims of the caller', async () => {
  const identity = createIdentity(createSigningKey(), Date.now)
  const { payload } = await jwtVerify(identity.token({ user_id: 'ada', exp: undefined, aud: [audience, 'other'] }), keysOf(identity.jwks), {
    issuer,
    audience,
  })
  expect(payload).toMatchObject({ user_id: 'ada', aud: [audience, 'other'] })
  expect(payload.exp).toBeUndefined()
})

it('an identity is the same for the same key, and different for another key', async () => {
  const key = createSigningKey()
  const [one, same, other] = [createIdentity(key, Date.now), createIdentity(key, Date.now), createIdentity(createSigningKey(), Date.now)]
  expect(same.jwks).toBe(one.jwks)
  await expect(jwtVerify(other.token({}), keysOf(one.jwks))).rejects.toThrow('no applicable key found')
})

it('an identity gives tokens an end', async () => {
  const identity = createIdentity(createSigningKey(), () => 1_000_000)
  expect(JSON.parse(Buffer.from(identity.token({}, 60).split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    iat: 1000,
    exp: 1060,
  })
})

it('an identity never publishes the private part of its key', () => {
  expect(createIdentity(createSigningKey(), Date.now).jwks).not.toContain('"d"')
})
